package webauthn

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// u2fKey is a key that speaks U2F, in the guise of a CTAP2 key (CTAP §10): a
// registration becomes a credential with attestation fido-u2f.
type u2fKey struct{ device Device }

// u2fInfo is what authenticatorGetInfo would say of a U2F key: no options, no
// AAGUID.
func u2fInfo() *ctap.GetInfoResponse {
	return &ctap.GetInfoResponse{
		Versions: []string{ctap.VersionU2FV2}, AAGUID: make([]byte, 16), Transports: []string{ctap.TransportUSB},
	}
}

func (k u2fKey) getInfo(context.Context) (*ctap.GetInfoResponse, error) { return u2fInfo(), nil }

// makeCredential registers a key (CTAP §10.2). The caller has seen to it that
// req asks for no discoverable credential and no user verification.
func (k u2fKey) makeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error) {
	if !slices.ContainsFunc(req.PubKeyCredParams, isES256) {
		return nil, ctap.StatusUnsupportedAlgorithm
	}
	application := sha256.Sum256([]byte(req.RP.ID))
	excluded, err := k.check(ctx, application, req.ExcludeList)
	if err != nil {
		return nil, err
	}
	if excluded != nil {
		return nil, k.refuse(ctx)
	}
	register := ctap.U2FRegisterRequest{Challenge: [32]byte(req.ClientDataHash), Application: application}
	resp, err := k.device.U2FRegister(ctx, register)
	if err != nil {
		return nil, err
	}
	return u2fCredential(application, resp)
}

func isES256(p ctap.CredentialParameters) bool { return p.Algorithm == int64(cose.ES256) }

// refuse waits for a touch before it tells that the key has an excluded
// credential, so that no site learns it unseen. A registration that is thrown
// away is the way to have a U2F key wait.
func (k u2fKey) refuse(ctx context.Context) error {
	dummy := ctap.U2FRegisterRequest{
		Challenge: [32]byte(slices.Repeat([]byte("B"), 32)), Application: [32]byte(slices.Repeat([]byte("A"), 32)),
	}
	if _, err := k.device.U2FRegister(ctx, dummy); err != nil {
		return err
	}
	return ctap.StatusCredentialExcluded
}

// u2fCredential returns a registration as a credential.
func u2fCredential(application [32]byte, reg *ctap.U2FRegisterResponse) (*ctap.MakeCredentialResponse, error) {
	public := cose.MarshalES256(reg.PublicKey)
	if public == nil {
		return nil, cose.ErrKey
	}
	authData := ctap.AuthenticatorData{
		RPIDHash: application, Flags: ctap.FlagUP,
		Credential: &ctap.AttestedCredential{ID: reg.KeyHandle, PublicKey: public},
	}
	return &ctap.MakeCredentialResponse{
		Format:   "fido-u2f",
		AuthData: authData.Append(nil),
		AttStmt:  map[string]any{"x5c": [][]byte{reg.Certificate}, "sig": reg.Signature},
	}, nil
}

// assertions signs with the first credential of req that is the key's (CTAP
// §10.3); without a list there is none.
func (k u2fKey) assertions(ctx context.Context, req *ctap.GetAssertionRequest, _ bool) ([]*ctap.GetAssertionResponse, error) {
	application := sha256.Sum256([]byte(req.RPID))
	credential, err := k.check(ctx, application, req.AllowList)
	if err != nil {
		return nil, err
	}
	if credential == nil {
		return nil, ctap.StatusNoCredentials
	}
	resp, err := k.device.U2FAuthenticate(ctx, ctap.U2FAuthenticateRequest{
		Control: ctap.U2FEnforceAndSign, Challenge: [32]byte(req.ClientDataHash), Application: application, KeyHandle: credential.ID,
	})
	if err != nil {
		return nil, err
	}
	authData := ctap.AuthenticatorData{RPIDHash: application, Flags: resp.Flags, SignCount: resp.Counter}
	return []*ctap.GetAssertionResponse{{
		Credential: credential, AuthData: authData.Append(nil), Signature: resp.Signature,
	}}, nil
}

func (k u2fKey) find(
	ctx context.Context, rpID string, list []ctap.CredentialDescriptor, _ *client.Token,
) (*ctap.CredentialDescriptor, error) {
	return k.check(ctx, sha256.Sum256([]byte(rpID)), list)
}

// check returns the first credential of list that is the key's, or nil.
func (k u2fKey) check(ctx context.Context, application [32]byte, list []ctap.CredentialDescriptor) (*ctap.CredentialDescriptor, error) {
	for i, credential := range list {
		known, err := k.device.U2FCheck(ctx, application, credential.ID)
		if err != nil {
			return nil, err
		}
		if known {
			return &list[i], nil
		}
	}
	return nil, nil
}
