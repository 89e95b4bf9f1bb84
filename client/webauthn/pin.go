package webauthn

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// PINRequest says what a PIN is asked for.
type PINRequest struct {
	RPID    string // for which relying party
	Retries uint64 // wrong PINs that the key takes yet, before it must be reset
	Wrong   bool   // the PIN given before was wrong
}

// StaticPIN returns a function for [Client.PIN] that knows the PIN. It does not
// try a wrong one twice.
func StaticPIN(pin string) func(context.Context, PINRequest) (string, error) {
	return func(_ context.Context, r PINRequest) (string, error) {
		if r.Wrong {
			return "", fmt.Errorf("%w, and %d retries are left", ctap.StatusPINInvalid, r.Retries)
		}
		return pin, nil
	}
}

// verifyByPIN asks for the PIN, again and again until it is right, the key takes
// no more, or nobody gives one.
func (c *ceremony) verifyByPIN(ctx context.Context) error {
	if force := c.info.ForcePINChange; force != nil && *force {
		return fail(NotAllowedError, "the key wants its PIN to be changed first")
	}
	retries, err := c.client.Device.PINRetries(ctx)
	if err != nil {
		return err
	}
	for wrong := false; ; wrong = true {
		if err := usable(retries); err != nil {
			return err
		}
		err := c.tokenByPIN(ctx, PINRequest{RPID: c.wish.rpID, Retries: retries.Left, Wrong: wrong})
		var refused *client.PINError
		if !errors.As(err, &refused) || !errors.Is(err, ctap.StatusPINInvalid) {
			return err
		}
		retries = refused.Retries
	}
}

// tokenByPIN asks for the PIN once.
func (c *ceremony) tokenByPIN(ctx context.Context, r PINRequest) error {
	pin, err := c.client.PIN(ctx, r)
	if err != nil && r.Wrong {
		return declined(ctx, "the PIN is wrong", err)
	}
	if err != nil {
		return declined(ctx, "no PIN was given", err)
	}
	c.token, err = c.client.Device.PINToken(ctx, pin, c.wish.permissions, c.wish.rpID)
	return err
}

// usable refuses to ask for a PIN that the key would not take.
func usable(retries client.PINRetries) error {
	switch {
	case retries.Left == 0:
		return fail(NotAllowedError, "the key's PIN is blocked: it must be reset")
	case retries.PowerCycle:
		return fail(NotAllowedError, "the key takes no PIN until it is plugged in again")
	}
	return nil
}

// declined is the failure of a question to the user of the client. Where the
// ceremony has ended meanwhile, that is the reason.
func declined(ctx context.Context, message string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Error{NotAllowedError, message, err}
}
