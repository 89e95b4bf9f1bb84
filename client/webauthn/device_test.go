package webauthn_test

import (
	"context"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/test/leak"
	"github.com/softkey-project/softkey/test/softkeytest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestDevice makes a credential with our own key and signs in with it, where
// the protocol of each may be another: one credential serves both.
func TestDevice(t *testing.T) {
	tests := []struct {
		name, profile     string
		createU2F, getU2F bool
		format            string
	}{
		{"CTAP2", "fido2.0", false, false, "packed"},
		{"U2F", "fido2.0", true, true, "fido-u2f"},
		{"made in U2F, used in CTAP2", "fido2.0", true, false, "fido-u2f"},
		{"made in CTAP2, used in U2F", "fido2.0", false, true, "packed"},
		{"a key that only speaks U2F", "u2f", false, false, "fido-u2f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &webauthn.Client{Device: softkeytest.NewWith(t, softkeytest.Config{Profile: tt.profile}).Device, Origin: origin, U2F: tt.createU2F}
			r := create(t, c, object(creation, `"attestation":"direct"`))
			if r.attestation.Format != tt.format {
				t.Errorf("format: got %s, want %s", r.attestation.Format, tt.format)
			}
			if tt.format == "packed" {
				r.verifyPacked(t)
			} else {
				r.verifyU2F(t)
			}
			c.U2F = tt.getU2F
			a := signIn(t, c, object(request, `"allowCredentials":[{"type":"public-key","id":"`+r.ID+`"}]`))
			a.verify(t, r.authData.Credential.PublicKey)

			c.U2F = tt.createU2F
			resp, err := c.Create(t.Context(), []byte(object(creation, `"excludeCredentials":[{"type":"public-key","id":"`+r.ID+`"}]`)))
			wantError(t, resp, err, webauthn.InvalidStateError)
		})
	}
}

// TestDeviceAccounts lets the user choose among accounts without a user name.
func TestDeviceAccounts(t *testing.T) {
	c := &webauthn.Client{Device: softkeytest.New(t).Device, Origin: origin}
	keys := map[string][]byte{}
	for _, user := range []string{"YWxpY2U", "Ym9i"} {
		r := create(t, c, object(creation, `"user":{"id":"`+user+`","name":"n","displayName":"d"}`,
			`"authenticatorSelection":{"residentKey":"required"}`))
		keys[r.ID] = r.authData.Credential.PublicKey
	}
	for index, want := range []string{"bob", "alice"} {
		c.Select = func(_ context.Context, accounts []webauthn.Account) (int, error) {
			if len(accounts) != 2 || string(accounts[index].User.ID) != want {
				t.Errorf("got accounts %q, want %s at %d of 2", accounts, want, index)
			}
			return index, nil
		}
		a := signIn(t, c, object(request))
		a.verify(t, keys[a.ID])
		if string(a.Response.UserHandle) != want {
			t.Errorf("user handle: got %s, want %s", a.Response.UserHandle, want)
		}
	}
}

// TestDeviceAppID signs in with a key that was registered as U2F application,
// before its site spoke WebAuthn.
func TestDeviceAppID(t *testing.T) {
	const appID = "https://example.com/app-id.json"
	key := softkeytest.New(t).Device
	reg, err := key.U2FRegister(t.Context(), ctap.U2FRegisterRequest{Application: [32]byte(hash(appID))})
	if err != nil {
		t.Fatal(err)
	}
	c := &webauthn.Client{Device: key, Origin: origin}
	a := signIn(t, c, object(request, `"allowCredentials":[{"type":"public-key","id":"`+encode(reg.KeyHandle)+`"}]`, `"extensions":{"appid":"`+appID+`"}`))
	a.verify(t, cose.MarshalES256(reg.PublicKey))
	if a.ClientExtensionResults["appid"] != true {
		t.Errorf("extensions: got %v, want appid used", a.ClientExtensionResults)
	}
}
