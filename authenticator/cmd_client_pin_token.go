package authenticator

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// getPINToken is §6.5.5.7.1, what CTAP 2.0 had: a token for makeCredential and
// getAssertion, which belongs to the site that uses it first. Of a key without
// the option pinUvAuthToken it is still the token that CTAP 2.0 had.
func (op *clientPIN) getPINToken(context.Context) (*ctap.ClientPINResponse, error) {
	if op.req.Permissions != nil || op.req.RPID != nil {
		return nil, fmt.Errorf("permissions or rpId: %w", ctap.StatusInvalidParameter)
	}
	if err := op.enterPIN(); err != nil {
		return nil, err
	}
	if op.a.policy.ForcePINChange {
		return nil, fmt.Errorf("the PIN must be changed: %w", ctap.StatusPINInvalid)
	}
	if !hasTokens(op.a) {
		t, err := op.a.pinAuth.pinToken(op.protocol)
		if err != nil {
			return nil, err
		}
		return op.handOut(t.value)
	}
	var permissions ctap.Permissions
	if op.a.pinUsable() {
		permissions = forOneSite
	}
	return op.issue(permissions, nil, false)
}

// getTokenUsingPIN is §6.5.5.7.2.
func (op *clientPIN) getTokenUsingPIN(context.Context) (*ctap.ClientPINResponse, error) {
	permissions, err := op.permissions(permissionsByPIN)
	if err != nil {
		return nil, err
	}
	if err := op.enterPIN(); err != nil {
		return nil, err
	}
	if op.a.policy.ForcePINChange {
		return nil, fmt.Errorf("the PIN must be changed: %w", ctap.StatusPINPolicyViolation)
	}
	return op.grant(permissions, false)
}

// getTokenUsingUV is §6.5.5.7.3. The built-in method proves presence as well.
func (op *clientPIN) getTokenUsingUV(ctx context.Context) (*ctap.ClientPINResponse, error) {
	a := op.a
	permissions, err := op.permissions(permissionsByUV)
	if err != nil {
		return nil, err
	}
	switch {
	case !a.uvConfigured():
		return nil, fmt.Errorf("user verification is not set up: %w", ctap.StatusNotAllowed)
	case a.uvRetries() == 0:
		return nil, ctap.StatusUVBlocked
	}
	if err := op.decapsulate(); err != nil {
		return nil, err
	}
	p := Prompt{Operation: ctap.CommandClientPIN.String(), Kind: KindConsent}
	if op.req.RPID != nil {
		p.RPID, p.RPIDHash = *op.req.RPID, hashRPID(*op.req.RPID)
	}
	err = a.performBuiltInUV(ctx, op.call, p)
	switch {
	case errors.Is(err, errUVFailed) && a.uvRetries() == 0:
		return nil, fmt.Errorf("%w: %w", err, ctap.StatusUVBlocked)
	case errors.Is(err, errUVFailed):
		return nil, fmt.Errorf("%w: %w", err, ctap.StatusUVInvalid)
	case err != nil:
		return nil, err
	}
	return op.grant(permissions, true)
}

// enterPIN tries the PIN of the request.
func (op *clientPIN) enterPIN() error {
	if err := op.a.pinBlocked(); err != nil {
		return err
	}
	if err := op.decapsulate(); err != nil {
		return err
	}
	return op.a.checkPIN(op.protocol, op.secret, op.req.PINHashEnc)
}

// grant hands out a token with permissions. pcmr alone is that of the persistent
// token, and leaves the other as it is.
func (op *clientPIN) grant(permissions ctap.Permissions, present bool) (*ctap.ClientPINResponse, error) {
	if permissions == ctap.PermissionCredentialMgmtRO {
		if err := op.grantPersistent(); err != nil {
			return nil, err
		}
		return op.handOut(op.a.policy.PersistentToken)
	}
	return op.issue(permissions, op.req.RPID, present)
}

func (op *clientPIN) grantPersistent() error {
	if op.a.policy.PersistentTokenGranted {
		return nil
	}
	return op.a.changePolicy(func(p *keystore.Policy) error { p.PersistentTokenGranted = true; return nil })
}

func (op *clientPIN) issue(permissions ctap.Permissions, rpID *string, present bool) (*ctap.ClientPINResponse, error) {
	t, err := op.a.pinAuth.issue(op.protocol, permissions, rpID, present)
	if err != nil {
		return nil, err
	}
	return op.handOut(t.value)
}

func (op *clientPIN) handOut(token []byte) (*ctap.ClientPINResponse, error) {
	encrypted, err := op.protocol.Encrypt(op.secret, token, op.a.cfg.Rand)
	if err != nil {
		return nil, err
	}
	return &ctap.ClientPINResponse{PinUvAuthToken: encrypted}, nil
}
