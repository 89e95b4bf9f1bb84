package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/control"
	"github.com/softkey-project/softkey/ctap"
)

// presenceEnv is what a mode may need of the program.
type presenceEnv struct {
	console *console
	log     *slog.Logger
	consent *control.Consent // nil: there is no control interface
}

// presenceModes is the table: a mode is a line here. A Presence that has to be
// closed is an [io.Closer].
var presenceModes = modeTable[authenticator.Presence]{"presence", []mode[authenticator.Presence]{
	{"prompt", "prompt", without, openPrompt},         // ask on the terminal
	{"approve", "approve[:D]", optional, openApprove}, // agree to everything, after the duration D
	{"deny", "deny", without, openDeny},               // refuse everything
	{"ignore", "ignore", without, openIgnore},         // never answer
	{"once", "once", without, openOnce},               // agree once, then never answer
	{"polls", "polls:N", required, openPolls},         // agree when a U2F host asks for the Nth time, to CTAP2 at once
	{"signal", "signal", without, openSignal},         // SIGUSR1 is a touch, SIGUSR2 a refusal
	{"control", "control", without, openControl},      // a program agrees or refuses, over the address of --control
	{"command", "command:CMD", required, openCommand}, // run CMD with the prompt as JSON on its input; exit code 0 agrees
	{"desktop", "desktop", without, openDesktop},      // ask by a notification or a dialog, else on the terminal
}}

// openPresence opens the presence that mode describes.
func openPresence(env presenceEnv, mode string) (authenticator.Presence, error) {
	p, name, err := presenceModes.open(env, mode)
	if err != nil {
		return nil, err
	}
	if name == "prompt" {
		return p, nil // it tells by itself
	}
	return announced{p, env.log}, nil
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

// ConfirmNow implements [authenticator.Immediate].
func (a announced) ConfirmNow(p authenticator.Prompt) (answered bool, err error) {
	immediate, ok := a.Presence.(authenticator.Immediate)
	if !ok {
		return false, nil
	}
	if answered, err = immediate.ConfirmNow(p); answered {
		a.log.Info(outcome(err) + ": " + describe(p))
	}
	return answered, err
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
