package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// noVerification is the mode of a key that cannot verify its user by itself.
const noVerification = "none"

// verificationModes is the table: a mode is a line here. Each is a way of finding
// out whether the user is the one whom the key knows, such as by a finger; no
// Verification is one that is nil, and one that has to be closed is an [io.Closer].
var verificationModes = modeTable[authenticator.Verification]{"verification", []mode[authenticator.Verification]{
	{noVerification, noVerification, without, openNoVerification},
	{"approve", "approve", without, openRecognise},
	{"deny", "deny", without, openNotRecognise},
	{"prompt", "prompt", without, openVerificationPrompt},
	{"control", "control", without, openVerificationControl},
	{"command", "command:CMD", required, openVerificationCommand},
}}

// openVerification opens the built-in user verification that mode describes.
func openVerification(env presenceEnv, mode string) (authenticator.Verification, error) {
	v, name, err := verificationModes.open(env, mode)
	if v == nil || err != nil || name == "prompt" { // which tells by itself
		return v, err
	}
	return announcedVerification{v, env.log}, nil
}

// announcedVerification says in the log for what a user is to be verified, and
// how that ended.
type announcedVerification struct {
	authenticator.Verification
	log *slog.Logger
}

// Verify implements [authenticator.Verification].
func (a announcedVerification) Verify(ctx context.Context, p authenticator.Prompt) (bool, error) {
	a.log.DebugContext(ctx, "to be verified: "+describe(p))
	ok, err := a.Verification.Verify(ctx, p)
	a.log.InfoContext(ctx, verificationOutcome(ok, err)+": "+describe(p))
	return ok, err
}

// Close implements [io.Closer].
func (a announcedVerification) Close() error { return closePresence(a.Verification) }

// verificationOutcome returns a word for how an attempt ended, by the results of
// Verify.
func verificationOutcome(ok bool, err error) string {
	switch {
	case err != nil:
		return outcome(err)
	case ok:
		return "recognised"
	}
	return "not recognised"
}

func openNoVerification(presenceEnv, string) (authenticator.Verification, error) { return nil, nil }

func openRecognise(presenceEnv, string) (authenticator.Verification, error) {
	return authenticator.VerificationFunc(func(context.Context, authenticator.Prompt) (bool, error) { return true, nil }), nil
}

func openNotRecognise(presenceEnv, string) (authenticator.Verification, error) {
	return authenticator.VerificationFunc(func(context.Context, authenticator.Prompt) (bool, error) { return false, nil }), nil
}

// openVerificationPrompt asks on the terminal. Whoever says no there declines to
// try, and is not asked again.
func openVerificationPrompt(env presenceEnv, _ string) (authenticator.Verification, error) {
	p, err := openPrompter(env)
	if err != nil {
		return nil, hint(err, "say how the user is verified: --verification approve, deny, command:CMD, …")
	}
	p.verifies = true
	return verifier{p, false}, nil
}

// openVerificationCommand asks a shell command. One that fails has seen a wrong
// finger, and is asked again as long as the key allows it.
func openVerificationCommand(env presenceEnv, arg string) (authenticator.Verification, error) {
	return verifier{command{line: arg, env: env, verifies: true}, true}, nil
}

// openVerificationControl is asked by the control interface.
func openVerificationControl(env presenceEnv, _ string) (authenticator.Verification, error) {
	if env.consent == nil {
		return nil, errNoControl("verification")
	}
	return env.consent, nil
}

// verifier has the user asked as for their presence.
type verifier struct {
	authenticator.Presence
	again bool // a refusal is a failed attempt, after which another may follow
}

// Verify implements [authenticator.Verification].
func (v verifier) Verify(ctx context.Context, p authenticator.Prompt) (bool, error) {
	err := v.Confirm(ctx, p)
	if v.again && errors.Is(err, ctap.StatusOperationDenied) {
		return false, nil
	}
	return err == nil, err
}

// Close implements [io.Closer].
func (v verifier) Close() error { return closePresence(v.Presence) }

// noBuiltInUV is the error that a profile cannot have user verification.
func noBuiltInUV(p authenticator.Profile) error {
	return hint(usagef("--verification: the profile %s speaks U2F alone, which has no user verification", p.Name),
		"choose a profile of CTAP2, such as --profile %s", authenticator.DefaultProfile)
}
