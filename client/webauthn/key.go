package webauthn

import (
	"context"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// Device is the security key that is asked; a client.Device is one. Its methods
// return the cause of ctx when it ends first.
type Device interface {
	// Info returns the key's answer to authenticatorGetInfo, nil for one that
	// only speaks U2F. The others of CTAP2 are not called then. GetInfo asks
	// again: each ceremony begins with it.
	Info() *ctap.GetInfoResponse
	GetInfo(ctx context.Context) (*ctap.GetInfoResponse, error)

	MakeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error)
	GetAssertion(ctx context.Context, req *ctap.GetAssertionRequest) (*ctap.GetAssertionResponse, error)
	Assertions(ctx context.Context, req *ctap.GetAssertionRequest) ([]*ctap.GetAssertionResponse, error)

	// These verify the user.
	PINRetries(ctx context.Context) (client.PINRetries, error)
	PINToken(ctx context.Context, pin string, permissions ctap.Permissions, rpID string) (*client.Token, error)
	UVToken(ctx context.Context, permissions ctap.Permissions, rpID string) (*client.Token, error)

	// These serve extensions.
	HMACSecret(ctx context.Context, salts ...[32]byte) (*client.HMACSecret, error)
	LargeBlob(ctx context.Context, largeBlobKey []byte) ([]byte, error)
	SetLargeBlob(ctx context.Context, t *client.Token, largeBlobKey, blob []byte) error

	// These are called if Info returns nil, if Client.U2F is set, or where U2F
	// spares the user a PIN.
	U2FRegister(ctx context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error)
	U2FAuthenticate(ctx context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error)
	U2FCheck(ctx context.Context, application [32]byte, keyHandle []byte) (bool, error)
}

// authenticator is a key as the ceremonies see it: one of CTAP2, whichever
// protocol it speaks.
type authenticator interface {
	getInfo(ctx context.Context) (*ctap.GetInfoResponse, error)
	makeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error)

	// assertions returns the assertions of all credentials that req allows, or
	// of the first alone.
	assertions(ctx context.Context, req *ctap.GetAssertionRequest, all bool) ([]*ctap.GetAssertionResponse, error)

	// find returns, without asking the user, the first credential of a list
	// that the key has, or nil. A token shows credentials that are hidden from
	// the unverified.
	find(ctx context.Context, rpID string, list []ctap.CredentialDescriptor, t *client.Token) (*ctap.CredentialDescriptor, error)
}

// authenticator returns the device's face for the protocol that is to be used.
func (c *Client) authenticator() authenticator {
	if c.U2F || c.Device.Info() == nil {
		return u2fKey{c.Device}
	}
	return ctap2Key{c.Device}
}
