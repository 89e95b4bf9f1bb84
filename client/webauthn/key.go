package webauthn

import (
	"context"

	"github.com/softkey-project/softkey/ctap"
)

// Device is the security key that is asked; a client.Device is one. Its methods
// return the cause of ctx when it ends first.
type Device interface {
	// Info returns the key's answer to authenticatorGetInfo, nil for one that
	// only speaks U2F. The others of CTAP2 are not called then.
	Info() *ctap.GetInfoResponse
	MakeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error)
	GetAssertion(ctx context.Context, req *ctap.GetAssertionRequest) (*ctap.GetAssertionResponse, error)
	Assertions(ctx context.Context, req *ctap.GetAssertionRequest) ([]*ctap.GetAssertionResponse, error)

	// These are called if Info returns nil, or Client.U2F is set.
	U2FRegister(ctx context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error)
	U2FAuthenticate(ctx context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error)
	U2FCheck(ctx context.Context, application [32]byte, keyHandle []byte) (bool, error)
}

// authenticator is a key as the ceremonies see it: one of CTAP2, whichever
// protocol it speaks.
type authenticator interface {
	info() *ctap.GetInfoResponse
	makeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error)

	// assertions returns the assertions of all credentials that req allows, or
	// of the first alone.
	assertions(ctx context.Context, req *ctap.GetAssertionRequest, all bool) ([]*ctap.GetAssertionResponse, error)

	// holds tells, without asking the user, whether the key has one of the
	// credentials.
	holds(ctx context.Context, rpID string, list []ctap.CredentialDescriptor) (bool, error)
}

// authenticator returns the device's face for the protocol that is to be used.
func (c *Client) authenticator() authenticator {
	if c.U2F || c.Device.Info() == nil {
		return u2fKey{c.Device}
	}
	return ctap2Key{c.Device}
}
