package leak_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/test/leak"
)

// hourSlack is by how many bytes the heap may grow in an hour.
const hourSlack = 512 << 10

// TestHour uses a key for an hour of its own time. Whatever has a time limit
// meets it, on both sides and to the nanosecond, in the last minute as in the
// first, while other programs ping the key and ask what it can do.
func TestHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHour(t)
		defer h.close()
		h.scenes() // so that all that is made once is made
		goroutines, before := inBubble(t), leak.Take()
		for began := time.Now(); time.Since(began) < time.Hour && !t.Failed(); {
			h.scenes()
			if n := inBubble(t); n != goroutines {
				t.Errorf("%d goroutines after %v, want %d", n, time.Since(began), goroutines)
			}
		}
		if after := leak.Take(); after.Heap > before.Heap+hourSlack {
			t.Errorf("%d bytes of heap after an hour, %d before", after.Heap, before.Heap)
		}
		t.Logf("%d touches, %d keepalives; beside them %d pings (%d found the key busy), %d getInfo (%d)",
			h.touches, h.keepalives, h.pings.done, h.pings.busy, h.infos.done, h.infos.busy)
	})
}

// inBubble counts the goroutines of the bubble when all of them wait. Those of the
// runtime, which come and go, are not among them.
func inBubble(t *testing.T) int {
	t.Helper()
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	n := strings.Count(string(stacks[:runtime.Stack(stacks, true)]), ", synctest bubble ")
	if n == 0 {
		t.Fatal("no goroutine is in a bubble: the runtime calls it something else")
	}
	return n
}

// person touches the key so long after they were asked.
type person struct {
	delay     atomic.Int64 // a time.Duration; negative: never
	withdrawn atomic.Int32 // prompts that ended before the touch
}

func (p *person) after(d time.Duration) { p.delay.Store(int64(d)) }

func (p *person) Confirm(ctx context.Context, prompt authenticator.Prompt) error {
	d := time.Duration(p.delay.Load())
	if d < 0 {
		return authenticator.Ignore(ctx, prompt)
	}
	touch := time.NewTimer(d)
	defer touch.Stop()
	select {
	case <-touch.C:
		return nil
	case <-ctx.Done():
		p.withdrawn.Add(1)
		return context.Cause(ctx)
	}
}

const (
	hourPIN      = "4711x"
	hourUsers    = 3                        // with a discoverable credential
	touchLimit   = 29950 * time.Millisecond // between two keepalives
	keepaliveGap = 100 * time.Millisecond
)

// hour is a key on two links: connections, and a loopback of the program that
// the scenes are about.
type hour struct {
	t       *testing.T
	user    *person
	key     *device.Device
	links   socket
	client  *client.Device
	rand    *rand.Rand
	quit    chan struct{}
	beside  sync.WaitGroup
	pings   tally
	infos   tally
	touches int

	keepalives int
}

// tally counts what goes on beside the scenes.
type tally struct{ done, busy int }

func newHour(t *testing.T) *hour {
	t.Helper()
	h := &hour{t: t, user: &person{}, rand: rand.New(rand.NewPCG(1, 2)), quit: make(chan struct{})}
	key, closeKey := newKey(t, h.user, touchLimit)
	t.Cleanup(closeKey)
	h.key = key
	h.links = plugStream(t, key.Handler())
	h.client = h.open(ctaphid.Loopback(key.Handler(), key.CTAPHID(2)))
	for n := range hourUsers {
		req := makeCredential()
		req.User.ID, req.Options = []byte{byte(n)}, &ctap.Options{RK: new(bool)}
		*req.Options.RK = true
		_, err := h.client.MakeCredential(h.ctx(), req)
		h.want("makeCredential", err, nil)
	}
	h.want("setPIN", h.client.SetPIN(h.ctx(), hourPIN), nil)
	_, err := h.client.GetInfo(h.ctx())
	h.want("getInfo", err, nil)
	h.surround()
	return h
}

func (h *hour) ctx() context.Context { return context.Background() }

