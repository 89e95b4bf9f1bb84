package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// fakeTerminal is a terminal whose keys a test presses.
type fakeTerminal struct {
	net.Conn          // what is read from it
	keys     net.Conn // the other end

	mu       sync.Mutex
	screen   bytes.Buffer
	restored int
}

func newFakeTerminal() *fakeTerminal {
	keys, conn := net.Pipe()
	return &fakeTerminal{Conn: conn, keys: keys}
}

func (f *fakeTerminal) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.screen.Write(p)
}

func (f *fakeTerminal) raw() (func() error, error) {
	return func() error { f.restored++; return nil }, nil
}

// shows returns what is on the screen, and clears it. Lines that were wiped and
// written again are there as they last were.
func (f *fakeTerminal) shows() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := strings.ReplaceAll(f.screen.String(), "\r\n", "\n")
	f.screen.Reset()
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(line[strings.LastIndex(line, "\r")+1:])
	}
	return b.String()
}

// asking is a prompt that is before a user.
type asking struct {
	*fakeTerminal
	interrupted int
	log         bytes.Buffer
	answer      chan error
	cancel      context.CancelCauseFunc
}

// ask puts p before a user, inside a bubble of synctest.
func ask(t *testing.T, p authenticator.Prompt) *asking {
	t.Helper()
	a := &asking{fakeTerminal: newFakeTerminal(), answer: make(chan error, 1)}
	log := slog.New(newLogHandler(&a.log, slog.LevelDebug))
	presence := &prompter{
		terminal: a.fakeTerminal, env: presenceEnv{console: newConsole(&a.log), log: log},
		interrupt: func() error { a.interrupted++; return nil },
	}
	var ctx context.Context
	ctx, a.cancel = context.WithCancelCause(t.Context())
	limited, stop := context.WithTimeoutCause(ctx, p.Timeout, ctap.StatusUserActionTimeout)
	var asker sync.WaitGroup
	asker.Go(func() { a.answer <- presence.Confirm(limited, p) })
	t.Cleanup(func() {
		stop()
		asker.Wait()
		presence.Close()
		a.keys.Close()
	})
	return a
}

// press presses keys, once the prompt is up.
func (a *asking) press(keys string) {
	time.Sleep(2 * keyTail)
	a.keys.Write([]byte(keys))
}

func register() authenticator.Prompt {
	return authenticator.Prompt{
		Operation: "authenticatorMakeCredential", Kind: authenticator.KindConsent,
		RPID: "example.com", RPIDHash: [32]byte{1}, User: "alice", Timeout: 30 * time.Second,
	}
}

const registerHead = "\nRegister?\n  site     example.com\n  account  alice\n  request  authenticatorMakeCredential\n"

func TestPromptAnswers(t *testing.T) {
	tests := []struct {
		name        string
		keys        []string
		want        error
		last        string
		interrupted int
	}{
		{"yes", []string{"y"}, nil, "  approved\n", 0},
		{"YES", []string{"Y"}, nil, "  approved\n", 0},
		{"no", []string{"n"}, ctap.StatusOperationDenied, "  refused\n", 0},
		{"other keys before", []string{"x", "\r\n", " ", "y"}, nil, "  approved\n", 0},
		{"the first of two counts", []string{"ny"}, ctap.StatusOperationDenied, "  refused\n", 0},
		{"an escape sequence is no answer", []string{"\x1b[0n", "\x1by", "n"}, ctap.StatusOperationDenied, "  refused\n", 0},
		{"Ctrl-C", []string{"\x03"}, ctap.StatusOperationDenied, "  refused\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, register())
				for _, keys := range tt.keys {
					a.press(keys)
				}
				if err := <-a.answer; !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if got, want := a.shows(), registerHead+tt.last; got != want {
					t.Errorf("the screen is\n%q, want\n%q", got, want)
				}
				if a.restored != 1 || a.interrupted != tt.interrupted {
					t.Errorf("restored %d times, interrupted %d times; want 1, %d", a.restored, a.interrupted, tt.interrupted)
				}
			})
		})
	}
}

