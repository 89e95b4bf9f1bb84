package desktop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// ErrUnavailable is in the error of a [Way] that cannot be used at present: the
// user has not been asked.
var ErrUnavailable = errors.New("desktop: the user cannot be asked in this way")

// Way is one way of asking the user. A Way that has to be closed is an
// [io.Closer].
type Way interface {
	fmt.Stringer // how the user is asked: "notifications"

	// Check tells why the user cannot be asked so, by an error with
	// ErrUnavailable in it. Nobody sees anything of it.
	Check(ctx context.Context) error

	// Confirm of a Way fails with ErrUnavailable, too.
	authenticator.Presence
}

// Presence asks in the first of several ways that can be used.
type Presence struct {
	ways []Way
	log  *slog.Logger
}

// Open returns a Presence with ways of asking, the best first, which are its own
// from here on. It fails, and closes them, if none can be used now: the error has
// the reason of each.
func Open(ctx context.Context, log *slog.Logger, ways ...Way) (*Presence, error) {
	p := &Presence{ways, log}
	var why []error
	for _, way := range ways {
		err := way.Check(ctx)
		if err == nil {
			return p, nil
		}
		why = append(why, err)
	}
	return nil, errors.Join(append(why, p.Close())...)
}

// Confirm implements [authenticator.Presence]. In place of a long touch there are
// two answers, so far from each other.
func (p *Presence) Confirm(ctx context.Context, prompt authenticator.Prompt) error {
	err := p.ask(ctx, prompt)
	if err != nil || !prompt.Long {
		return err
	}
	select {
	case <-time.After(authenticator.LongTouch):
		return p.ask(ctx, prompt)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ask puts the question once.
func (p *Presence) ask(ctx context.Context, prompt authenticator.Prompt) error {
	for _, way := range p.ways {
		err := way.Confirm(ctx, prompt)
		if !errors.Is(err, ErrUnavailable) {
			return err
		}
		p.log.InfoContext(ctx, "the user is asked in another way", "err", err)
	}
	p.log.ErrorContext(ctx, "nobody can be asked, which counts as a refusal")
	return ctap.StatusOperationDenied
}

// Close closes the ways. Nobody may be asked any more.
func (p *Presence) Close() error {
	var errs []error
	for _, way := range p.ways {
		if c, ok := way.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// unavailable makes the error of a way that cannot be used; but where ctx is at
// its end, that is the reason.
func unavailable(ctx context.Context, way fmt.Stringer, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%v: %w", way, reason{err})
}

// reason is an ErrUnavailable that reads as its cause.
type reason struct{ error }

func (r reason) Unwrap() []error { return []error{ErrUnavailable, r.error} }
