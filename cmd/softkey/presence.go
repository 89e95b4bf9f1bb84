package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/control"
	"github.com/softkey-project/softkey/ctap"
)

// presenceMode is one way of finding out whether a user is there and agrees.
type presenceMode struct {
	name     string
	form     string // with its argument, for help
	about    string
	argument argument
	open     func(env presenceEnv, arg string) (authenticator.Presence, error)
}

// argument says whether a mode has one, after a colon.
type argument int

const (
	without argument = iota
	optional
	required
)

// presenceEnv is what a mode may need of the program.
type presenceEnv struct {
	console *console
	log     *slog.Logger
	consent *control.Consent // nil: there is no control interface
}

// presenceModes is the table: a mode is a line here. A Presence that has to be
// closed is an [io.Closer].
var presenceModes = []presenceMode{
	{"prompt", "prompt", "ask on the terminal", without, openPrompt},
	{"approve", "approve[:D]", "agree to everything, after the duration D", optional, openApprove},
	{"deny", "deny", "refuse everything", without, openDeny},
	{"ignore", "ignore", "never answer", without, openIgnore},
	{"once", "once", "agree once, then never answer", without, openOnce},
	{"polls", "polls:N", "agree when a U2F host asks for the Nth time, to CTAP2 at once", required, openPolls},
	{"signal", "signal", "SIGUSR1 is a touch, SIGUSR2 a refusal", without, openSignal},
	{"control", "control", "a program agrees or refuses, over the address of --control", without, openControl},
	{"command", "command:CMD", "run CMD with the prompt as JSON on its input; exit code 0 agrees", required, openCommand},
}

// openPresence opens the presence that mode describes, such as "approve:2s".
func openPresence(env presenceEnv, mode string) (authenticator.Presence, error) {
	name, arg, hasArg := strings.Cut(mode, ":")
	i := slices.IndexFunc(presenceModes, func(m presenceMode) bool { return m.name == name })
	if i < 0 {
		return nil, usagef("presence %q is not one of %s", mode, presenceForms())
	}
	m := presenceModes[i]
	if hasArg && m.argument == without || arg == "" && (hasArg || m.argument == required) {
		return nil, usagef("presence %q: write %s", mode, m.form)
	}
	p, err := m.open(env, arg)
	if err != nil {
		return nil, err
	}
	if name == "prompt" {
		return p, nil // it tells by itself
	}
	return announced{p, env.log}, nil
}

func presenceForms() string {
	var forms []string
	for _, m := range presenceModes {
		forms = append(forms, m.form)
	}
	return strings.Join(forms, ", ")
}

// presenceValues returns the modes for a shell to complete.
func presenceValues() []string {
	var values []string
	for _, m := range presenceModes {
		if m.argument == required {
			values = append(values, m.name+":")
			continue
		}
		values = append(values, m.name)
	}
	return values
}

// closePresence ends what a Presence or a Verification holds. Nobody may be asked
// any more.
func closePresence(p any) error {
	if c, ok := p.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// announced says in the log what a user would be asked, and how it ended.
type announced struct {
	authenticator.Presence
	log *slog.Logger
}

// Confirm implements [authenticator.Presence].
func (a announced) Confirm(ctx context.Context, p authenticator.Prompt) error {
	a.log.DebugContext(ctx, "asked: "+describe(p))
	err := a.Presence.Confirm(ctx, p)
	a.log.InfoContext(ctx, outcome(err)+": "+describe(p))
	return err
}

// Poll implements [authenticator.Poller].
func (a announced) Poll(n int) {
	if poller, ok := a.Presence.(authenticator.Poller); ok {
		poller.Poll(n)
	}
}

// Close implements [io.Closer].
func (a announced) Close() error { return closePresence(a.Presence) }

// outcome returns a word for how a prompt ended, by the error of Confirm.
func outcome(err error) string {
	switch {
	case err == nil:
		return "approved"
	case errors.Is(err, ctap.StatusOperationDenied):
		return "refused"
	case errors.Is(err, ctap.StatusUserActionTimeout):
		return "not answered"
	}
	return "given up"
}
