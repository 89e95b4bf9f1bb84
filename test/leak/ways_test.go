package leak_test

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/socketdir"
)

// way is a transport: how a key is plugged in, and reached.
type way struct {
	name   string
	bubble bool // it runs in a synctest bubble, where time costs nothing
	hears  bool // the key hears that a host went away
	holds  bool // a host that does not read is what the key waits for: it has no other
	cuts   bool // a host that does not read is cut off
	warm   bool // this is the first time, which makes what is made once
	plug   func(t *testing.T, h ctap.Handler) socket
}

var ways = []way{
	{name: "loopback", bubble: true, hears: true, plug: plugLoopback},
	{name: "pipe", bubble: true, hears: true, holds: true, cuts: true, plug: plugPipe},
	{name: "stream", bubble: true, hears: true, cuts: true, plug: plugStream},
	{name: "packet", bubble: true, plug: plugPacket},
	{name: "unix", hears: true, cuts: true, plug: plugUnix},
	{name: "tcp", hears: true, plug: plugTCP},
	{name: "udp", plug: plugUDP},
}

// run runs test, in a bubble where that can be.
func (w way) run(t *testing.T, test func(t *testing.T, w way)) {
	if !w.bubble {
		test(t, w)
		return
	}
	synctest.Test(t, func(t *testing.T) { test(t, w) })
}

// socket is where a key is plugged in.
type socket struct {
	dial func() (ctaphid.Transport, error)
	pull func() // unplugs the key, and returns when nothing of it is left
}

// service is what serves a key, until it is stopped.
type service struct {
	ctx     context.Context
	cancel  context.CancelFunc
	serving sync.WaitGroup
}

func newService() *service {
	s := &service{}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *service) start(serve func(ctx context.Context)) {
	s.serving.Go(func() { serve(s.ctx) })
}

func (s *service) stop() {
	s.cancel()
	s.serving.Wait()
}

// A loopback has one host: each that is dialled is a link of its own to the same
// key.
func plugLoopback(_ *testing.T, h ctap.Handler) socket {
	var last atomic.Uint64
	return socket{
		dial: func() (ctaphid.Transport, error) {
			return ctaphid.Loopback(h, ctaphid.Config{Source: last.Add(1)}), nil
		},
		pull: func() {},
	}
}

func plugPipe(_ *testing.T, h ctap.Handler) socket {
	var last atomic.Uint64
	s := newService()
	return socket{
		dial: func() (ctaphid.Transport, error) {
			device, host := ctaphid.Pipe()
			cfg := ctaphid.Config{Source: last.Add(1)}
			s.start(func(ctx context.Context) { _ = ctaphid.Serve(ctx, device, h, cfg) }) // ends with the host
			return host, nil
		},
		pull: s.stop,
	}
}

func plugStream(t *testing.T, h ctap.Handler) socket {
	ln := newStreams()
	return serveStream(t, ln, ln.dial, h)
}

func plugUnix(t *testing.T, h ctap.Handler) socket {
	return listen(t, "unix", filepath.Join(socketdir.New(t), "s"), h)
}

func plugTCP(t *testing.T, h ctap.Handler) socket { return listen(t, "tcp", "127.0.0.1:0", h) }

func listen(t *testing.T, network, address string, h ctap.Handler) socket {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return serveStream(t, ln, func() (net.Conn, error) { return net.Dial(network, ln.Addr().String()) }, h)
}

func serveStream(t *testing.T, ln net.Listener, dial func() (net.Conn, error), h ctap.Handler) socket {
	s := newService()
	s.start(func(ctx context.Context) {
		if err := ctaphid.ServeStream(ctx, ln, h, ctaphid.Config{Source: 1}); err != nil {
			t.Errorf("ServeStream = %v, want nil", err)
		}
	})
	return socket{pull: s.stop, dial: func() (ctaphid.Transport, error) {
		conn, err := dial()
		if err != nil {
			return nil, err
		}
		return ctaphid.NewStream(conn), nil
	}}
}

func plugPacket(t *testing.T, h ctap.Handler) socket {
	pc := newDatagrams()
	return servePacket(t, pc, func() (ctaphid.Transport, error) { return pc.dial(), nil }, h)
}

func plugUDP(t *testing.T, h ctap.Handler) socket {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return servePacket(t, pc, func() (ctaphid.Transport, error) {
		conn, err := net.Dial("udp", pc.LocalAddr().String())
		if err != nil {
			return nil, err
		}
		return ctaphid.NewPacket(conn), nil
	}, h)
}

func servePacket(t *testing.T, pc net.PacketConn, dial func() (ctaphid.Transport, error), h ctap.Handler) socket {
	s := newService()
	s.start(func(ctx context.Context) {
		if err := ctaphid.ServePacket(ctx, pc, h, ctaphid.Config{Source: 1}); err != nil {
			t.Errorf("ServePacket = %v, want nil", err)
		}
	})
	return socket{dial: dial, pull: s.stop}
}
