package authenticator

import (
	"context"
	"errors"
	"time"
)

// A U2F host does not wait for the user: it asks again and again until it is
// told yes. So the prompt outlives the request that caused it.
const (
	touchWait   = 50 * time.Millisecond // how long a request waits for the user: presence that is automatic answers at once
	touchKept   = 10 * time.Second      // how long a touch waits for its request
	touchPolled = 3 * time.Second       // how long without a request until the host counts as gone
)

// touch is the user presence of U2F.
//
//	          first request           user agrees            next request
//	(idle) ─────────────────▶ asking ─────────────▶ given ─────────────────▶ (idle), sign
//	   ▲                       │  │ user refuses       │
//	   │                       │  ▼                    │
//	   │ 3 s without           │ refused               │ 10 s
//	   │ a request             │  │                    │
//	   └───────────────────────┴──┴────────────────────┘
//
// The times count from when the user answered, though nobody may hear of it
// before the next request. It belongs to one application: a request of another
// withdraws it. Its methods are called by whoever has the Authenticator's turn;
// the one goroutine, which asks the user, touches nothing of it.
type touch struct {
	ask      func(context.Context, Prompt) error
	presence Presence

	application [32]byte
	prompt      *prompt   // asking
	given       time.Time // when the user agreed; zero: not given
	refused     time.Time // when the user refused, or the last request since; zero: not refused
}

// prompt is a question that is before the user.
type prompt struct {
	answer   chan reply // gets one value
	cancel   context.CancelFunc
	patience *time.Timer // withdraws the question of a host that is gone
	polls    int
}

// reply is what the user said, and when.
type reply struct {
	err error // of Presence.Confirm
	at  time.Time
}

// take tells whether the user is present for a request, and uses the touch up.
// If not, the user is being asked when it returns, or has refused.
func (t *touch) take(ctx context.Context, p Prompt) bool {
	if t.application != p.RPIDHash {
		t.withdraw()
		t.forget()
		t.application = p.RPIDHash
	}
	if t.takeGiven(p.RPIDHash) {
		return true
	}
	if t.isRefused() {
		t.refused = time.Now()
		return false
	}
	if !t.answerNow(p) {
		t.poll(p)
		t.await(ctx, touchWait)
	}
	return t.takeGiven(p.RPIDHash)
}

// answerNow settles the matter if the user need not be asked.
func (t *touch) answerNow(p Prompt) bool {
	if t.prompt != nil {
		return false
	}
	answered, err := confirmNow(t.presence, p)
	if answered {
		t.note(reply{err, time.Now()})
	}
	return answered
}

// takeGiven uses up a touch that is there already.
func (t *touch) takeGiven(application [32]byte) bool {
	t.collect()
	if t.application != application || t.given.IsZero() || time.Since(t.given) > touchKept {
		return false
	}
	t.given = time.Time{}
	return true
}

func (t *touch) isRefused() bool {
	return !t.refused.IsZero() && time.Since(t.refused) <= touchPolled
}

// poll counts a request towards the prompt, and puts it up if there is none.
func (t *touch) poll(p Prompt) {
	n := 1
	if t.prompt != nil {
		n = t.prompt.polls + 1
	}
	if poller, ok := t.presence.(Poller); ok {
		poller.Poll(n)
	}
	if t.prompt == nil {
		t.prompt = t.start(p)
	}
	t.prompt.patience.Reset(touchPolled)
	t.prompt.polls = n
}

// start asks the user. The goroutine ends when the user answered or the
// question is withdrawn; withdraw and await wait for it.
func (t *touch) start(p Prompt) *prompt {
	ctx, cancel := context.WithCancelCause(context.Background())
	q := &prompt{
		answer: make(chan reply, 1),
		cancel: func() { cancel(errWithdrawn) },
	}
	q.patience = time.AfterFunc(touchPolled, q.cancel)
	go func() {
		defer close(q.answer)
		err := t.ask(ctx, p)
		q.answer <- reply{err, time.Now()}
	}()
	return q
}

var errWithdrawn = errors.New("the host stopped asking")

// await waits for the answer for at most d.
func (t *touch) await(ctx context.Context, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case said := <-t.prompt.answer:
		t.settle(said)
	case <-wait.C:
	case <-ctx.Done():
	}
}

// collect takes in an answer that is there.
func (t *touch) collect() {
	if t.prompt == nil {
		return
	}
	select {
	case said := <-t.prompt.answer:
		t.settle(said)
	default:
	}
}

// settle ends the prompt with the user's answer.
func (t *touch) settle(said reply) {
	t.prompt.patience.Stop()
	t.prompt.cancel()
	<-t.prompt.answer // closed when the goroutine is about to end
	t.prompt = nil
	t.note(said)
}

// note keeps the user's answer.
func (t *touch) note(said reply) {
	switch {
	case said.err == nil:
		t.given = said.at
	case !errors.Is(said.err, errWithdrawn):
		t.refused = said.at
	}
}

// withdraw takes the question away from the user, if there is one.
func (t *touch) withdraw() {
	if t.prompt == nil {
		return
	}
	t.prompt.cancel()
	t.settle(<-t.prompt.answer)
}

// forget is what unplugging does: no touch is given, none refused.
func (t *touch) forget() {
	t.given, t.refused = time.Time{}, time.Time{}
}
