package main

import (
	"context"
	"log/slog"
	"net"
	"slices"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/fault"
)

// transport is one way of being plugged in.
type transport struct {
	name  string
	form  string                            // of its addresses, for help
	place func(text string) (string, error) // reads what follows the colon; nil: nothing does

	// open makes a place where the key is served; nil: it is for clients only.
	open func(ctx context.Context, place string, opts socketOptions) (*socket, error)

	// dial reaches a key that is served elsewhere; nil: it is not reached so.
	dial func(ctx context.Context, place string) (ctaphid.Transport, error)
}

// transports is the table: a transport is a line here. How a client finds the key
// of auto, and makes that of loopback, is in find.go: there is more to it than an
// address.
var transports = []transport{
	{name: "auto", form: "auto", open: openAuto},
	{name: "uhid", form: "uhid", open: openUHID},
	{name: "unix", form: "unix:PATH", place: placeSocket, open: openUnix, dial: dialUnix},
	{name: "tcp", form: "tcp:HOST:PORT", place: placePort, open: openTCP, dial: dialTCP},
	{name: "udp", form: "udp:HOST:PORT", place: placePort, open: openUDP, dial: dialUDP},
	{name: "hidraw", form: "hidraw:PATH", place: placePath, dial: dialHIDRaw},
	{name: "loopback", form: "loopback"},
}

// serves tells whether a key can be plugged in there.
func (t transport) serves() bool { return t.open != nil }

// reaches tells whether a client may be told to look for a key there.
func (t transport) reaches() bool { return t.dial != nil || t.name == "auto" || t.name == "loopback" }

// listens tells whether requests to the control interface can come by it.
func (t transport) listens() bool { return t.name == "unix" || t.name == "tcp" }

func transportByName(name string) *transport {
	i := slices.IndexFunc(transports, func(t transport) bool { return t.name == name })
	if i < 0 {
		return nil
	}
	return &transports[i]
}

// socketOptions are the choices of `run` that concern transports.
type socketOptions struct {
	descriptor  ctaphid.Descriptor // of the key, for buses that show it
	allowRemote bool               // let hosts of the network in
	faults      *fault.Injector    // of reports; nil: none
	console     *console           // for what the user should know
	log         *slog.Logger       // for what happens later
}

// socket is a place where a key is plugged in: hosts may come, and wait to be
// served.
type socket struct {
	at    address // where it opens again, with the port that it got
	event ready
	serve func(ctx context.Context, h ctap.Handler, cfg ctaphid.Config) error // closes it
	close func() error                                                        // for a socket that is never served
}

func dialUnix(ctx context.Context, path string) (ctaphid.Transport, error) {
	return dialStream(ctx, "unix", path)
}

func dialTCP(ctx context.Context, place string) (ctaphid.Transport, error) {
	return dialStream(ctx, "tcp", place)
}

func dialStream(ctx context.Context, network, place string) (ctaphid.Transport, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, place)
	if err != nil {
		return nil, cause(err)
	}
	return ctaphid.NewStream(conn), nil
}

func dialUDP(ctx context.Context, place string) (ctaphid.Transport, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", place)
	if err != nil {
		return nil, cause(err)
	}
	return ctaphid.NewPacket(conn), nil
}

func dialHIDRaw(_ context.Context, path string) (ctaphid.Transport, error) {
	return client.OpenHIDRaw(path)
}
