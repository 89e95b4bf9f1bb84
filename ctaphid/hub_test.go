package ctaphid

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/socketdir"
)

// memory is a net.Listener whose connections are net.Pipes, which synctest
// understands.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *memory) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memory) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memory) Addr() net.Addr { return nil }

// dial returns the host's end of a new connection.
func (l *memory) dial() net.Conn {
	device, host := net.Pipe()
	l.conns <- device
	return host
}

// serveStreams starts ServeStream in a synctest bubble. It returns its listener,
// what it logs once stopped, and what stops it.
func serveStreams(t *testing.T, h ctap.Handler) (ln *memory, log *bytes.Buffer, stop func()) {
	ln = &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	log = new(bytes.Buffer)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- ServeStream(ctx, ln, h, Config{Log: slog.New(slog.NewTextHandler(log, nil))})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("ServeStream = %v, want nil", err)
		}
	})
	t.Cleanup(stop)
	return ln, log, stop
}

// TestConnectionsShareTheKey checks that each gets every report.
func TestConnectionsShareTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, _, _ := serveStreams(t, token{})
		a, b := newWire(t, NewStream(ln.dial())), newWire(t, NewStream(ln.dial()))
		synctest.Wait()
		a.send(owner, CommandPing, long...)
		for _, w := range []*wire{a, b} {
			w.want(0, owner, CommandPing, long...)
		}
		a.send(owner, CommandCBOR, 1)
		for _, w := range []*wire{a, b} {
			w.want(0, owner, CommandKeepalive, 2)
		}
		b.send(other, CommandPing, 1)
		for _, w := range []*wire{a, b} {
			w.wantError(0, other, ErrChannelBusy)
		}
		b.send(owner, CommandCancel)
		for _, w := range []*wire{a, b} {
			w.want(0, owner, CommandCBOR, 0x2D)
		}
	})
}

// TestConnectionCloses checks that the transaction it began is aborted, and no
// other's.
func TestConnectionCloses(t *testing.T) {
	first := frames(owner, CommandPing, long)[0]
	command := frames(owner, CommandCBOR, []byte{1})[0]
	tests := []struct {
		name   string
		begin  Report
		closes bool // the one that began
	}{
		{"half-sent", first, true},
		{"half-sent by another", first, false},
		{"running", command, true},
		{"running for another", command, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ln, _, _ := serveStreams(t, token{})
				begins, watches := newWire(t, NewStream(ln.dial())), newWire(t, NewStream(ln.dial()))
				third := newWire(t, NewStream(ln.dial()))
				begins.write(tt.begin)
				synctest.Wait()
				for len(watches.reports) > 0 {
					<-watches.reports // a keepalive
				}
				if tt.closes {
					begins.device.Close()
				} else {
					third.device.Close()
				}
				synctest.Wait()
				watches.send(other, CommandPing, 1)
				if tt.closes {
					watches.want(0, other, CommandPing, 1)
					watches.silence(time.Second)
					return
				}
				watches.wantError(0, other, ErrChannelBusy)
			})
		})
	}
}

// TestSlowConnection checks that one that does not read is closed, and keeps
// nobody waiting.
func TestSlowConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, log, stop := serveStreams(t, token{})
		slow, quick := ln.dial(), newWire(t, NewStream(ln.dial()))
		defer slow.Close()
		for n := range 2 * maxUnread {
			quick.send(owner, CommandPing, byte(n))
			quick.want(0, owner, CommandPing, byte(n))
		}
		read, err := io.Copy(io.Discard, slow)
		if err != nil || read >= maxUnread*64 {
			t.Errorf("the slow connection got %d bytes and %v, want its end before", read, err)
		}
		stop()
		if n := strings.Count(log.String(), "it does not read"); n != 1 {
			t.Errorf("%d lines in the log, want 1:\n%s", n, log)
		}
	})
}

// TestConnectionEndsInsideAReport checks that this is logged, and only this.
func TestConnectionEndsInsideAReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, log, stop := serveStreams(t, token{})
		for _, size := range []int{10, 64, 0, 100} {
			conn := ln.dial()
			conn.Write(make([]byte, size)) // 64 are a legal report, though one to ignore
			conn.Close()
		}
		synctest.Wait()
		stop()
		if n := strings.Count(log.String(), "inside a report"); n != 2 || strings.Count(log.String(), "\n") != 2 {
			t.Errorf("%d lines of it in the log, want 2 and no other:\n%s", n, log)
		}
	})
}

// finished is the device's side of a connection whose host sends nothing more
// and does not read.
type finished struct {
	net.Conn
	closed chan struct{}
}

func (finished) Read([]byte) (int, error) { return 0, io.EOF }

func (c finished) Close() error {
	defer close(c.closed)
	return c.Conn.Close()
}

// TestFinishedConnection checks that what its host leaves unread is kept no
// longer than a while.
func TestFinishedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		device, host := net.Pipe()
		defer host.Close()
		conn := finished{device, make(chan struct{})}
		h := newHub(&memory{conns: make(chan net.Conn), closed: make(chan struct{})}, slog.New(slog.DiscardHandler))
		defer h.Close()
		h.add(conn)
		h.WriteReport(Report{})
		start := time.Now()
		if a, err := h.next(); err != nil || !a.gone {
			t.Fatalf("next = %+v, %v; want the end of the connection", a, err)
		}
		<-conn.closed
		if waited := time.Since(start); waited != lingerTimeout {
			t.Errorf("closed after %v, want %v", waited, lingerTimeout)
		}
	})
}

