package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/control"
)

// bridgeFlags are the flags of `u2f serve`.
type bridgeFlags struct {
	listen  string
	origins []string
	json    bool
}

func (o *u2fFlags) newServe(p *program) *cobra.Command {
	b := &bridgeFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Give web pages the JavaScript API of U2F, window.u2f",
		Long: `Serve gives pages back what browsers had and have no more: window.u2f, the U2F
JavaScript API 1.0 and 1.1. It prints the address of a script; a page that loads
it, in whichever browser, registers and signs in with the key of --device, or
with one that lives as long as the command.

Only pages of the origins that you name are answered, and only those that know
the address, which is another each time: whoever has both can use the key.`,
		Example: `  softkey u2f serve --allow-origin http://localhost:8081 --ephemeral
  softkey u2f serve --allow-origin https://example.com --listen 127.0.0.1:7001`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return b.run(p, o) },
	}
	f := cmd.Flags()
	f.StringVar(&b.listen, "listen", "127.0.0.1:0", "listen at `HOST:PORT` of this machine; port 0 picks one")
	f.StringArrayVar(&b.origins, "allow-origin", nil, "answer pages of the origin `URL`; may be repeated")
	f.BoolVar(&b.json, "json", false, "print the ready line as JSON")
	return cmd
}

func (b *bridgeFlags) run(p *program, o *u2fFlags) (err error) {
	if err := b.check(o); err != nil {
		return err
	}
	key, err := o.client.openForMany(context.Background(), p)
	if err != nil {
		return err
	}
	ctx, stop := stoppable(context.Background())
	defer stop()
	defer func() { err = errors.Join(err, key.close()) }()
	ln, err := b.open()
	if err != nil {
		return err
	}
	br := &bridge{
		address: ln.Addr().String(), secret: strings.ToLower(rand.Text()), origins: b.origins,
		timeout: o.client.timeout, use: key.use, log: slog.New(newLogHandler(p.stderr, slog.LevelInfo)),
	}
	if err := readyScript(br.script()).print(p.stdout, b.json); err != nil {
		return errors.Join(err, ln.Close())
	}
	return control.Serve(ctx, ln, br.handler())
}

func (b *bridgeFlags) check(o *u2fFlags) error {
	if len(b.origins) == 0 || o.origin != "" {
		return hint(usagef("u2f serve needs --allow-origin, and takes no --origin"),
			"name the pages that may use the key, such as --allow-origin http://localhost:8081")
	}
	for _, text := range b.origins {
		if err := checkOrigin(text); err != nil {
			return err
		}
	}
	if _, err := placePort(b.listen); err != nil {
		return usagef("--listen %s: %w", b.listen, err)
	}
	return o.client.check()
}

// checkOrigin refuses what a browser would not send as an Origin header: it is
// compared with that as a string.
func checkOrigin(text string) error {
	u, err := url.Parse(text)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && text == strings.ToLower(u.Scheme+"://"+u.Host) {
		return nil
	}
	return hint(usagef("--allow-origin %q is not an origin", text),
		"write it as browsers do: scheme, host and port, in lower case, such as https://example.com or http://localhost:8081")
}

// open listens for pages of this machine.
func (b *bridgeFlags) open() (net.Listener, error) {
	ln, err := listenTCP(b.listen, socketOptions{})
	if err == nil {
		return ln, nil
	}
	if err = fmt.Errorf("--listen %s: %w", b.listen, err); exitCode(err) == exitUsage {
		err = hint(err, "only pages in browsers of this machine are answered: use 127.0.0.1 or [::1]")
	}
	return nil, err
}

// readyScript is the event that pages can load the script at url.
func readyScript(url string) ready {
	return ready{Event: "ready", Transport: "u2f", Address: url, text: "u2f " + url}
}
