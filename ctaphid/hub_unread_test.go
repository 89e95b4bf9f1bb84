package ctaphid

import (
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
)

// TestUnread checks that what the writer of a connection has taken and cannot
// send counts as unread, and what it has sent does not.
func TestUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(&memory{conns: make(chan net.Conn), closed: make(chan struct{})}, slog.New(slog.DiscardHandler))
		defer h.Close()
		device, host := net.Pipe()
		defer host.Close()
		h.add(device)
		deliver := func(reports int) (refused int) {
			for range reports {
				refused += len(h.deliver(Report{}))
			}
			synctest.Wait()
			return refused
		}
		const taken, read = 1, 1 + 8*streamBuffer/len(Report{}) // the first, and eight buffers
		deliver(taken)                                          // its writer waits with it
		if n := deliver(maxUnread - taken); n != 0 {
			t.Fatalf("refused %d of %d reports, want none", n, maxUnread)
		}
		if _, err := io.ReadFull(host, make([]byte, read*len(Report{}))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // its writer has taken all that are left
		if n := deliver(read); n != 0 {
			t.Errorf("refused %d of %d reports for which there was room again, want none", n, read)
		}
		if n := deliver(1); n != 1 {
			t.Errorf("refused %d beyond %d unread, want 1", n, maxUnread)
		}
	})
}
