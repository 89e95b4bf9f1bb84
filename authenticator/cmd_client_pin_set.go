package authenticator

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// setPIN is §6.5.5.5.
func (op *clientPIN) setPIN(context.Context) (*ctap.ClientPINResponse, error) {
	if op.a.pinSet() {
		return nil, fmt.Errorf("a PIN is set: %w", ctap.StatusPINAuthInvalid)
	}
	if err := op.decapsulate(); err != nil {
		return nil, err
	}
	if err := op.authenticated(op.req.NewPINEnc); err != nil {
		return nil, err
	}
	pin, err := op.a.decryptNewPIN(op.protocol, op.secret, op.req.NewPINEnc)
	if err != nil {
		return nil, err
	}
	return nil, op.a.changePolicy(func(p *keystore.Policy) error { pin.set(p); return nil })
}

// changePIN is §6.5.5.6.
func (op *clientPIN) changePIN(context.Context) (*ctap.ClientPINResponse, error) {
	a := op.a
	if err := a.pinBlocked(); err != nil {
		return nil, err
	}
	if err := op.decapsulate(); err != nil {
		return nil, err
	}
	if err := op.authenticated(slices.Concat(op.req.NewPINEnc, op.req.PINHashEnc)); err != nil {
		return nil, err
	}
	if err := a.checkPIN(op.protocol, op.secret, op.req.PINHashEnc); err != nil {
		return nil, err
	}
	pin, err := a.decryptNewPIN(op.protocol, op.secret, op.req.NewPINEnc)
	if err != nil {
		return nil, err
	}
	if a.policy.ForcePINChange && subtle.ConstantTimeCompare(pin.hash, a.policy.PINHash) == 1 {
		return nil, fmt.Errorf("the PIN must become another: %w", ctap.StatusPINPolicyViolation)
	}
	err = a.changePolicy(func(p *keystore.Policy) error {
		pin.set(p)
		return a.resetPersistentToken(p)
	})
	if err == nil {
		a.pinAuth.end()
	}
	return nil, err
}
