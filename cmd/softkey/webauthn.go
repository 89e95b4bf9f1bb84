package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
)

// webauthnFlags are the flags of `webauthn` and the commands below it.
type webauthnFlags struct {
	client      clientFlags
	origin      string
	encoding    string
	checkFacets bool
}

func newWebAuthn(p *program) *cobra.Command {
	o := &webauthnFlags{}
	group := newGroup("webauthn", "Register and sign in with WebAuthn, without a browser",
		`Webauthn takes the place of a browser: it reads a server's options as JSON on
standard input, asks a key, and prints the credential as JSON.`,
		o.newCommand(p, "create", "Register a credential",
			"PublicKeyCredentialCreationOptionsJSON", "RegistrationResponseJSON", (*webauthn.Client).Create),
		o.newCommand(p, "get", "Sign in with a credential",
			"PublicKeyCredentialRequestOptionsJSON", "AuthenticationResponseJSON", (*webauthn.Client).Get),
	)
	group.Example = "  softkey webauthn create --origin https://example.com < options.json"
	o.client.add(group)
	f := group.PersistentFlags()
	f.StringVarP(&o.origin, "origin", "o", "", "be the page at the origin `URL`")
	f.StringVar(&o.encoding, "challenge-encoding", "base64url", "take the challenge for `ENCODING`: base64url, or text for servers that sign the string itself")
	complete(group, "challenge-encoding", "base64url", "text")
	f.BoolVar(&o.checkFacets, "check-facets", false,
		"fetch the list of facets of an appid or appidExclude, and refuse an origin that is not in it")
	return group
}

// webauthnCeremony is a method of [webauthn.Client].
type webauthnCeremony func(c *webauthn.Client, ctx context.Context, optionsJSON []byte) ([]byte, error)

func (o *webauthnFlags) newCommand(p *program, name, short, in, out string, do webauthnCeremony) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Long: fmt.Sprintf(`%s: read %s of WebAuthn Level 3 on
standard input, with or without a member publicKey around it, and print
%s.

Where a page would see an exception, its name and message are printed as JSON.`, short, in, out),
		Example: fmt.Sprintf("  softkey webauthn %s --origin https://example.com < options.json", name),
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return o.run(p, name, do) },
	}
	addJSON(cmd)
	return cmd
}

func (o *webauthnFlags) run(p *program, name string, do webauthnCeremony) error {
	if o.origin == "" {
		return hint(usagef("webauthn %s needs --origin", name), "it is that of the page, such as --origin https://example.com")
	}
	encoding, err := parseChallengeEncoding(o.encoding)
	if err != nil {
		return err
	}
	if err := o.client.check(); err != nil {
		return err
	}
	options, err := p.readInput()
	if err != nil {
		return err
	}
	return o.client.use(p, func(ctx context.Context, key *client.Device, _ address) error {
		c := &webauthn.Client{Device: key, Origin: o.origin, ChallengeEncoding: encoding, PIN: o.client.webauthnPIN(p)}
		if o.checkFacets {
			c.CheckFacet = webauthn.Facets{}.Check
		}
		response, err := do(c, ctx, options)
		var exception *webauthn.Error
		if errors.As(err, &exception) {
			return errors.Join(err, printJSONLine(p.stdout, exception))
		}
		if err != nil {
			return err
		}
		return p.printLine(response)
	})
}

func parseChallengeEncoding(name string) (webauthn.ChallengeEncoding, error) {
	switch name {
	case "base64url":
		return webauthn.ChallengeBase64URL, nil
	case "text":
		return webauthn.ChallengeText, nil
	}
	return 0, usagef("--challenge-encoding %q is neither base64url nor text", name)
}
