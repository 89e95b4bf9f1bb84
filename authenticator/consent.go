package authenticator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// consent is what makeCredential and getAssertion have in common: how the user
// of a site is verified, and how their presence is tested. Steps are numbered
// as in makeCredential (§6.1.2) / getAssertion (§6.2.2).
type consent struct {
	a          *Authenticator
	call       *call
	prompt     Prompt
	permission ctap.Permissions // that a token needs
	hash       []byte           // clientDataHash, which the token authenticates

	param    []byte         // pinUvAuthParam; nil: absent
	protocol pinuv.Protocol // of param
	token    *token         // that param authenticates; nil: none
	uv       bool           // the key is to verify the user by itself
	flags    ctap.Flags     // what was tested: UP, UV
	present  bool           // the user's presence is proved already
}

// verified tells whether the user of the request is.
func (u *consent) verified() bool { return u.flags&ctap.FlagUV != 0 }

func hashRPID(rpID string) [32]byte { return sha256.Sum256([]byte(rpID)) }

// checkParam is steps 1 and 2: a parameter of no bytes asks for a touch and
// nothing else, another needs a protocol that we have.
func (u *consent) checkParam(ctx context.Context, number *uint64) (err error) {
	if isZeroLength(u.param) {
		return u.selectKey(ctx)
	}
	if u.param != nil {
		u.protocol, err = u.a.protocol(number)
	}
	return err
}

func (u *consent) selectKey(ctx context.Context) error {
	u.prompt.Kind = KindSelect
	if err := u.a.confirm(ctx, u.call, u.prompt); err != nil {
		return err
	}
	if u.a.pinSet() {
		return ctap.StatusPINInvalid
	}
	return ctap.StatusPINNotSet
}

// checkUV is the part of steps 5 / 4 about option uv, which counts only without
// a pinUvAuthParam.
func (u *consent) checkUV(option *bool) error {
	u.uv = isTrue(option) && u.param == nil
	if u.uv && !u.a.uvConfigured() {
		return fmt.Errorf("uv: no built-in user verification is set up: %w", ctap.StatusInvalidOption)
	}
	return nil
}

// requireUV is steps 6 / 5: under alwaysUv nothing is done for an unverified
// user.
func (u *consent) requireUV() error {
	a := u.a
	if u.param == nil && !u.uv && a.uvConfigured() {
		u.uv = true
	}
	if a.protected() && (u.param != nil || u.uv) {
		return nil
	}
	return fmt.Errorf("alwaysUv: %w", a.missingUV())
}

// verify is steps 11 / 6: the user is verified by the token, or by the key. A
// key without any protection ignores a token.
func (u *consent) verify(ctx context.Context) error {
	switch {
	case !u.a.protected():
		return nil
	case u.param != nil:
		return u.verifyToken()
	case u.uv:
		return u.verifyByKey(ctx)
	}
	return nil
}

func (u *consent) verifyToken() error {
	t := u.a.pinAuth.verify(u.protocol, u.hash, u.param)
	if t == nil {
		return fmt.Errorf("pinUvAuthParam: %w", ctap.StatusPINAuthInvalid)
	}
	if t.permissions&u.permission == 0 || !t.verified || !t.bind(u.prompt.RPID) {
		return fmt.Errorf("pinUvAuthToken is not for this: %w", ctap.StatusPINAuthInvalid)
	}
	u.token = t
	u.flags |= ctap.FlagUV
	u.present = t.present
	return nil
}

// verifyByKey uses the built-in method, which proves presence as well.
func (u *consent) verifyByKey(ctx context.Context) error {
	if err := u.a.performBuiltInUV(ctx, u.call, u.prompt); err != nil {
		return u.a.uvFailure(err)
	}
	u.flags |= ctap.FlagUV | ctap.FlagUP
	u.present = true
	return nil
}

// test is steps 13 and 14 / 8 and 9: the test of user presence, unless it is
// proved. It uses the token up, but not where the built-in method proved
// presence.
func (u *consent) test(ctx context.Context) error {
	if u.flags&ctap.FlagUP != 0 {
		return nil
	}
	if !u.present {
		if err := u.a.confirm(ctx, u.call, u.prompt); err != nil {
			return err
		}
	}
	u.flags |= ctap.FlagUP
	u.a.pinAuth.userTested()
	return nil
}

// admit ends an operation with a status that the user must be present to learn.
// Only a cancelled wait says something else.
func (u *consent) admit(ctx context.Context, status ctap.Status) error {
	if u.present {
		return status
	}
	err := u.a.confirm(ctx, u.call, u.prompt)
	if errors.Is(err, ctap.StatusKeepaliveCancel) {
		return err
	}
	return status
}
