package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// openPrompt asks on the terminal.
func openPrompt(env presenceEnv, _ string) (authenticator.Presence, error) {
	p, err := openPrompter(env)
	if err != nil {
		return nil, hint(err, "say who answers: --presence approve, deny, signal, command:CMD, …")
	}
	return p, nil
}

func openPrompter(env presenceEnv) (*prompter, error) {
	t, err := openTTY()
	if err != nil {
		return nil, err
	}
	return &prompter{terminal: t, env: env, style: styleOf(os.Getenv), interrupt: interruptSelf}, nil
}

// interruptSelf is what a terminal does by itself when it is not in raw mode.
func interruptSelf() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Signal(os.Interrupt)
}

// prompter asks the user at a terminal, which it has in raw mode meanwhile:
//
//	Register?
//	  site     example.com
//	  account  alice
//	  approve? y/n  27 s
//
// The last line counts down, and becomes the outcome.
type prompter struct {
	terminal  terminal
	env       presenceEnv
	style     style
	interrupt func() error // ends the program
	verifies  bool         // the user is to be recognised, not just there
}

// keyTail is how long keys that were pressed before a prompt may still arrive.
const keyTail = 10 * time.Millisecond

// Confirm implements [authenticator.Presence].
func (t *prompter) Confirm(ctx context.Context, p authenticator.Prompt) error {
	restore, err := t.terminal.raw()
	if err != nil {
		t.env.log.ErrorContext(ctx, "nobody can be asked", "err", err)
		return ctap.StatusOperationDenied
	}
	t.env.console.begin(t.terminal, t.head(p))
	err = t.ask(ctx, p, time.Now().Add(p.Timeout))
	t.env.console.end(t.style.last(p, err))
	if err := restore(); err != nil {
		t.env.log.WarnContext(ctx, "the terminal stays in raw mode: the command reset mends it", "err", err)
	}
	return err
}

// Close implements [io.Closer].
func (t *prompter) Close() error { return t.terminal.Close() }

// ask waits for an answer, and counts down to the deadline of the user. Whoever
// ends ctx is the one who keeps it.
func (t *prompter) ask(ctx context.Context, p authenticator.Prompt, deadline time.Time) error {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		t.terminal.SetReadDeadline(time.Unix(1, 0)) // ends the read
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	if err := t.discard(ctx, time.Now().Add(keyTail)); err != nil {
		return err
	}
	var touch hold
	for {
		left := max(time.Until(deadline), 0)
		t.env.console.redraw(countdown(t.question(p), left))
		keys, err := t.keys(ctx, nextTick(deadline, left))
		if err != nil {
			return err
		}
		switch decide(keys) {
		case answerYes:
			if !p.Long || touch.press(time.Now()) {
				return nil
			}
		case answerNo:
			return ctap.StatusOperationDenied
		case answerInterrupt:
			return errors.Join(ctap.StatusOperationDenied, t.interrupt())
		}
	}
}

// hold is a long touch: the key that agrees, held, or pressed again and again.
// A terminal tells of a key that is held by repeating it.
type hold struct{ since, last time.Time }

// holdGap is how soon a key that is held repeats, on any keyboard.
const holdGap = time.Second

// press notes the key at the time now, and tells whether it is held for long
// enough.
func (h *hold) press(now time.Time) bool {
	if now.Sub(h.last) > holdGap {
		h.since = now
	}
	h.last = now
	return now.Sub(h.since) >= authenticator.LongTouch
}

// question returns what is asked in the last line of a prompt.
func (t *prompter) question(p authenticator.Prompt) string {
	switch {
	case p.Long:
		return fmt.Sprintf("approve? hold y for %d s, or n", int(authenticator.LongTouch.Seconds()))
	case t.verifies:
		return "is it you? y/n"
	}
	return "approve? y/n"
}

// head returns the other lines of a prompt.
func (t *prompter) head(p authenticator.Prompt) string {
	if t.verifies {
		return t.style.head(p) + "  verify   in place of a fingerprint, say that it is you\n"
	}
	return t.style.head(p)
}

// discard drops keys that were pressed before anybody asked.
func (t *prompter) discard(ctx context.Context, until time.Time) error {
	for time.Now().Before(until) {
		if _, err := t.keys(ctx, until); err != nil {
			return err
		}
	}
	return nil
}

