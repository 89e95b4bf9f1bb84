package leak_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// host is a host that speaks in reports, so that it can leave any of them out.
// It belongs to one goroutine.
type host struct {
	t *testing.T
	ctaphid.Transport
	channel    uint32
	keepalives map[ctap.KeepaliveStatus]int // that were read so far
}

// connect plugs a host in. A key of these tests takes any channel.
func connect(t *testing.T, s socket, channel uint32) *host {
	t.Helper()
	transport, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	return &host{t, transport, channel, map[ctap.KeepaliveStatus]int{}}
}

func (h *host) reports(r request) []ctaphid.Report {
	return ctaphid.Message{Channel: h.channel, Command: r.command, Payload: r.payload}.AppendReports(nil)
}

func (h *host) write(reports ...ctaphid.Report) {
	h.t.Helper()
	for _, r := range reports {
		if err := h.WriteReport(r); err != nil {
			h.t.Fatalf("WriteReport = %v", err)
		}
	}
}

func (h *host) send(cmd ctaphid.Command, payload ...byte) {
	h.t.Helper()
	h.write(h.reports(request{command: cmd, payload: payload})...)
}

// begin sends a request that asks the user, and returns when the host is told that
// they are asked. As long as two commands that were aborted have not left, the key
// is busy: at once, or when it has waited for its turn.
func (h *host) begin(r request) {
	h.t.Helper()
	h.write(h.reports(r)...)
	for {
		switch answer := h.next(); {
		case answer.Command() == ctaphid.CommandKeepalive && answer[7] == byte(ctap.KeepaliveUPNeeded):
			return
		case answer.Command() == ctaphid.CommandKeepalive: // it waits for its turn
		case answer.Command() == ctaphid.CommandError && answer[7] == byte(ctaphid.ErrChannelBusy),
			answer.Command() == ctaphid.CommandCBOR && answer[7] == byte(ctap.StatusChannelBusy):
			h.write(h.reports(r)...)
		default:
			h.t.Fatalf("%s: got %x, want a keepalive", r.name, answer)
		}
	}
}

// next returns the next report of the host's channel. A datagram may be lost: the
// test then ends by itself.
func (h *host) next() ctaphid.Report {
	h.t.Helper()
	late := time.AfterFunc(patience, func() { h.Close() })
	defer late.Stop()
	for {
		r, err := h.ReadReport()
		if err != nil && !late.Stop() {
			h.t.Fatalf("no report of channel %d in %v", h.channel, patience)
		}
		if err != nil {
			h.t.Fatalf("ReadReport = %v", err)
		}
		if r.Channel() == h.channel {
			return r
		}
	}
}

// answer returns the next message that is no keepalive.
func (h *host) answer() (ctaphid.Command, []byte) {
	h.t.Helper()
	for {
		r := h.next()
		if !r.Starts() {
			h.t.Fatalf("a report in the middle of a message: %x", r)
		}
		payload := append([]byte{}, r[7:7+min(r.Size(), 57)]...)
		for len(payload) < r.Size() {
			more := h.next()
			payload = append(payload, more[5:5+min(r.Size()-len(payload), 59)]...)
		}
		if r.Command() != ctaphid.CommandKeepalive {
			return r.Command(), payload
		}
		h.keepalives[ctap.KeepaliveStatus(payload[0])]++
	}
}

func (h *host) want(cmd ctaphid.Command, payload ...byte) {
	h.t.Helper()
	if gotCmd, got := h.answer(); gotCmd != cmd || !bytes.Equal(got, payload) {
		h.t.Fatalf("got %v %x, want %v %x", gotCmd, got, cmd, payload)
	}
}

// patience is how long a key may take until it answers, and until it answers
// somebody else again: the touch that it waits for, and a little.
const patience = time.Minute

// wantAlive checks that the key answers a new host, and lets no other wait for
// longer than the specification has it.
func wantAlive(t *testing.T, s socket) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		err := visit(s)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the key is gone: %v", err)
		}
	}
}

// visit opens the key and asks it for two things. It gives up soon: a datagram
// may be lost.
func visit(s socket) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	transport, err := s.dial()
	if err != nil {
		return err
	}
	h, err := ctaphid.Open(ctx, transport)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Ping(ctx, []byte("are you there?")); err != nil {
		return err
	}
	answer, err := h.Transact(ctx, ctaphid.CommandCBOR, []byte{byte(ctap.CommandGetInfo)}, nil)
	if err == nil && answer[0] != byte(ctap.StatusOK) {
		return ctap.Status(answer[0])
	}
	return err
}
