package leak_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/leak"
)

// again is how often a scenario is repeated, after a first time, to see what it
// leaves behind. SOFTKEY_LEAK_ROUNDS asks for more, and for all of each.
func again(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOFTKEY_LEAK_ROUNDS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("SOFTKEY_LEAK_ROUNDS=%s, want a number above 0", text)
	}
	return n
}

func thorough() bool { return os.Getenv("SOFTKEY_LEAK_ROUNDS") != "" }

// slack is by how much the heap may grow from one time to the next: what tests
// and pools keep, and no report or message.
const slack = 256 << 10

// scenario runs test for each way, again and again, and wants nothing left over.
func scenario(t *testing.T, test func(t *testing.T, w way)) {
	times := again(t)
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			w.warm = true
			leak.Steady(t, times, slack, func() {
				w.run(t, test)
				w.warm = false
			})
		})
	}
}

// touchTimeout is how long a key waits for a touch that nobody withdraws.
func (w way) touchTimeout() time.Duration {
	if w.bubble {
		return 30 * time.Second
	}
	if w.hears {
		return patience
	}
	return 20 * time.Millisecond
}

// TestDisconnection has a host go away after each report of each request, also
// while the user is asked and in the middle of the answer. The key answers
// others at once, or where it cannot hear of the end, when the time of the
// message or of the touch is over.
func TestDisconnection(t *testing.T) {
	scenario(t, func(t *testing.T, w way) {
		key, closeKey := newKey(t, authenticator.PresenceFunc(authenticator.Ignore), w.touchTimeout())
		defer closeKey()
		s := w.plug(t, key.Handler())
		defer s.pull()
		for n, r := range requests() {
			for _, cut := range cuts(w, r) {
				h := connect(t, s, uint32(1000*n+cut+1))
				reports := h.reports(r)
				h.write(reports[:min(cut, len(reports))]...)
				if cut > len(reports) && !r.asks && r.command != ctaphid.CommandCancel {
					h.next()
				}
				h.Close()
				wantAlive(t, s)
				if t.Failed() {
					t.Fatalf("%s, closed after %d reports", r.name, cut)
				}
			}
		}
	})
}

// cuts returns the ways to leave a request: after 0 reports, 1, …, all, and after
// the first report of the answer. Where the key does not hear of it, half a
// message costs half a second of real time: one will do.
func cuts(w way, r request) (list []int) {
	reports := len((&host{}).reports(r))
	if !w.bubble && !w.hears && !thorough() {
		if r.name == "makeCredential" {
			return []int{1, reports}
		}
		return nil
	}
	for cut := range reports + 2 {
		list = append(list, cut)
	}
	return list
}

// absent is a user who never answers. The test has to take note of each time that
// they are asked.
type absent chan struct{}

// Confirm implements [authenticator.Presence].
func (a absent) Confirm(ctx context.Context, p authenticator.Prompt) error {
	select {
	case a <- struct{}{}:
	case <-ctx.Done():
	}
	return authenticator.Ignore(ctx, p)
}

// wasAsked waits until they are.
func (a absent) wasAsked(t *testing.T) {
	t.Helper()
	select {
	case <-a:
	case <-time.After(patience):
		t.Fatalf("the user was not asked in %v", patience)
	}
}

// TestCancellation cancels each request that waits for the user, by CANCEL and
// by INIT on its channel, while the user is asked.
func TestCancellation(t *testing.T) {
	scenario(t, func(t *testing.T, w way) {
		user := make(absent)
		key, closeKey := newKey(t, user, patience)
		defer closeKey()
		s := w.plug(t, key.Handler())
		defer s.pull()
		h := connect(t, s, 1)
		defer h.Close()
		nonce := []byte("by INIT!")
		for _, r := range requests() {
			if !r.asks {
				continue
			}
			h.begin(r)
			user.wasAsked(t)
			h.send(ctaphid.CommandCancel)
			h.want(ctaphid.CommandCBOR, byte(ctap.StatusKeepaliveCancel))

			h.begin(r)
			user.wasAsked(t)
			h.send(ctaphid.CommandInit, nonce...)
			if cmd, got := h.answer(); cmd != ctaphid.CommandInit || string(got[:8]) != string(nonce) {
				t.Fatalf("%s: got %v %x, want an answer to INIT", r.name, cmd, got)
			}
			h.send(ctaphid.CommandPing, 1)
			h.want(ctaphid.CommandPing, 1) // and nothing of the command before
		}
	})
}

// TestUnpluggedMeanwhile pulls the key while the user is asked.
func TestUnpluggedMeanwhile(t *testing.T) {
	scenario(t, func(t *testing.T, w way) {
		user := make(absent)
		key, closeKey := newKey(t, user, patience)
		defer closeKey()
		for _, r := range requests() {
			if !r.asks {
				continue
			}
			s := w.plug(t, key.Handler())
			h := connect(t, s, 1)
			h.write(h.reports(r)...)
			user.wasAsked(t)
			if w.name == "loopback" {
				h.Close() // which is its plug
			}
			s.pull()
			h.Close()
		}
	})
}

// TestSilence has hosts that say nothing, or half a message and no more.
func TestSilence(t *testing.T) {
	scenario(t, func(t *testing.T, w way) {
		key, closeKey := newKey(t, authenticator.Approve{}, 0)
		defer closeKey()
		s := w.plug(t, key.Handler())
		defer s.pull()
		long := request{command: ctaphid.CommandPing, payload: make([]byte, 1000)}
		for n := range 32 {
			h := connect(t, s, uint32(n+1))
			defer h.Close()
			if n%2 == 1 && (w.bubble || thorough()) { // or it costs half a second
				h.write(h.reports(long)[:1+n/2]...)
			}
		}
		wantAlive(t, s)
	})
}