func (h *hour) open(transport ctaphid.Transport) *client.Device {
	h.t.Helper()
	d, err := client.Open(h.ctx(), transport)
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// surround has a program on the other link ping, and one of a third link ask.
func (h *hour) surround() {
	transport, err := h.links.dial()
	if err != nil {
		h.t.Fatal(err)
	}
	pinger, asker := h.open(transport), h.open(ctaphid.Loopback(h.key.Handler(), h.key.CTAPHID(3)))
	h.every(997*time.Millisecond, &h.pings, pinger, func() error { return pinger.Ping(h.ctx(), []byte("ping")) })
	h.every(1009*time.Millisecond, &h.infos, asker, func() error { _, err := asker.GetInfo(h.ctx()); return err })
}

// every does something until the hour is over.
func (h *hour) every(period time.Duration, count *tally, d *client.Device, do func() error) {
	h.beside.Go(func() {
		defer d.Close()
		tick := time.NewTicker(period)
		defer tick.Stop()
		for {
			select {
			case <-h.quit:
				return
			case <-tick.C:
			}
			count.done++
			if err := do(); isBusy(err) {
				count.busy++
			} else if err != nil {
				h.t.Errorf("beside: %v", err)
			}
		}
	})
}

func (h *hour) close() {
	close(h.quit)
	h.beside.Wait()
	h.client.Close()
	h.links.pull()
}

func (h *hour) want(what string, got, want error) {
	h.t.Helper()
	if !errors.Is(got, want) {
		h.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// takes checks how long something takes, to the nanosecond.
func (h *hour) takes(what string, want time.Duration, do func()) {
	h.t.Helper()
	began := time.Now()
	do()
	if took := time.Since(began); took != want {
		h.t.Errorf("%s took %v, want %v", what, took, want)
	}
}

// scenes is about fourteen minutes of all that has a time limit.
func (h *hour) scenes() {
	for range 10 {
		h.touched()
	}
	h.untouched()
	h.unusedToken()
	h.usedToken()
	h.nextAssertions()
	h.locked()
	h.halfMessage()
	h.polledTouch()
	h.leftTouch()
}

// touched registers, with a touch between two keepalives.
func (h *hour) touched() {
	n := h.rand.IntN(290)
	delay := time.Duration(n)*keepaliveGap + keepaliveGap/2
	h.user.after(delay)
	defer h.user.after(0)
	h.takes("a registration", delay, func() {
		h.asked(ctap.StatusOK, map[ctap.KeepaliveStatus]int{ctap.KeepaliveUPNeeded: 1 + n, ctap.KeepaliveProcessing: 1})
	})
	h.touches++
}

// untouched registers, and nobody is there.
func (h *hour) untouched() {
	h.user.after(-1)
	defer h.user.after(0)
	h.takes("a registration without a touch", touchLimit, func() {
		h.asked(ctap.StatusUserActionTimeout, map[ctap.KeepaliveStatus]int{
			ctap.KeepaliveUPNeeded: 1 + int(touchLimit/keepaliveGap), ctap.KeepaliveProcessing: 1,
		})
	})
}

// asked registers in reports, and counts the keepalives.
func (h *hour) asked(want ctap.Status, keepalives map[ctap.KeepaliveStatus]int) {
	h.t.Helper()
	raw := connect(h.t, h.links, 0x5eed)
	defer raw.Close()
	raw.write(raw.reports(request{command: ctaphid.CommandCBOR, payload: cbor(ctap.CommandMakeCredential, makeCredential())})...)
	if cmd, answer := raw.answer(); cmd != ctaphid.CommandCBOR || answer[0] != byte(want) {
		h.t.Errorf("got %v %x, want %v", cmd, answer[:1], want)
	}
	for status, want := range keepalives {
		if got := raw.keepalives[status]; got != want {
			h.t.Errorf("%d keepalives of status %d, want %d", got, status, want)
		}
		h.keepalives += raw.keepalives[status]
	}
}

// unusedToken ends thirty seconds after it was given.
func (h *hour) unusedToken() {
	for _, tt := range []struct {
		age  time.Duration
		want error
	}{{30 * time.Second, nil}, {30*time.Second + 1, ctap.StatusPINAuthInvalid}} {
		token := h.token()
		time.Sleep(tt.age)
		h.want("a token of "+tt.age.String(), h.use(token), tt.want)
	}
}

// usedToken lives for ten minutes.
func (h *hour) usedToken() {
	token := h.token()
	h.want("a new token", h.use(token), nil)
	time.Sleep(10 * time.Minute)
	h.want("a token of ten minutes", h.use(token), nil)
	time.Sleep(1 * time.Nanosecond)
	h.want("a token of more", h.use(token), ctap.StatusPINAuthInvalid)
}

func (h *hour) token() *client.Token {
	h.t.Helper()
	token, err := h.client.PINToken(h.ctx(), hourPIN, ctap.PermissionCredentialMgmt, "")
	h.want("getPinToken", err, nil)
	return token
}

func (h *hour) use(token *client.Token) error {
	_, err := h.client.CredentialsMetadata(h.ctx(), token)
	return err
}

// nextAssertions waits for as long as it may between two, and then for longer.
func (h *hour) nextAssertions() {
	req := &ctap.GetAssertionRequest{RPID: "example.com", ClientDataHash: hash}
	first, err := h.client.GetAssertion(h.ctx(), req)
	h.want("getAssertion", err, nil)
	if err == nil && first.NumberOfCredentials != hourUsers {
		h.t.Errorf("%d credentials, want %d", first.NumberOfCredentials, hourUsers)
	}
	time.Sleep(30 * time.Second)
	_, err = h.client.GetNextAssertion(h.ctx())
	h.want("getNextAssertion after 30 s", err, nil)
	time.Sleep(30*time.Second + 1)
	_, err = h.client.GetNextAssertion(h.ctx())
	h.want("getNextAssertion after more", err, ctap.StatusNotAllowed)
}

// locked has one program keep the link for ten seconds from its last message.
func (h *hour) locked() {
	holder, other := connect(h.t, h.links, 0x101), connect(h.t, h.links, 0x102)
	defer holder.Close()
	defer other.Close()
	holder.send(ctaphid.CommandLock, 10)
	holder.want(ctaphid.CommandLock)
	time.Sleep(5 * time.Second)
	holder.send(ctaphid.CommandPing, 1)
	holder.want(ctaphid.CommandPing, 1)
	time.Sleep(10*time.Second - 1)
	other.send(ctaphid.CommandPing, 2)
	other.want(ctaphid.CommandError, byte(ctaphid.ErrChannelBusy))
	time.Sleep(2 * time.Nanosecond)
	other.send(ctaphid.CommandPing, 3)
	other.want(ctaphid.CommandPing, 3)
}

// halfMessage is told so after half a second.
func (h *hour) halfMessage() {
	raw := connect(h.t, h.links, 0x201)
	defer raw.Close()
	h.takes("half a message", 500*time.Millisecond, func() {
		raw.write(raw.reports(request{command: ctaphid.CommandPing, payload: make([]byte, 100)})[0])
		raw.want(ctaphid.CommandError, byte(ctaphid.ErrMsgTimeout))
	})
}

// polledTouch registers as U2F does it: a request of 50 ms, a pause of 200 ms,
// until one of them finds that the key was touched.
func (h *hour) polledTouch() {
	h.user.after(1100 * time.Millisecond)
	defer h.user.after(0)
	h.takes("a U2F registration", 1250*time.Millisecond, func() {
		_, err := h.client.U2FRegister(h.ctx(), ctap.U2FRegisterRequest{Application: [32]byte(hash)})
		h.want("U2F register", err, nil)
	})
}

// leftTouch polls once: three seconds later the prompt goes away.
func (h *hour) leftTouch() {
	h.user.after(10 * time.Second)
	defer h.user.after(0)
	withdrawn := h.user.withdrawn.Load()
	h.takes("one U2F request", 50*time.Millisecond, func() {
		_, err := h.client.U2FRegisterOnce(h.ctx(), ctap.U2FRegisterRequest{Application: [32]byte(hash)})
		h.want("U2F register", err, ctap.SWConditionsNotSatisfied)
	})
	time.Sleep(2900 * time.Millisecond)
	synctest.Wait()
	if n := h.user.withdrawn.Load() - withdrawn; n != 0 {
		h.t.Errorf("%d prompts withdrawn within 3 s, want none", n)
	}
	time.Sleep(100 * time.Millisecond)
	synctest.Wait()
	if n := h.user.withdrawn.Load() - withdrawn; n != 1 {
		h.t.Errorf("%d prompts withdrawn after 3 s, want 1", n)
	}
}
