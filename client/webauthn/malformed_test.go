package webauthn_test

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

// TestMalformedCredentials has keys whose answers to a creation make no sense.
// The failure is the client's finding: it must not look like a status that the
// key answered.
func TestMalformedCredentials(t *testing.T) {
	authData := func(publicKey []byte) []byte {
		d := ctap.AuthenticatorData{Credential: &ctap.AttestedCredential{ID: []byte("id"), PublicKey: publicKey}}
		return d.Append(nil)
	}
	noCredential := ctap.AuthenticatorData{}
	tests := []struct {
		name string
		resp ctap.MakeCredentialResponse
	}{
		{"no authenticator data", ctap.MakeCredentialResponse{}},
		{"no credential", ctap.MakeCredentialResponse{AuthData: noCredential.Append(nil)}},
		{"a public key that is no map", ctap.MakeCredentialResponse{AuthData: authData([]byte{0x00})}},
		{"a public key without a point", ctap.MakeCredentialResponse{AuthData: authData([]byte{0xa2, 1, 2, 3, 0x26})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.credential = &tt.resp
			resp, err := newClient(key).Create(t.Context(), []byte(object(creation)))
			wantError(t, resp, err, webauthn.UnknownError)
			var status ctap.Status
			if errors.As(err, &status) {
				t.Errorf("%v has status %v, which the key did not answer", err, status)
			}
		})
	}
}

func TestMalformedAssertion(t *testing.T) {
	key := newKey(t)
	key.add("login.example.com", "two", &ctap.User{ID: []byte("bob")})
	key.assertion = &ctap.GetAssertionResponse{} // of which credential?
	resp, err := newClient(key).Get(t.Context(), []byte(object(request, allowing)))
	wantError(t, resp, err, webauthn.UnknownError)
}

func TestMalformedU2FRegistration(t *testing.T) {
	key := newU2FKey(t)
	key.point = []byte{4}
	resp, err := newClient(key).Create(t.Context(), []byte(object(creation)))
	wantError(t, resp, err, webauthn.UnknownError)
}