// A long touch is a key that repeats for five seconds without a gap.
func TestPromptLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reset := authenticator.Prompt{Operation: "authenticatorReset", Kind: authenticator.KindReset, Long: true, Timeout: time.Minute}
		a := ask(t, reset)
		hold := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				a.keys.Write([]byte("y"))
			}
		}
		time.Sleep(2 * keyTail)
		if got := a.shows(); !strings.HasSuffix(got, "  approve? hold y for 5 s, or n  60 s ") {
			t.Errorf("the screen is %q, want how long y is held", got)
		}
		hold(4 * time.Second)
		time.Sleep(holdGap) // let go
		hold(authenticator.LongTouch - time.Second)
		select {
		case err := <-a.answer:
			t.Fatalf("a short touch answered: %v", err)
		default:
		}
		hold(1050 * time.Millisecond) // the last key is the one at five seconds
		if err := <-a.answer; err != nil {
			t.Errorf("got %v, want nil", err)
		}
	})
}

func TestPromptCountsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, register())
		time.Sleep(keyTail)
		synctest.Wait()
		if got, want := a.shows(), registerHead+"  approve? y/n  30 s "; got != want {
			t.Errorf("at first the screen is\n%q, want\n%q", got, want)
		}
		time.Sleep(time.Second)
		for _, want := range []string{"  approve? y/n  29 s ", "  approve? y/n  28 s "} {
			synctest.Wait()
			if got := a.shows(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			time.Sleep(time.Second)
		}
		a.press("x") // does not disturb the clock
		synctest.Wait()
		a.shows()
		time.Sleep(time.Second - 3*keyTail)
		synctest.Wait()
		if got, want := a.shows(), "  approve? y/n  26 s "; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if err := <-a.answer; err != ctap.StatusUserActionTimeout {
			t.Errorf("got %v, want %v", err, ctap.StatusUserActionTimeout)
		}
		if got, want := a.shows(), "  not answered in 30s\n"; got != want {
			t.Errorf("at last the screen is %q, want %q", got, want)
		}
	})
}

// Keys pressed before a prompt are meant for something else.
func TestPromptIgnoresEarlierKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, register())
		a.keys.Write([]byte("yyy")) // before it is up
		a.keys.Write([]byte("y"))
		synctest.Wait()
		select {
		case err := <-a.answer:
			t.Errorf("a key pressed before the prompt answered it: %v", err)
		default:
		}
		a.press("n")
		if err := <-a.answer; err != ctap.StatusOperationDenied {
			t.Errorf("got %v, want %v", err, ctap.StatusOperationDenied)
		}
	})
}

func TestPromptWithdrawn(t *testing.T) {
	for _, cause := range []error{ctap.StatusKeepaliveCancel, net.ErrClosed} {
		t.Run(cause.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, register())
				time.Sleep(1500 * time.Millisecond)
				start := time.Now()
				a.cancel(cause)
				if err := <-a.answer; err != cause {
					t.Errorf("got %v, want %v", err, cause)
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("it took %v, want none", took)
				}
				if got, want := a.shows(), registerHead+"  withdrawn: nobody waits for it any more\n"; got != want {
					t.Errorf("the screen is\n%q, want\n%q", got, want)
				}
				if a.restored != 1 {
					t.Errorf("the terminal was restored %d times, want once", a.restored)
				}
			})
		})
	}
}

// A prompt that is withdrawn while earlier keys are dropped goes at once, too.
func TestPromptWithdrawnEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, register())
		a.cancel(ctap.StatusKeepaliveCancel)
		if err := <-a.answer; err != ctap.StatusKeepaliveCancel {
			t.Errorf("got %v, want %v", err, ctap.StatusKeepaliveCancel)
		}
	})
}

func TestPromptTerminalGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := ask(t, register())
		time.Sleep(time.Second)
		a.keys.Close()
		if err := <-a.answer; err != ctap.StatusOperationDenied {
			t.Errorf("got %v, want %v", err, ctap.StatusOperationDenied)
		}
		if !strings.HasPrefix(a.log.String(), "softkey: warning: the terminal has gone") {
			t.Errorf("the log is %q", &a.log)
		}
	})
}