// TestTooManyConnections checks that one more is closed at once, and that there
// is room again when another goes.
func TestTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, _, _ := serveStreams(t, token{})
		conns := make([]net.Conn, maxConnections)
		for i := range conns {
			conns[i] = ln.dial()
		}
		more := ln.dial()
		if _, err := more.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("connection %d: %v, want EOF", maxConnections+1, err)
		}
		for _, c := range conns {
			c.Close()
		}
		synctest.Wait()
		w := newWire(t, NewStream(ln.dial()))
		w.send(owner, CommandPing, 1)
		w.want(0, owner, CommandPing, 1)
	})
}

// TestManyChannels checks that thousands of channels on several connections have a
// turn each, whichever connection they were opened on.
func TestManyChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, _, _ := serveStreams(t, token{})
		const connections, channels = 4, 4096
		var used []uint32
		for c := range connections {
			w := newWire(t, NewStream(ln.dial()))
			for range channels / connections {
				w.send(Broadcast, CommandInit, nonce...)
				m, _ := w.next()
				channel := binary.BigEndian.Uint32(m.Payload[len(nonce):])
				used = append(used, channel)
				w.send(channel, CommandPing, byte(c))
				w.want(0, channel, CommandPing, byte(c))
			}
			w.device.Close()
			synctest.Wait()
		}
		w := newWire(t, NewStream(ln.dial()))
		slices.Sort(used)
		if got := len(slices.Compact(slices.Clone(used))); got != channels {
			t.Errorf("%d channels differ, want %d", got, channels)
		}
		for _, channel := range used { // each still answers
			w.send(channel, CommandPing, 1)
			w.want(0, channel, CommandPing, 1)
		}
	})
}

// crowded is a listener that has no room for a connection, so many times.
type crowded struct {
	*memory
	times int
}

func (l *crowded) Accept() (net.Conn, error) {
	if l.times > 0 {
		l.times--
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.memory.Accept()
}

// TestShortage checks that a listener goes on when the system has room for
// connections again, and can be closed before.
func TestShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, times := range []int{3, 1 << 30} {
			ln := &crowded{&memory{conns: make(chan net.Conn), closed: make(chan struct{})}, times}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- ServeStream(ctx, ln, token{}, Config{}) }()
			if times < 1<<30 {
				w := newWire(t, NewStream(ln.dial()))
				w.send(owner, CommandPing, 1)
				w.want(0, owner, CommandPing, 1)
			}
			cancel()
			if err := <-served; err != nil {
				t.Errorf("after %d shortages: ServeStream = %v, want nil", times, err)
			}
		}
	})
}

// TestListenerFails checks that ServeStream ends with the error, and closes the
// connections that there are.
func TestListenerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
		served := make(chan error)
		go func() { served <- ServeStream(t.Context(), ln, token{}, Config{}) }()
		conn := ln.dial()
		ln.Close()
		if err := <-served; !errors.Is(err, net.ErrClosed) {
			t.Errorf("ServeStream = %v, want the listener's error", err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read = %v, want EOF", err)
		}
	})
}

// TestHalfClosed checks, on real sockets, that a host may close its side after
// the request and still read the answer.
func TestHalfClosed(t *testing.T) {
	for _, network := range []struct{ name, address string }{
		{"unix", filepath.Join(socketdir.New(t), "s")},
		{"tcp", "127.0.0.1:0"},
	} {
		t.Run(network.name, func(t *testing.T) {
			ln, err := net.Listen(network.name, network.address)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error)
			go func() { served <- ServeStream(ctx, ln, token{}, Config{}) }()

			conn, err := net.Dial(network.name, ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			message := make([]byte, MaxPayload)
			var request bytes.Buffer
			for _, r := range frames(owner, CommandPing, message) {
				request.Write(r[:])
			}
			want := bytes.Clone(request.Bytes())
			if _, err := conn.Write(want); err != nil {
				t.Fatal(err)
			}
			conn.(interface{ CloseWrite() error }).CloseWrite()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, %v; want the echo of %d", len(got), err, len(want))
			}
			cancel()
			if err := <-served; err != nil {
				t.Errorf("ServeStream = %v, want nil", err)
			}
		})
	}
}

// TestHostsOverStreams checks that hosts with a connection each do not disturb
// one another.
func TestHostsOverStreams(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- ServeStream(ctx, ln, token{}, Config{}) }()
	var users sync.WaitGroup
	for n := range 4 {
		users.Go(func() {
			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			host, err := Open(ctx, NewStream(conn))
			if err != nil {
				t.Error(err)
				return
			}
			defer host.Close()
			for range 20 {
				if err := host.Ping(ctx, bytes.Repeat([]byte{byte(n)}, 300)); err != nil {
					t.Errorf("Ping = %v", err)
				}
			}
		})
	}
	users.Wait()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("ServeStream = %v, want nil", err)
	}
}
