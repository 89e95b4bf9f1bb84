package main

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/softkey-project/softkey/authenticator"
)

// openApprove agrees at once, or after a duration. Where a long touch is wanted,
// the duration is how long the key is touched, and too short a touch is no answer;
// without a duration it is touched for as long as it takes.
func openApprove(_ presenceEnv, arg string) (authenticator.Presence, error) {
	if arg == "" {
		return authenticator.Approve{}, nil
	}
	d, err := time.ParseDuration(arg)
	if err != nil || d < 0 {
		return nil, usagef("presence approve:%s: write a duration, such as approve:2s", arg)
	}
	return authenticator.PresenceFunc(func(ctx context.Context, p authenticator.Prompt) error {
		if p.Long && d < authenticator.LongTouch {
			return authenticator.Ignore(ctx, p)
		}
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}), nil
}

func openDeny(presenceEnv, string) (authenticator.Presence, error) {
	return authenticator.Deny{}, nil
}

func openIgnore(presenceEnv, string) (authenticator.Presence, error) {
	return authenticator.PresenceFunc(authenticator.Ignore), nil
}

// openOnce agrees to the first prompt.
func openOnce(presenceEnv, string) (authenticator.Presence, error) {
	var used atomic.Bool
	return authenticator.PresenceFunc(func(ctx context.Context, p authenticator.Prompt) error {
		if used.Swap(true) {
			return authenticator.Ignore(ctx, p)
		}
		return nil
	}), nil
}

// openPolls agrees to the Nth poll of a U2F host.
func openPolls(_ presenceEnv, arg string) (authenticator.Presence, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 {
		return nil, usagef("presence polls:%s: write a number from 1, such as polls:3", arg)
	}
	return &polls{wanted: n, touch: make(chan struct{}, 1)}, nil
}

// polls is a user who touches the key when a U2F host has asked so many times.
type polls struct {
	wanted int
	touch  chan struct{} // holds a token from the wanted poll until Confirm takes it, or the next prompt begins
}

// Confirm implements [authenticator.Presence]. Hosts of CTAP2 ask once, and are
// told yes at once.
func (p *polls) Confirm(ctx context.Context, prompt authenticator.Prompt) error {
	if prompt.Operation != authenticator.OperationU2FRegister && prompt.Operation != authenticator.OperationU2FAuthenticate {
		return nil
	}
	select {
	case <-p.touch:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Poll implements [authenticator.Poller].
func (p *polls) Poll(n int) {
	if n == 1 {
		p.drop()
	}
	if n != p.wanted {
		return
	}
	select {
	case p.touch <- struct{}{}:
	default: // no prompt gets there twice
	}
}

// drop takes a touch away that crossed the end of the last prompt.
func (p *polls) drop() {
	select {
	case <-p.touch:
	default:
	}
}