// TestNeverReads has a host that asks and asks and does not read the answers, 800 kB
// of them. It harms nobody else, and ends when it is given up or the key is
// unplugged. Where it is to be cut off it goes on until it is, or to 80 MB: more
// than a system buffers. What TCP takes is up to the system: its buffers grow.
func TestNeverReads(t *testing.T) {
	scenario(t, func(t *testing.T, w way) {
		key, closeKey := newKey(t, authenticator.Approve{}, 0)
		defer closeKey()
		s := w.plug(t, key.Handler())
		h := connect(t, s, 1)
		pings := 100
		if w.cuts {
			pings = 10_000
		}
		var asking sync.WaitGroup
		var cutOff error
		if w.hears {
			asking.Go(func() { cutOff = h.flood(make([]byte, ctaphid.MaxPayload), pings) })
		}
		for range 10 { // of datagrams as many as a socket has room for
			if !w.hears {
				h.flood(nil, 100)
			}
			if !w.holds {
				wantAlive(t, s)
			}
		}
		if w.cuts && !w.holds {
			asking.Wait()
		}
		s.pull()
		h.Close()
		asking.Wait()
		if w.cuts && cutOff == nil {
			t.Error("the host that does not read was not cut off")
		}
	})
}

// flood sends so many requests, or as many as the key lets it, and returns the
// error that ended it.
func (h *host) flood(ping []byte, times int) error {
	reports := h.reports(request{command: ctaphid.CommandPing, payload: ping})
	for range times {
		for _, r := range reports {
			if err := h.WriteReport(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestSlow has a host that takes its time between reports: up to half a second
// it is waited for, and then it is told.
func TestSlow(t *testing.T) {
	tests := []struct {
		gap  time.Duration
		late bool
	}{{time.Millisecond, false}, {100 * time.Millisecond, false}, {499 * time.Millisecond, false}, {501 * time.Millisecond, true}}
	for _, w := range ways {
		if !w.bubble {
			continue // time would cost time
		}
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%v", w.name, tt.gap), func(t *testing.T) {
				w.run(t, func(t *testing.T, w way) {
					key, closeKey := newKey(t, authenticator.Approve{}, 0)
					defer closeKey()
					s := w.plug(t, key.Handler())
					defer s.pull()
					h := connect(t, s, 1)
					defer h.Close()
					testSlow(t, h, tt.gap, tt.late)
				})
			})
		}
	}
}

func testSlow(t *testing.T, h *host, gap time.Duration, late bool) {
	ping := request{command: ctaphid.CommandPing, payload: make([]byte, 1000)}
	reports := h.reports(ping)
	if late {
		h.write(reports[0])
		began := time.Now()
		h.want(ctaphid.CommandError, byte(ctaphid.ErrMsgTimeout))
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("told after %v, want 500ms", took)
		}
		return
	}
	for _, r := range reports {
		h.write(r)
		time.Sleep(gap)
	}
	for range reports { // and reads as slowly
		h.next()
		time.Sleep(gap)
	}
}

// TestVisits has more hosts come and go, one after the other, than a key takes at
// once.
func TestVisits(t *testing.T) {
	const visits = 300
	scenario(t, func(t *testing.T, w way) {
		key, closeKey := newKey(t, authenticator.Approve{}, 0)
		defer closeKey()
		s := w.plug(t, key.Handler())
		defer s.pull()
		for n := range uint32(visits) {
			h := connect(t, s, n+1)
			h.send(ctaphid.CommandPing, byte(n))
			h.want(ctaphid.CommandPing, byte(n))
			h.Close()
		}
	})
}

// TestCrowd has 64 clients at once, each with a channel of its own, register and
// sign in.
func TestCrowd(t *testing.T) {
	scenario(t, func(t *testing.T, w way) {
		clients := 64
		if w.warm {
			clients = 4
		}
		key, closeKey := newKey(t, authenticator.Approve{}, 0)
		defer closeKey()
		s := w.plug(t, key.Handler())
		defer s.pull()
		var crowd sync.WaitGroup
		for range clients {
			crowd.Go(func() {
				if err := patiently(func(ctx context.Context) error { return signIn(ctx, s) }); err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
	})
}

// patiently repeats what finds the key busy, or loses a datagram in the crowd.
func patiently(do func(ctx context.Context) error) error {
	for deadline := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := do(ctx)
		cancel()
		if err == nil || !isBusy(err) || time.Now().After(deadline) {
			return err
		}
	}
}

func isBusy(err error) bool {
	return errors.Is(err, ctap.StatusChannelBusy) || errors.Is(err, ctaphid.ErrChannelBusy) ||
		errors.Is(err, ctaphid.ErrMsgTimeout) || errors.Is(err, ctaphid.ErrInvalidSeq) || errors.Is(err, context.DeadlineExceeded)
}

// signIn registers and signs in on a connection of its own.
func signIn(ctx context.Context, s socket) error {
	transport, err := s.dial()
	if err != nil {
		return err
	}
	d, err := client.Open(ctx, transport)
	if err != nil {
		return err
	}
	defer d.Close()
	made, err := d.MakeCredential(ctx, makeCredential())
	if err != nil {
		return err
	}
	data, err := ctap.ParseAuthenticatorData(made.AuthData)
	if err != nil {
		return err
	}
	assertion, err := d.GetAssertion(ctx, &ctap.GetAssertionRequest{
		RPID: "example.com", ClientDataHash: hash,
		AllowList: []ctap.CredentialDescriptor{{ID: data.Credential.ID, Type: ctap.PublicKey}},
	})
	if err != nil {
		return err
	}
	return cose.ByID(cose.ES256).Verify(data.Credential.PublicKey, append(assertion.AuthData, hash...), assertion.Signature)
}
