package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"sync"
	"syscall"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/uhid"
)

// openUHID plugs the key into this machine.
func openUHID(ctx context.Context, _ string, opts socketOptions) (*socket, error) {
	device, err := uhid.Open(ctx, opts.descriptor)
	if err != nil {
		return nil, hintUHID(err)
	}
	return &socket{
		at:    address{transport: "uhid"},
		event: readyUHID(device.Hidraw()),
		serve: func(ctx context.Context, h ctap.Handler, cfg ctaphid.Config) error {
			return ctaphid.Serve(ctx, opts.faults.DeviceEnd(device), h, cfg)
		},
		close: device.Close,
	}, nil
}

// hintUHID says what can be done where the machine lets no key in.
func hintUHID(err error) error {
	const instead = "serve on a socket: --transport unix:PATH"
	var failed *uhid.Error
	if errors.As(err, &failed) && failed.Hint() != "" {
		return hint(err, "%s; or %s", failed.Hint(), instead)
	}
	return hint(err, instead)
}

// openAuto plugs the key into this machine, or where /dev/uhid cannot be opened,
// into the socket that clients look at first.
func openAuto(ctx context.Context, _ string, opts socketOptions) (*socket, error) {
	s, err := openUHID(ctx, "", opts)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) &&
		!errors.Is(err, syscall.ENODEV) && !errors.Is(err, errors.ErrUnsupported) {
		return s, err
	}
	fmt.Fprintf(opts.console, "softkey: %v: the key is on a socket, which browsers do not see\n", err)
	path := defaultSocket()
	if s, err = openUnix(ctx, path, opts); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// openTCP listens for streams of reports.
func openTCP(_ context.Context, place string, opts socketOptions) (*socket, error) {
	ln, err := listenTCP(place, opts)
	if err != nil {
		return nil, err
	}
	return streamSocket(address{"tcp", ln.Addr().String()}, opts.faults.Listener(reportListener{ln, opts.log})), nil
}

func listenTCP(place string, opts socketOptions) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", place)
	if err != nil {
		return nil, cause(err)
	}
	if err := checkRemote(addr.IP, opts); err != nil {
		return nil, err
	}
	ln, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return nil, hintPort(cause(err))
	}
	return ln, nil
}

// streamSocket serves the connections of ln.
func streamSocket(a address, ln net.Listener) *socket {
	return &socket{
		at:    a,
		event: readyAt(a),
		serve: func(ctx context.Context, h ctap.Handler, cfg ctaphid.Config) error {
			return ctaphid.ServeStream(ctx, ln, h, cfg)
		},
		close: ln.Close,
	}
}

// openUDP waits for datagrams, a report in each.
func openUDP(_ context.Context, place string, opts socketOptions) (*socket, error) {
	addr, err := net.ResolveUDPAddr("udp", place)
	if err != nil {
		return nil, cause(err)
	}
	if err := checkRemote(addr.IP, opts); err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, hintPort(cause(err))
	}
	at := address{"udp", conn.LocalAddr().String()}
	return &socket{
		at:    at,
		event: readyAt(at),
		serve: func(ctx context.Context, h ctap.Handler, cfg ctaphid.Config) error {
			return ctaphid.ServePacket(ctx, conn, h, cfg)
		},
		close: conn.Close,
	}, nil
}

// checkRemote keeps the network out, unless it is let in: whoever reaches a key
// can use it.
func checkRemote(ip net.IP, opts socketOptions) error {
	if ip.IsLoopback() || opts.allowRemote {
		return nil
	}
	return hint(usagef("%v can be reached from other machines", ip),
		"use 127.0.0.1 or [::1]; --allow-remote lets anybody there use the key")
}

func hintPort(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return hint(err, "another program has that port; port 0 picks a free one")
	case errors.Is(err, fs.ErrPermission):
		return hint(err, "low ports are not for all users; port 0 picks a free one")
	}
	return err
}

// cause returns what an error of package net is about, without the address,
// which the caller names as the user wrote it.
func cause(err error) error {
	var number syscall.Errno
	var op *net.OpError
	switch {
	case errors.As(err, &number):
		return number
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

// openSockets opens all addresses, or none.
func openSockets(ctx context.Context, addresses []address, opts socketOptions) ([]*socket, error) {
	var sockets []*socket
	for _, a := range addresses {
		s, err := transportByName(a.transport).open(ctx, a.place, opts)
		if err != nil {
			return nil, errors.Join(a.explain(err), closeSockets(sockets))
		}
		sockets = append(sockets, s)
	}
	return sockets, nil
}

func closeSockets(sockets []*socket) error {
	var errs []error
	for _, s := range sockets {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

// serveSockets answers for d at all sockets with h, until ctx is done or one of
// them fails. It closes them, and waits for all.
func serveSockets(ctx context.Context, sockets []*socket, d *device.Device, h ctap.Handler, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(sockets))
	var serving sync.WaitGroup
	for i, s := range sockets {
		cfg := d.CTAPHID(uint64(i + 1))
		cfg.Log = log
		cfg.Wink = func() { log.Info("wink: a program shows which key it talks to", "key", s.event.text) }
		serving.Go(func() {
			defer cancel()
			if err := s.serve(ctx, h, cfg); err != nil {
				errs[i] = fmt.Errorf("%s: %w", s.event.text, err)
			}
		})
	}
	serving.Wait()
	return errors.Join(errs...)
}
