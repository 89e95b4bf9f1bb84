package control

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/softkey-project/softkey/authenticator"
)

// confirm asks in a goroutine, and returns what comes of it.
func confirm(ctx context.Context, c *Consent) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.Confirm(ctx, authenticator.Prompt{}) }()
	synctest.Wait()
	return done
}

// Who has been told that a touch counts is believed, also when the command is
// cancelled in the same moment.
func TestAnswerThatCrossesACancellation(t *testing.T) {
	for _, want := range []error{nil, errors.New("refused")} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c := NewConsent()
			done := confirm(ctx, c)
			q, _ := c.current()
			if !c.take(q) { // as answer does
				t.Fatal("nothing is asked")
			}
			cancel()
			synctest.Wait()
			q.answer <- want
			if err := <-done; err != want {
				t.Errorf("Confirm: got %v, want %v", err, want)
			}
		})
	}
}

// A question in whose place another one came ends with its command.
func TestQuestionThatIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := NewConsent()
		first, second := confirm(ctx, c), confirm(t.Context(), c)
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the first: got %v, want %v", err, context.Canceled)
		}
		if _, ok := c.answer(t.Context(), nil); !ok {
			t.Error("the second cannot be answered")
		}
		if err := <-second; err != nil {
			t.Errorf("the second: got %v, want none", err)
		}
	})
}
