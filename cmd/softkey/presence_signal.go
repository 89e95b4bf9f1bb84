package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// earlyTouch is how long before its prompt a touch may come: a host is told that
// the key waits, and may tell the user, a moment before the prompt is up.
const earlyTouch = time.Second

// openSignal lets other processes stand in for the user.
func openSignal(env presenceEnv, _ string) (authenticator.Presence, error) {
	touch, refusal, ok := presenceSignals()
	if !ok {
		return nil, usagef("presence signal: this system has no such signals")
	}
	s := newSignals(env.log, touch)
	signal.Notify(s.came, touch, refusal)
	return s, nil
}

// signals is a user who touches the key by SIGUSR1 and refuses by SIGUSR2.
// Long before a prompt a signal does nothing.
type signals struct {
	log   *slog.Logger
	touch os.Signal // the other one refuses

	came     chan os.Signal
	last     chan moment // holds the last signal until a prompt takes it
	receiver sync.WaitGroup
}

// moment is a signal and when it came.
type moment struct {
	os.Signal
	at time.Time
}

func newSignals(log *slog.Logger, touch os.Signal) *signals {
	s := &signals{log: log, touch: touch, came: make(chan os.Signal, 1), last: make(chan moment, 1)}
	s.receiver.Go(s.receive)
	return s
}

// receive keeps the last signal, with its time, until Close.
func (s *signals) receive() {
	for sig := range s.came {
		select {
		case <-s.last: // no prompt took it
		default:
		}
		s.last <- moment{sig, time.Now()}
	}
}

// Confirm implements [authenticator.Presence].
func (s *signals) Confirm(ctx context.Context, p authenticator.Prompt) error {
	since := time.Now().Add(-earlyTouch)
	s.log.InfoContext(ctx, "waiting for SIGUSR1 or SIGUSR2: "+describe(p), "pid", os.Getpid())
	for {
		select {
		case m := <-s.last:
			if m.at.Before(since) {
				continue
			}
			if m.Signal == s.touch {
				return nil
			}
			return ctap.StatusOperationDenied
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close gives the signals back to the system.
func (s *signals) Close() error {
	signal.Stop(s.came)
	close(s.came)
	s.receiver.Wait()
	return nil
}
