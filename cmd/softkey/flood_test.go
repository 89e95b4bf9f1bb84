package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/control"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/leak"
)

// A flood is what somebody sends to a listener who may not use the key.
type flood struct {
	name string
	send func(t *testing.T, network, address string)
}

// firstFrame returns the report that begins a message of so many bytes.
func firstFrame(channel uint32, cmd ctaphid.Command, size int) []byte {
	return ctaphid.Message{Channel: channel, Command: cmd, Payload: make([]byte, size)}.AppendReports(nil)[0][:]
}

// many are more connections than a listener takes, and fewer than a process may
// have open files of.
const many = 300

// dialMany opens connections, sends something on each, and closes them all in the
// end. One that is refused is no mistake.
func dialMany(t *testing.T, network, address, text string) {
	t.Helper()
	for range many {
		conn, err := net.Dial(network, address)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, text)
	}
}

// pour sends count times what make returns on one connection, and takes what
// comes back.
func pour(t *testing.T, network, address string, count int, make func(n int) []byte) {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var reader sync.WaitGroup
	defer reader.Wait()
	defer conn.Close()
	reader.Go(func() { _, _ = io.Copy(io.Discard, conn) })
	for n := range count {
		if _, err := conn.Write(make(n)); err != nil {
			return // it was closed, which is an answer too
		}
	}
}

// The floods of reports. What is asked for is a channel each time, or the room for
// a long message on each of many channels.
var reportFloods = []flood{
	{"channels", func(t *testing.T, network, address string) {
		pour(t, network, address, 20_000, func(int) []byte { return firstFrame(ctaphid.Broadcast, ctaphid.CommandInit, 8) })
	}},
	{"half messages", func(t *testing.T, network, address string) {
		pour(t, network, address, 20_000, func(n int) []byte {
			return firstFrame(uint32(n+1), ctaphid.CommandCBOR, ctaphid.MaxPayload)
		})
	}},
	{"continuations", func(t *testing.T, network, address string) {
		pour(t, network, address, 20_000, func(n int) []byte {
			return append([]byte{0, 0, byte(n >> 8), byte(n), byte(n % 128)}, make([]byte, 59)...)
		})
	}},
	{"connections", func(t *testing.T, network, address string) { dialMany(t, network, address, "") }},
	{"half reports", func(t *testing.T, network, address string) { dialMany(t, network, address, "\xff\xff\xff") }},
	{"a report of each", func(t *testing.T, network, address string) {
		dialMany(t, network, address, string(firstFrame(1, ctaphid.CommandPing, ctaphid.MaxPayload)))
	}},
	{"sizes", func(t *testing.T, network, address string) {
		pour(t, network, address, 2_000, func(n int) []byte { return make([]byte, n) })
	}},
}

// The floods of requests.
var requestFloods = []flood{
	{"connections", func(t *testing.T, network, address string) { dialMany(t, network, address, "") }},
	{"half heads", func(t *testing.T, network, address string) {
		dialMany(t, network, address, "POST /v1/touch HTTP/1.1\r\nHost: key\r\nX: "+strings.Repeat("x", 10_000))
	}},
	{"half bodies", func(t *testing.T, network, address string) {
		dialMany(t, network, address, "POST /v1/touch HTTP/1.1\r\nHost: key\r\nContent-Length: 60000\r\n\r\n"+strings.Repeat("x", 50_000))
	}},
	{"requests", func(t *testing.T, network, address string) {
		pour(t, network, address, 2_000, func(n int) []byte {
			return fmt.Appendf(nil, "GET /v1/%d HTTP/1.1\r\nHost: key\r\n\r\n", n)
		})
	}},
	{"large requests", func(t *testing.T, network, address string) {
		for range 50 {
			pour(t, network, address, 100, func(int) []byte { return []byte(strings.Repeat("GET ", 1<<10)) })
		}
	}},
}

// hands is a key for the control interface.
type hands struct{}

func (hands) Unplug(context.Context) error { return nil }
func (hands) Plug(context.Context) error   { return nil }
func (hands) Plugged() bool                { return true }
func (hands) Addresses() []string          { return nil }

// floodListener is a listener that is flooded.
type floodListener struct {
	name, network string
	floods        []flood
	open          func(ctx context.Context, t *testing.T) (address string, serve func() error)
}

func openReports(
	open func(ctx context.Context, place string, opts socketOptions) (*socket, error),
) func(context.Context, *testing.T) (string, func() error) {
	return func(ctx context.Context, t *testing.T) (string, func() error) {
		s, err := open(ctx, "127.0.0.1:0", socketOptions{log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s.at.place, func() error { return s.serve(ctx, neverAsked{t}, ctaphid.Config{}) }
	}
}

func openRequests(ctx context.Context, t *testing.T) (string, func() error) {
	ln, err := listenTCP("127.0.0.1:0", socketOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return ln.Addr().String(), func() error { return control.Serve(ctx, ln, control.Handler(hands{}, control.NewConsent())) }
}

// maxGrowth is how much more memory may be in use after a flood than before it:
// less than any flood would leave that is kept.
const maxGrowth = 1 << 19

// Nobody has the process grow who may not use the key: after each flood the
// memory, the goroutines and the open files are what they were before.
func TestFloods(t *testing.T) {
	for _, l := range []floodListener{
		{"reports over tcp", "tcp", reportFloods, openReports(openTCP)},
		{"reports over udp", "udp", reportFloods, openReports(openUDP)},
		{"requests", "tcp", requestFloods, openRequests},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		address, serve := l.open(ctx, t)
		var server sync.WaitGroup
		server.Go(func() {
			if err := serve(); err != nil {
				t.Error(err)
			}
		})
		for _, f := range l.floods {
			t.Run(l.name+", "+f.name, func(t *testing.T) {
				leak.Steady(t, 2, maxGrowth, func() { f.send(t, l.network, address) })
			})
		}
		cancel()
		server.Wait()
	}
}
