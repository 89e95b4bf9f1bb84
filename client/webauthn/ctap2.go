package webauthn

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// ctap2Key is a key that speaks CTAP2.
type ctap2Key struct{ device Device }

func (k ctap2Key) getInfo(ctx context.Context) (*ctap.GetInfoResponse, error) {
	return k.device.GetInfo(ctx)
}

func (k ctap2Key) makeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error) {
	return k.device.MakeCredential(ctx, req)
}

func (k ctap2Key) assertions(ctx context.Context, req *ctap.GetAssertionRequest, all bool) ([]*ctap.GetAssertionResponse, error) {
	if all {
		return k.device.Assertions(ctx, req)
	}
	first, err := k.device.GetAssertion(ctx, req)
	if err != nil {
		return nil, err
	}
	return []*ctap.GetAssertionResponse{first}, nil
}

// find asks for an assertion without user presence, of a hash that is no
// client data's.
func (k ctap2Key) find(
	ctx context.Context, rpID string, list []ctap.CredentialDescriptor, t *client.Token,
) (*ctap.CredentialDescriptor, error) {
	up := false
	req := &ctap.GetAssertionRequest{
		RPID: rpID, ClientDataHash: make([]byte, 32), AllowList: list, Options: &ctap.Options{UP: &up},
	}
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.Authorize(req.ClientDataHash)
	resp, err := k.device.GetAssertion(ctx, req)
	if errors.Is(err, ctap.StatusNoCredentials) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if resp.Credential == nil && len(list) == 1 {
		return &list[0], nil
	}
	for i := range list {
		if resp.Credential != nil && bytes.Equal(list[i].ID, resp.Credential.ID) {
			return &list[i], nil
		}
	}
	return nil, fail(UnknownError, "the key's answer names no credential that it was asked for")
}

// speaksU2F tells whether a key of CTAP2 speaks U2F too.
func speaksU2F(info *ctap.GetInfoResponse) bool {
	return slices.Contains(info.Versions, ctap.VersionU2FV2)
}
