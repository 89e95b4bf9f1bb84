package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/control"
)

// controlSocket is where the control interface is served; nil: nowhere.
type controlSocket struct {
	listener net.Listener
	event    ready
}

// close is for a socket that is never served.
func (s *controlSocket) close() error {
	if s == nil {
		return nil
	}
	return s.listener.Close()
}

// events returns what is told when it is served.
func (s *controlSocket) events() []ready {
	if s == nil {
		return nil
	}
	return []ready{s.event}
}

// parseControl reads the address of the control interface.
func parseControl(text string) (address, error) {
	a, err := parseAddress(text, transport.listens)
	if err != nil {
		return a, err
	}
	if !transportByName(a.transport).listens() {
		return a, usagef("--control %s: it is unix:PATH or tcp:HOST:PORT", a)
	}
	return a, nil
}

// openHand listens for requests, of this user alone or, over TCP, of this
// machine, if there is to be a control interface.
func (o *runFlags) openHand(ctx context.Context, opts socketOptions) (*controlSocket, error) {
	if o.control == "" {
		return nil, nil
	}
	a, err := parseControl(o.control)
	if err != nil {
		return nil, err
	}
	ln, err := listenAt(ctx, a, opts)
	if err != nil {
		return nil, a.explain(err)
	}
	switch a.transport {
	case "tcp":
		a.place = ln.Addr().String()
	case "unix":
		a.place = absolute(a.place)
	}
	return &controlSocket{ln, readyControl(a)}, nil
}

func listenAt(ctx context.Context, a address, opts socketOptions) (net.Listener, error) {
	if a.transport == "unix" {
		return listenUnix(ctx, a.place, opts)
	}
	return listenTCP(a.place, opts)
}

// serveControl answers at s while f runs.
func serveControl(ctx context.Context, s *controlSocket, key control.Key, consent *control.Consent, f func(ctx context.Context) error) error {
	if s == nil {
		return f(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var serving sync.WaitGroup
	var failed error
	serving.Go(func() {
		defer cancel()
		if err := control.Serve(ctx, s.listener, control.Handler(key, consent)); err != nil {
			failed = fmt.Errorf("%s: %w", s.event.text, err)
		}
	})
	err := f(ctx)
	cancel()
	serving.Wait()
	return errors.Join(err, failed)
}

// openControl is asked by the control interface.
func openControl(env presenceEnv, _ string) (authenticator.Presence, error) {
	if env.consent == nil {
		return nil, errNoControl("presence")
	}
	return env.consent, nil
}

// errNoControl is the error of a mode that has nobody to ask.
func errNoControl(flag string) error {
	return hint(usagef("--%s control: there is no control interface", flag),
		"give softkey run an address for it: --control unix:PATH")
}
