package fault

import (
	"bytes"
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/socketdir"
)

// dial serves a device that does nothing but CTAPHID with some rules, on a
// socket, and returns a host there.
func dial(t *testing.T, rules ...string) *ctaphid.Host {
	t.Helper()
	path := filepath.Join(socketdir.New(t), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	nothing := handlerFunc(func(context.Context, *ctap.Request) []byte { return nil })
	serving.Go(func() {
		if err := ctaphid.ServeStream(ctx, inject(t, rules...).Listener(ln), nothing, ctaphid.Config{}); err != nil {
			t.Errorf("ServeStream: %v", err)
		}
	})
	t.Cleanup(serving.Wait)
	t.Cleanup(stop)
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ctaphid.Open(t.Context(), ctaphid.NewStream(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	return host
}

func TestListener(t *testing.T) {
	data := bytes.Repeat([]byte("ping"), 100)
	tests := []struct {
		name string
		rule string
		want error // of the first ping, ctaphid.Error or any other
	}{
		{"nothing strikes", "drop:at=1000000", nil},
		{"from the host", "duplicate:from=host,command=ping,at=2", ctaphid.ErrInvalidSeq},
		{"from the device", "duplicate:command=ping,at=2", ctaphid.ErrInvalidSeq},
		{"cut", "disconnect:command=ping,at=3", errAny},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host := dial(t, tt.rule)
			err := host.Ping(t.Context(), data)
			if tt.want == errAny && err != nil {
				return
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

var errAny = errors.New("any")

// Reports may come in pieces, and leave so.
func TestConnInPieces(t *testing.T) {
	near, far := net.Pipe()
	c := &conn{Conn: near, reports: inject(t, "drop:at=1000000").DeviceEnd(ctaphid.NewStream(near))}
	sent := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 3*64/8)
	var writing sync.WaitGroup
	writing.Go(func() {
		for rest := sent; len(rest) > 0; rest = rest[min(len(rest), 50):] {
			if _, err := c.Write(rest[:min(len(rest), 50)]); err != nil {
				t.Errorf("Write: %v", err)
			}
		}
	})
	got := make([]byte, len(sent))
	for n := 0; n < len(got); {
		m, err := far.Read(got[n:])
		if err != nil {
			t.Fatal(err)
		}
		n += m
	}
	writing.Wait()
	writing.Go(func() { far.Write(sent) })
	for n := 0; n < len(got); {
		m, err := c.Read(got[n:min(len(got), n+50)])
		if err != nil {
			t.Fatal(err)
		}
		n += m
	}
	writing.Wait()
	if !bytes.Equal(got, sent) {
		t.Errorf("got %x, want %x", got, sent)
	}
	c.Close()
	far.Close()
}
