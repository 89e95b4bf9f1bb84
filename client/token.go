package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// Token is a pinUvAuthToken: it shows the key that gave it that the user was
// verified (§6.5.5.7). It serves the permissions it was asked for, for a limited
// time, and until the key gives another. One makeCredential or getAssertion with
// a touch uses up all of them but [ctap.PermissionLargeBlobWrite].
//
// A nil *Token is none at all, which a key without PIN or enrolled finger takes
// where it would else want one.
type Token struct {
	protocol pinuv.Protocol
	value    []byte
}

// NewToken returns a token that was got before: a persistent one, of
// [ctap.PermissionCredentialMgmtRO], outlives the process that asked for it.
func NewToken(protocol uint64, value []byte) (*Token, error) {
	p := pinuv.ByNumber(protocol)
	if p == nil {
		return nil, fmt.Errorf("client: there is no pinUvAuthProtocol %d", protocol)
	}
	if !isToken(p, value) {
		return nil, fmt.Errorf("client: %d bytes are no pinUvAuthToken of protocol %d", len(value), protocol)
	}
	return &Token{p, bytes.Clone(value)}, nil
}

// isToken tells whether a token may have such a value: protocol one knows
// short ones too, of CTAP 2.0.
func isToken(p pinuv.Protocol, value []byte) bool {
	return len(value) == pinuv.TokenSize || len(value) == pinuv.TokenSize/2 && p.Number() == protocolOne
}

// Protocol returns the number of the token's pinUvAuthProtocol.
func (t *Token) Protocol() uint64 { return t.protocol.Number() }

// Value returns the token itself, for [NewToken]. It is a secret.
func (t *Token) Value() []byte { return bytes.Clone(t.value) }

// Authorize returns the parameters pinUvAuthProtocol and pinUvAuthParam of a
// request that message stands for, which each command defines; without a token
// there are none.
func (t *Token) Authorize(message []byte) (protocol *uint64, param []byte) {
	if t == nil {
		return nil, nil
	}
	number := t.protocol.Number()
	return &number, t.protocol.Authenticate(t.value, message)
}

// PINToken returns a token for whoever knows the PIN. Where the PIN is wrong,
// the error is a [PINError].
//
// The permissions are asked of a key that knows them; rpID is for whom they
// are, and must not be empty for [ctap.PermissionMakeCredential] and
// [ctap.PermissionGetAssertion]. Other keys, and any key where permissions is 0,
// give the token of CTAP 2.0 (getPinToken): it serves the site that uses it
// first, and on keys of that time all else.
func (d *Device) PINToken(ctx context.Context, pin string, permissions ctap.Permissions, rpID string) (*Token, error) {
	a, err := d.agree(ctx)
	if err != nil {
		return nil, err
	}
	defer a.end()
	req := a.request(ctap.GetPINToken)
	if on, _ := d.option(ctap.OptionPinUvAuthToken); on && permissions != 0 {
		req = a.request(ctap.GetTokenUsingPINWithPermission)
		permit(req, permissions, rpID)
	}
	if req.PINHashEnc, err = a.encryptPIN(pin); err != nil {
		return nil, err
	}
	token, err := d.token(ctx, a, req)
	return token, d.pinError(ctx, err)
}

// UVError is the failure of the key's own user verification. Err is what it
// answered: [ctap.StatusUVInvalid] or [ctap.StatusUVBlocked].
type UVError struct {
	Retries uint64 // until a PIN is the only way
	Err     error
}

// Error returns the failure and what is left.
func (e *UVError) Error() string { return fmt.Sprintf("%v: %d retries left", e.Err, e.Retries) }

// Unwrap returns what the key answered.
func (e *UVError) Unwrap() error { return e.Err }

// UVToken returns a token for a user whom the key verifies by itself, such as
// by a fingerprint; about permissions and rpID see [Device.PINToken]. Where the
// key does not recognise the user, the error is a [UVError].
func (d *Device) UVToken(ctx context.Context, permissions ctap.Permissions, rpID string) (*Token, error) {
	if on, _ := d.option(ctap.OptionPinUvAuthToken); !on {
		return nil, unsupported("tokens by its own user verification")
	}
	a, err := d.agree(ctx)
	if err != nil {
		return nil, err
	}
	defer a.end()
	req := a.request(ctap.GetTokenUsingUVWithPermission)
	permit(req, permissions, rpID)
	token, err := d.token(ctx, a, req)
	return token, d.uvError(ctx, err)
}

// permit asks for permissions.
func permit(req *ctap.ClientPINRequest, permissions ctap.Permissions, rpID string) {
	req.Permissions = &permissions
	if rpID != "" {
		req.RPID = &rpID
	}
}

// token runs a subcommand whose answer has a token.
func (d *Device) token(ctx context.Context, a *agreement, req *ctap.ClientPINRequest) (*Token, error) {
	resp, err := d.clientPIN(ctx, req)
	if err != nil {
		return nil, err
	}
	value, err := a.decrypt(resp.PinUvAuthToken)
	if err == nil && !isToken(a.protocol, value) {
		err = errors.New("pinUvAuthToken of a wrong length")
	}
	if err != nil {
		return nil, malformed(ctap.CommandClientPIN, err)
	}
	return &Token{a.protocol, value}, nil
}

// uvError adds to the failure of user verification how many retries are left.
func (d *Device) uvError(ctx context.Context, err error) error {
	if !errors.Is(err, ctap.StatusUVInvalid) && !errors.Is(err, ctap.StatusUVBlocked) {
		return err
	}
	retries, ask := d.UVRetries(ctx)
	if ask != nil {
		return err
	}
	return &UVError{retries, err}
}
