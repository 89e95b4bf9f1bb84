package desktop

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// way is a Way that answers with the error in it.
type way struct {
	answer error
	asked  int
	closed bool
}

func (w *way) String() string { return "telepathy" }

func (w *way) Check(context.Context) error {
	if errors.Is(w.answer, ErrUnavailable) {
		return w.answer
	}
	return nil
}

func (w *way) Confirm(context.Context, authenticator.Prompt) error {
	w.asked++
	return w.answer
}

func (w *way) Close() error {
	w.closed = true
	return nil
}

func TestFirstWayThatCan(t *testing.T) {
	no := unavailable(context.Background(), &way{}, errors.New("no medium"))
	tests := []struct {
		name        string
		first, next way
		want        error
		asked       int // by the next way
	}{
		{"the first", way{}, way{answer: ctap.StatusOperationDenied}, nil, 0},
		{"a refusal is an answer", way{answer: ctap.StatusOperationDenied}, way{}, ctap.StatusOperationDenied, 0},
		{"an end is one", way{answer: ctap.StatusUserActionTimeout}, way{}, ctap.StatusUserActionTimeout, 0},
		{"the next", way{answer: no}, way{}, nil, 1},
		{"the next refuses", way{answer: no}, way{answer: ctap.StatusOperationDenied}, ctap.StatusOperationDenied, 1},
		{"none any more", way{answer: no}, way{answer: no}, ctap.StatusOperationDenied, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &Presence{[]Way{&tt.first, &tt.next}, discard()}
			if err := p.Confirm(t.Context(), prompt); err != tt.want {
				t.Errorf("Confirm = %v, want %v", err, tt.want)
			}
			if tt.next.asked != tt.asked {
				t.Errorf("the next way asked %d times, want %d", tt.next.asked, tt.asked)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	no := unavailable(context.Background(), &way{}, errors.New("no medium"))
	first, next := &way{answer: no}, &way{}
	p, err := Open(t.Context(), discard(), first, next)
	if err != nil || first.closed || next.closed {
		t.Fatalf("Open = %v, closed %v, %v; want no error, open", err, first.closed, next.closed)
	}
	if err := p.Close(); err != nil || !first.closed || !next.closed {
		t.Errorf("Close = %v, closed %v, %v; want both", err, first.closed, next.closed)
	}

	first, next = &way{answer: no}, &way{answer: no}
	_, err = Open(t.Context(), discard(), first, next)
	const want = "telepathy: no medium\ntelepathy: no medium"
	if err == nil || err.Error() != want || !first.closed || !next.closed {
		t.Errorf("Open = %v, closed %v, %v; want %q, closed", err, first.closed, next.closed, want)
	}
}

// A long touch is two answers, five seconds from each other.
func TestLongTouch(t *testing.T) {
	long := prompt
	long.Long = true
	synctest.Test(t, func(t *testing.T) {
		start, w := time.Now(), &way{}
		p := &Presence{[]Way{w}, discard()}
		if err := p.Confirm(t.Context(), long); err != nil || w.asked != 2 || time.Since(start) != authenticator.LongTouch {
			t.Errorf("Confirm = %v, asked %d times in %v; want 2 in %v", err, w.asked, time.Since(start), authenticator.LongTouch)
		}

		w.asked = 0
		ctx, cancel := context.WithTimeoutCause(t.Context(), authenticator.LongTouch-1, ctap.StatusUserActionTimeout)
		defer cancel()
		if err := p.Confirm(ctx, long); err != ctap.StatusUserActionTimeout || w.asked != 1 {
			t.Errorf("Confirm = %v, asked %d times; want %v, asked once", err, w.asked, ctap.StatusUserActionTimeout)
		}

		refusing := &way{answer: ctap.StatusOperationDenied}
		p = &Presence{[]Way{refusing}, discard()}
		if err := p.Confirm(t.Context(), long); err != ctap.StatusOperationDenied || refusing.asked != 1 {
			t.Errorf("Confirm = %v, asked %d times; want %v, asked once", err, refusing.asked, ctap.StatusOperationDenied)
		}
	})
}

func TestUnavailable(t *testing.T) {
	cause := errors.New("no medium")
	err := unavailable(t.Context(), &way{}, cause)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, cause) || err.Error() != "telepathy: no medium" {
		t.Errorf("got %v, want %v and %v", err, ErrUnavailable, cause)
	}
	ctx, cancel := cancelled(t)
	cancel()
	if err := unavailable(ctx, &way{}, cause); err != ctap.StatusKeepaliveCancel {
		t.Errorf("got %v, want %v", err, ctap.StatusKeepaliveCancel)
	}
}
