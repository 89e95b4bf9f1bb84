package authenticator

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// Verification is a built-in user verification method, such as a fingerprint
// sensor. It counts no retries: the authenticator does.
//
// Verify tells whether the user was recognised; it returns the cause of ctx soon
// after ctx ended, and [ctap.StatusOperationDenied] when the user declined to
// try. It is called from one goroutine at a time, and not while Confirm of the
// Presence runs.
type Verification interface {
	Verify(ctx context.Context, p Prompt) (ok bool, err error)
}

// VerificationFunc makes a [Verification] of a function.
type VerificationFunc func(ctx context.Context, p Prompt) (bool, error)

// Verify calls f.
func (f VerificationFunc) Verify(ctx context.Context, p Prompt) (bool, error) { return f(ctx, p) }

// WithoutBuiltInUV is the profile of a key that has no [Verification]: it does
// not promise any, nor a sensor to set it up.
func (p Profile) WithoutBuiltInUV() Profile {
	p.Options = maps.Clone(p.Options)
	for _, option := range []string{
		ctap.OptionUV, ctap.OptionUVAcfg, ctap.OptionUVBioEnroll,
		ctap.OptionBioEnroll, ctap.OptionUserVerificationMgmtPreview,
	} {
		delete(p.Options, option)
	}
	p.Commands = without(without(p.Commands, ctap.CommandBioEnrollment), ctap.CommandBioEnrollmentPreview)
	return p
}

// internalUVAttempts is how often the user may try within one request
// (maxUvAttemptsForInternalRetries, §6.5.3.1).
const internalUVAttempts = 3

// errUVFailed means that the user was not recognised.
var errUVFailed = errors.New("user verification failed")

func (a *Authenticator) uvRetries() uint64 {
	return a.profile.UVRetries - min(a.policy.UVFailures, a.profile.UVRetries)
}

// performBuiltInUV is §6.5.3.1: the user, in so many attempts as are left, or
// errUVFailed; or a status where they did not try: timeout, cancellation.
func (a *Authenticator) performBuiltInUV(ctx context.Context, c *call, p Prompt) error {
	if a.uvRetries() == 0 {
		return errUVFailed
	}
	if a.pinSet() && a.pinRetries() == 0 {
		if err := a.changePolicy(func(p *keystore.Policy) error { p.UVFailures = a.profile.UVRetries; return nil }); err != nil {
			return err
		}
		return errUVFailed
	}
	a.touch.withdraw()
	c.Notify(ctap.KeepaliveUPNeeded)
	defer c.Notify(ctap.KeepaliveProcessing)
	for range min(internalUVAttempts, a.uvRetries()) {
		ok, err := a.tryUV(ctx, p)
		if ok || err != nil {
			return err
		}
	}
	return errUVFailed
}

// tryUV is one attempt, counted before it is made.
func (a *Authenticator) tryUV(ctx context.Context, p Prompt) (bool, error) {
	err := a.changePolicy(func(p *keystore.Policy) error { p.UVFailures++; p.UVSincePIN++; return nil })
	if err != nil {
		return false, err
	}
	p.Timeout = a.cfg.PresenceTimeout
	ctx, cancel := context.WithTimeoutCause(ctx, p.Timeout, ctap.StatusUserActionTimeout)
	defer cancel()
	ok, err := a.cfg.Verification.Verify(ctx, p)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil || !ok:
		return false, err
	}
	return true, a.changePolicy(func(p *keystore.Policy) error { p.UVFailures = 0; return nil })
}

// uvFailure says in makeCredential and getAssertion why user verification came
// to nothing (§6.1.2, step 11.2; §6.2.2, step 6.2).
func (a *Authenticator) uvFailure(err error) error {
	switch {
	case !errors.Is(err, errUVFailed):
		return err
	case a.pinSet() && a.pinUsable():
		return fmt.Errorf("%w: %w", err, ctap.StatusPUATRequired)
	case a.uvRetries() == 0:
		return fmt.Errorf("%w: %w", err, ctap.StatusPINBlocked)
	}
	return fmt.Errorf("%w: %w", err, ctap.StatusOperationDenied)
}