// nextTick returns when the countdown shows another number of seconds.
func nextTick(deadline time.Time, left time.Duration) time.Time {
	if left == 0 {
		return time.Now().Add(time.Second)
	}
	return deadline.Add(-(left - 1).Truncate(time.Second))
}

// keys returns keys that are pressed before the time until, none if there were
// none. It fails with the cause of ctx, or when the terminal has gone.
func (t *prompter) keys(ctx context.Context, until time.Time) ([]byte, error) {
	var buf [64]byte
	if err := t.terminal.SetReadDeadline(until); err != nil {
		return nil, t.gone(ctx, err)
	}
	if ctx.Err() != nil { // the deadline that woke us up may be the one before
		return nil, context.Cause(ctx)
	}
	n, err := t.terminal.Read(buf[:])
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, nil
	case err != nil:
		return nil, t.gone(ctx, err)
	}
	return buf[:n], nil
}

// gone is the answer where nobody can give one any more.
func (t *prompter) gone(ctx context.Context, err error) error {
	t.env.log.WarnContext(ctx, "the terminal has gone", "err", err)
	return ctap.StatusOperationDenied
}

// answer is what a user means by pressing keys.
type answer int

const (
	answerNone answer = iota
	answerYes
	answerNo
	answerInterrupt
)

const (
	keyInterrupt = 0x03 // Ctrl-C
	keyQuit      = 0x1c // Ctrl-\
	keyEscape    = 0x1b
)

// decide finds an answer among keys that came together. An escape sequence, such
// as an arrow key, is none, whatever letters are in it.
func decide(keys []byte) answer {
	if bytes.IndexByte(keys, keyEscape) >= 0 {
		return answerNone
	}
	for _, k := range keys {
		switch k {
		case 'y', 'Y':
			return answerYes
		case 'n', 'N':
			return answerNo
		case keyInterrupt, keyQuit:
			return answerInterrupt
		}
	}
	return answerNone
}

// style is how a prompt looks.
type style struct{ colour bool }

// styleOf returns the style that an environment asks for (no-color.org).
func styleOf(getenv func(string) string) style {
	return style{colour: getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
}

const (
	bold  = "1"
	red   = "1;31"
	green = "32"
	dim   = "2"
)

func (s style) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// head returns the lines of a prompt but the last.
func (s style) head(p authenticator.Prompt) string {
	var b strings.Builder
	switch p.Kind {
	case authenticator.KindReset:
		b.WriteString("\n" + s.paint(red, "Erase this key?") + "\n")
		b.WriteString("  Every credential on it will be gone, for all sites and for good.\n")
	case authenticator.KindEnroll:
		b.WriteString("\n" + s.paint(bold, "Enrol a finger?") + "\n")
		b.WriteString("  A touch is a sample of the finger; several make a fingerprint.\n")
	case authenticator.KindSelect:
		b.WriteString("\n" + s.paint(bold, "Select this key?") + "\n")
		b.WriteString("  A program asks which of your keys to use; no site is involved.\n")
	default:
		what := action(p)
		b.WriteString("\n" + s.paint(bold, strings.ToUpper(what[:1])+what[1:]+"?") + "\n")
	}
	for _, field := range []struct{ name, value string }{
		{"site", site(p)}, {"account", shown(p.User)}, {"request", p.Operation},
	} {
		if field.value != "" {
			fmt.Fprintf(&b, "  %-8s %s\n", field.name, field.value)
		}
	}
	return b.String()
}

// countdown returns the last line of a prompt that stands.
func countdown(question string, left time.Duration) string {
	seconds := int((left + time.Second - 1) / time.Second)
	return fmt.Sprintf("  %s  %d s ", question, seconds)
}

// last returns what the last line becomes, by the error of Confirm.
func (s style) last(p authenticator.Prompt, err error) string {
	switch {
	case err == nil:
		return "  " + s.paint(green, "approved")
	case errors.Is(err, ctap.StatusOperationDenied):
		return "  " + s.paint(red, "refused")
	case errors.Is(err, ctap.StatusUserActionTimeout):
		return "  " + s.paint(dim, fmt.Sprintf("not answered in %v", p.Timeout))
	}
	return "  " + s.paint(dim, "withdrawn: nobody waits for it any more")
}
