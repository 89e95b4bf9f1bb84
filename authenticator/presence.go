package authenticator

import (
	"context"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// Kind says what a [Prompt] is about, apart from its details.
type Kind string

// The kinds of prompt.
const (
	KindConsent Kind = "consent" // register or sign in at a site
	KindSelect  Kind = "select"  // choose this key among several; no site is behind it
	KindReset   Kind = "reset"   // erase the key
	KindEnroll  Kind = "enroll"  // touch the sensor, to enrol a finger
)

// The operations of a [Prompt] that are no CTAP2 command.
const (
	OperationU2FRegister     = "U2F_REGISTER"
	OperationU2FAuthenticate = "U2F_AUTHENTICATE"
)

// Prompt says what the user is asked to agree to.
type Prompt struct {
	Operation string   // "authenticatorMakeCredential", …, or one of U2F
	Kind      Kind     // never empty
	RPID      string   // empty where unknown: U2F tells the hash alone
	RPIDHash  [32]byte // zero where there is no site
	User      string   // the account, where known
	Long      bool     // a touch of LongTouch or more is wanted
	Timeout   time.Duration
}

// LongTouch is the least duration of a long touch (CTAP 2.3 §6.6).
const LongTouch = 5 * time.Second

// Presence collects the test of user presence.
//
// Confirm returns nil when the user agreed, [ctap.StatusOperationDenied] when
// not, and the cause of ctx soon after ctx ended. It is called from one
// goroutine at a time.
type Presence interface {
	Confirm(ctx context.Context, p Prompt) error
}

// A Poller is a [Presence] that is told how often a U2F host has asked. U2F
// hosts do not wait: they repeat the request until there was a touch.
type Poller interface {
	// Poll is called for the nth request, counted from 1, that one prompt
	// stands for; it must not block. The first comes before its Confirm, which
	// is running when the others come, or has just returned.
	Poll(n int)
}

// PresenceFunc makes a [Presence] of a function.
type PresenceFunc func(ctx context.Context, p Prompt) error

// Confirm calls f.
func (f PresenceFunc) Confirm(ctx context.Context, p Prompt) error { return f(ctx, p) }

// An Immediate is a [Presence] that may answer without asking anybody. A U2F
// request, which cannot wait, then has its answer however busy the machine is;
// the others do without a timer.
type Immediate interface {
	// ConfirmNow answers as Confirm would, at once; answered is false where it
	// takes a Confirm, which follows.
	ConfirmNow(p Prompt) (answered bool, err error)
}

// confirmNow is ConfirmNow of those that have it.
func confirmNow(presence Presence, p Prompt) (answered bool, err error) {
	if immediate, ok := presence.(Immediate); ok {
		return immediate.ConfirmNow(p)
	}
	return false, nil
}

// Approve is a [Presence] that agrees to everything, at once.
type Approve struct{}

// Confirm implements [Presence].
func (Approve) Confirm(context.Context, Prompt) error { return nil }

// ConfirmNow implements [Immediate].
func (Approve) ConfirmNow(Prompt) (answered bool, err error) { return true, nil }

// Deny is a [Presence] that agrees to nothing, at once.
type Deny struct{}

// Confirm implements [Presence].
func (Deny) Confirm(context.Context, Prompt) error { return ctap.StatusOperationDenied }

// ConfirmNow implements [Immediate].
func (Deny) ConfirmNow(Prompt) (answered bool, err error) { return true, ctap.StatusOperationDenied }

// Ignore is a [Presence] that never answers.
func Ignore(ctx context.Context, _ Prompt) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// defaultPresenceTimeout is how long a touch is waited for (§3.1 asks for ten
// seconds at least).
const defaultPresenceTimeout = 30 * time.Second

// confirm asks the user, while the host of c is told that the key waits for
// them. The error is a [ctap.Status]: denied, timed out or cancelled.
func (a *Authenticator) confirm(ctx context.Context, c *call, p Prompt) error {
	a.touch.withdraw() // a U2F host that polls meanwhile starts over
	c.Notify(ctap.KeepaliveUPNeeded)
	defer c.Notify(ctap.KeepaliveProcessing)
	return a.ask(ctx, p)
}

// ask is Presence.Confirm, within the time limit where it takes any.
func (a *Authenticator) ask(ctx context.Context, p Prompt) error {
	p.Timeout = a.cfg.PresenceTimeout
	if answered, err := confirmNow(a.cfg.Presence, p); answered {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, p.Timeout, ctap.StatusUserActionTimeout)
	defer cancel()
	err := a.cfg.Presence.Confirm(ctx, p)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
