package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/client/webauthn"
)

// u2fFlags are the flags of `u2f` and the commands below it.
type u2fFlags struct {
	client      clientFlags
	origin      string
	checkFacets bool
	host        hostFlags
}

func newU2F(p *program) *cobra.Command {
	o := &u2fFlags{}
	group := newGroup("u2f", "Register and sign in with U2F, without a browser",
		`U2f takes the place of a browser that speaks U2F: it reads a server's request
as JSON on standard input, asks a key, and prints the response as JSON.

With -a it takes the flags of u2f-host, prints what u2f-host prints, and fails as
it fails: with exit code 1.`,
		o.newCommand(p, "register", "Register a key", u2fjson.Register),
		o.newCommand(p, "authenticate", "Sign in with a key", u2fjson.Authenticate),
		o.newServe(p),
	)
	group.Example = `  softkey u2f register --origin https://example.com < challenge.json
  softkey u2f -aregister -o https://example.com < challenge.json`
	o.client.add(group)
	group.PersistentFlags().StringVarP(&o.origin, "origin", "o", "", "be the page at the origin `URL`")
	group.PersistentFlags().BoolVar(&o.checkFacets, "check-facets", false,
		"fetch the list of facets at the appId, and refuse an origin that is not in it, as browsers do")
	allowEmpty(group.PersistentFlags(), "origin") // refused by the commands
	o.host.add(group)

	o.host.takeOver(group, func() error { return o.runHost(p) })
	return group
}

// ceremony is a function of package u2fjson.
type ceremony func(ctx context.Context, key u2fjson.Key, origin string, requestJSON []byte) ([]byte, error)

func (o *u2fFlags) newCommand(p *program, name, short string, do ceremony) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Long: short + ` as a server's request on standard input says, and print the
response. The request may be of any version of the U2F JavaScript API, and the
response is of the same.

The error object of that API is printed where the key refuses. In U2F a user who
refuses looks like one who is not there: the key is asked until --timeout.`,
		Example: fmt.Sprintf("  softkey u2f %s --origin https://example.com < challenge.json", name),
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return o.run(p, name, do) },
	}
	addJSON(cmd)
	return cmd
}

func (o *u2fFlags) run(p *program, name string, do ceremony) error {
	if o.origin == "" {
		return hint(usagef("u2f %s needs --origin", name), "it is that of the page, such as --origin https://example.com")
	}
	if !isFacet(o.origin) {
		return hint(usagef("--origin %q is no origin", o.origin), "it is that of the page, such as https://example.com")
	}
	if err := o.client.check(); err != nil {
		return err
	}
	request, err := p.readInput()
	if err != nil {
		return err
	}
	return o.client.use(p, func(ctx context.Context, key *client.Device, _ address) error {
		response, err := o.perform(ctx, key, request, do)
		var failed *u2fjson.Error
		if errors.As(err, &failed) {
			return errors.Join(err, printJSONLine(p.stdout, failed))
		}
		if err != nil {
			return err
		}
		return p.printLine(response)
	})
}

// isFacet tells whether text may say who asks: a page, by its origin, or a program of
// a phone (FIDO AppID and Facet Specification, §3.1.1).
func isFacet(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "android:") || strings.HasPrefix(text, "ios:")
}

// perform is do, if the origin may be a facet of the request's applications.
func (o *u2fFlags) perform(ctx context.Context, key u2fjson.Key, request []byte, do ceremony) ([]byte, error) {
	if !o.checkFacets {
		return do(ctx, key, o.origin, request)
	}
	appIDs, err := u2fjson.AppIDs(request)
	if err != nil {
		return nil, err
	}
	for _, appID := range appIDs {
		if err := (webauthn.Facets{}).Check(ctx, o.origin, appID); err != nil {
			return nil, &u2fjson.Error{Code: u2fjson.BadRequest, Err: err}
		}
	}
	return do(ctx, key, o.origin, request)
}
