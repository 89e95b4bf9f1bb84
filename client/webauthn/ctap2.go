package webauthn

import (
	"context"
	"errors"

	"github.com/softkey-project/softkey/ctap"
)

// ctap2Key is a key that speaks CTAP2.
type ctap2Key struct{ device Device }

func (k ctap2Key) info() *ctap.GetInfoResponse { return k.device.Info() }

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

// holds asks for an assertion without user presence, of a hash that is no
// client data's.
func (k ctap2Key) holds(ctx context.Context, rpID string, list []ctap.CredentialDescriptor) (bool, error) {
	up := false
	_, err := k.device.GetAssertion(ctx, &ctap.GetAssertionRequest{
		RPID: rpID, ClientDataHash: make([]byte, 32), AllowList: list, Options: &ctap.Options{UP: &up},
	})
	if errors.Is(err, ctap.StatusNoCredentials) {
		return false, nil
	}
	return err == nil, err
}
