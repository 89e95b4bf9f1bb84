package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// quiet is what presence modes need, of a program that says nothing.
func quiet() presenceEnv {
	return presenceEnv{console: newConsole(io.Discard), log: slog.New(slog.DiscardHandler)}
}

func mustOpen(t *testing.T, mode string) authenticator.Presence {
	t.Helper()
	p, err := openPresence(quiet(), mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closePresence(p); err != nil {
			t.Error(err)
		}
	})
	return p
}

// confirm asks p as the authenticator does, and returns how long it took.
func confirm(p authenticator.Presence, prompt authenticator.Prompt) (time.Duration, error) {
	ctx, stop := context.WithTimeoutCause(context.Background(), 30*time.Second, ctap.StatusUserActionTimeout)
	defer stop()
	start := time.Now()
	err := p.Confirm(ctx, prompt)
	return time.Since(start), err
}

func TestModes(t *testing.T) {
	const ignored = 30 * time.Second
	u2f := authenticator.Prompt{Operation: authenticator.OperationU2FRegister, Kind: authenticator.KindConsent}
	type answer struct {
		took time.Duration
		err  error
	}
	tests := []struct {
		mode   string
		prompt authenticator.Prompt
		want   []answer
	}{
		{"approve", register(), []answer{{0, nil}, {0, nil}}},
		{"approve:2s", register(), []answer{{2 * time.Second, nil}, {2 * time.Second, nil}}},
		{"approve:0s", register(), []answer{{0, nil}}},
		{"approve:1m", register(), []answer{{ignored, ctap.StatusUserActionTimeout}}},
		{"deny", register(), []answer{{0, ctap.StatusOperationDenied}}},
		{"ignore", register(), []answer{{ignored, ctap.StatusUserActionTimeout}}},
		{"once", register(), []answer{{0, nil}, {ignored, ctap.StatusUserActionTimeout}}},
		{"polls:2", register(), []answer{{0, nil}, {0, nil}}},
		{"polls:2", u2f, []answer{{ignored, ctap.StatusUserActionTimeout}}}, // nobody polls
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := mustOpen(t, tt.mode)
				for i, want := range tt.want {
					took, err := confirm(p, tt.prompt)
					if took != want.took || !errors.Is(err, want.err) {
						t.Errorf("prompt %d: got %v after %v, want %v after %v", i+1, err, took, want.err, want.took)
					}
				}
			})
		})
	}
}

// The Nth poll is a touch, for its prompt alone.
func TestPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := mustOpen(t, "polls:3")
		poll := p.(authenticator.Poller).Poll
		ask := func() (context.CancelFunc, chan error) {
			poll(1) // the first comes before its prompt
			ctx, cancel := context.WithCancel(t.Context())
			answer := make(chan error, 1)
			var asker sync.WaitGroup
			asker.Go(func() {
				answer <- p.Confirm(ctx, authenticator.Prompt{Operation: authenticator.OperationU2FAuthenticate})
			})
			t.Cleanup(func() { cancel(); asker.Wait() })
			return cancel, answer
		}
		waits := func(answer chan error) {
			t.Helper()
			synctest.Wait()
			if len(answer) > 0 {
				t.Errorf("answered %v, want none yet", <-answer)
			}
		}

		_, answer := ask()
		poll(2)
		waits(answer)
		poll(3)
		if err := <-answer; err != nil {
			t.Errorf("at the third poll got %v, want nil", err)
		}
		poll(4) // one that crossed the answer

		cancel, answer := ask()
		waits(answer)
		cancel()
		if err := <-answer; err != context.Canceled {
			t.Errorf("withdrawn: got %v, want %v", err, context.Canceled)
		}
		poll(3) // too late

		_, answer = ask()
		waits(answer)
	})
}

// A signal answers the prompt that stands, or one that is just about to be put
// up, and no other.
func TestSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		touch, refusal := os.Interrupt, os.Kill
		s := newSignals(quiet().log, touch)
		defer s.Close()
		send := func(sig os.Signal) { s.came <- sig; synctest.Wait() }
		after := func(d time.Duration, sig os.Signal) func() {
			var sender sync.WaitGroup
			sender.Go(func() { time.Sleep(d); s.came <- sig })
			return sender.Wait
		}
		want := func(what string, wantTook time.Duration, wantErr error) {
			t.Helper()
			if took, err := confirm(s, register()); took != wantTook || !errors.Is(err, wantErr) {
				t.Errorf("%s: got %v after %v, want %v after %v", what, err, took, wantErr, wantTook)
			}
		}

		wait := after(5*time.Second, touch)
		want("touch", 5*time.Second, nil)
		wait()
		wait = after(5*time.Second, refusal)
		want("refusal", 5*time.Second, ctap.StatusOperationDenied)
		wait()

		send(touch)
		want("touch just before", 0, nil)
		send(refusal)
		send(touch)
		want("the last of two", 0, nil)
		send(touch)
		time.Sleep(earlyTouch + 1)
		want("touch long before", 30*time.Second, ctap.StatusUserActionTimeout)
	})
}

// A long touch is agreed to by one that is long enough; approve takes its time.
func TestApproveLong(t *testing.T) {
	for mode, want := range map[string]error{
		"approve": nil, "approve:5s": nil, "approve:4s": ctap.StatusUserActionTimeout, "approve:0s": ctap.StatusUserActionTimeout,
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := openPresence(quiet(), mode)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, ctap.StatusUserActionTimeout)
			defer cancel()
			if err := p.Confirm(ctx, authenticator.Prompt{Kind: authenticator.KindReset, Long: true}); err != want {
				t.Errorf("%s: got %v, want %v", mode, err, want)
			}
		})
	}
}
