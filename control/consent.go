package control

import (
	"context"
	"sync"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// Consent is a user whose answers come over the interface. It implements
// [authenticator.Presence] and [authenticator.Verification]: a touch agrees to
// either.
type Consent struct {
	mu      sync.Mutex
	pending *question
	asked   chan struct{} // closed when the next question comes up
}

// question is a prompt that waits for its answer.
type question struct {
	prompt authenticator.Prompt
	answer chan error // takes one value without blocking
	taken  bool       // by whoever answers it, or no longer asks; guarded by mu
}

// NewConsent returns a user who is asked nothing yet.
func NewConsent() *Consent { return &Consent{asked: make(chan struct{})} }

// Confirm waits for the answer to p.
func (c *Consent) Confirm(ctx context.Context, p authenticator.Prompt) error {
	q := &question{prompt: p, answer: make(chan error, 1)}
	c.put(q)
	select {
	case err := <-q.answer:
		return err
	case <-ctx.Done():
	}
	if c.take(q) {
		return context.Cause(ctx)
	}
	return <-q.answer // somebody has been told that it counts
}

// Verify waits for the answer to p: a touch is the right finger, a refusal the
// wrong one.
func (c *Consent) Verify(ctx context.Context, p authenticator.Prompt) (bool, error) {
	err := c.Confirm(ctx, p)
	if err == ctap.StatusOperationDenied {
		return false, nil
	}
	return err == nil, err
}

func (c *Consent) put(q *question) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = q
	close(c.asked)
	c.asked = make(chan struct{})
}

// take takes a question away, and tells whether it was still there: of several
// answers one gets it.
func (c *Consent) take(q *question) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.taken {
		return false
	}
	q.taken = true
	if c.pending == q {
		c.pending = nil
	}
	return true
}

// Prompt returns what is being asked, and whether anything is.
func (c *Consent) Prompt() (authenticator.Prompt, bool) {
	q, _ := c.current()
	if q == nil {
		return authenticator.Prompt{}, false
	}
	return q.prompt, true
}

func (c *Consent) current() (*question, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending, c.asked
}

// answer gives the answer to what is asked, or to what is asked next before ctx
// ends, and returns the prompt; false if nothing was.
func (c *Consent) answer(ctx context.Context, err error) (authenticator.Prompt, bool) {
	for {
		q, asked := c.current()
		if q != nil && c.take(q) {
			q.answer <- err
			return q.prompt, true
		}
		if q != nil {
			continue // somebody else was faster
		}
		select {
		case <-asked:
		case <-ctx.Done():
			return authenticator.Prompt{}, false
		}
	}
}