func TestPromptHeads(t *testing.T) {
	hash := [32]byte{0xab, 0xcd, 0xef, 0x01, 0x23}
	tests := []struct {
		name string
		p    authenticator.Prompt
		want string
	}{
		{"sign in",
			authenticator.Prompt{Operation: "authenticatorGetAssertion", Kind: authenticator.KindConsent, RPID: "example.com"},
			"\nSign in?\n  site     example.com\n  request  authenticatorGetAssertion\n"},
		{"U2F",
			authenticator.Prompt{Operation: authenticator.OperationU2FAuthenticate, Kind: authenticator.KindConsent, RPIDHash: hash},
			"\nSign in?\n  site     not named (U2F application abcdef01…)\n  request  U2F_AUTHENTICATE\n"},
		{"reset",
			authenticator.Prompt{Operation: "authenticatorReset", Kind: authenticator.KindReset},
			"\nErase this key?\n  Every credential on it will be gone, for all sites and for good.\n  request  authenticatorReset\n"},
		{"select, by a registration at a site that does not exist",
			authenticator.Prompt{Operation: "authenticatorMakeCredential", Kind: authenticator.KindSelect, RPID: ".dummy", RPIDHash: hash},
			"\nSelect this key?\n  A program asks which of your keys to use; no site is involved.\n  request  authenticatorMakeCredential\n"},
		{"enrol",
			authenticator.Prompt{Operation: "authenticatorBioEnrollment", Kind: authenticator.KindEnroll},
			"\nEnrol a finger?\n  A touch is a sample of the finger; several make a fingerprint.\n  request  authenticatorBioEnrollment\n"},
		{"hostile names",
			authenticator.Prompt{Operation: "authenticatorGetAssertion", Kind: authenticator.KindConsent, RPID: "a\x1b[2Jb\r\n", User: "\u202ebob"},
			"\nSign in?\n  site     a\\x1b[2Jb\\r\\n\n  account  \\u202ebob\n  request  authenticatorGetAssertion\n"},
		{"endless name",
			authenticator.Prompt{Operation: "authenticatorGetAssertion", Kind: authenticator.KindConsent, RPID: strings.Repeat("x", 5000)},
			"\nSign in?\n  site     " + strings.Repeat("x", maxShown) + "…\n  request  authenticatorGetAssertion\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (style{}).head(tt.p); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStyle(t *testing.T) {
	tests := []struct {
		env    map[string]string
		colour bool
	}{
		{map[string]string{"TERM": "xterm"}, true},
		{map[string]string{"TERM": "dumb"}, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false},
	}
	for _, tt := range tests {
		if got := styleOf(func(name string) string { return tt.env[name] }).colour; got != tt.colour {
			t.Errorf("in %v colour is %v, want %v", tt.env, got, tt.colour)
		}
	}
}

// The log goes above a prompt, whose last line stays the last.
func TestConsoleAbovePrompt(t *testing.T) {
	var screen bytes.Buffer
	c := &console{out: &screen, terminal: true}
	c.begin(&screen, "Register?\n")
	c.redraw("30 s")
	c.Write([]byte("softkey: one\nsoftkey: two\n"))
	c.redraw("29 s")
	c.end("approved")
	c.Write([]byte("softkey: three\n"))
	want := "Register?\r\n" + "\r\r30 s" +
		"\r    \rsoftkey: one\r\nsoftkey: two\r\n30 s" +
		"\r    \r29 s" + "\r    \rapproved\r\n" + "softkey: three\n"
	if got := screen.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A log that goes elsewhere knows nothing of the prompt.
func TestConsoleBesidePrompt(t *testing.T) {
	var screen, out bytes.Buffer
	c := &console{out: &out}
	c.begin(&screen, "Register?\n")
	c.redraw("30 s")
	c.Write([]byte("softkey: one\n"))
	if got, want := out.String(), "softkey: one\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
