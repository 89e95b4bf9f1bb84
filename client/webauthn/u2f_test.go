package webauthn_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

func TestU2FCreate(t *testing.T) {
	for _, key := range []*fakeKey{newU2FKey(t), newKey(t)} {
		c := newClient(key)
		c.U2F = true // a U2F key does not need to be told
		r := create(t, c, object(creation, `"attestation":"direct","extensions":{"credProps":true}`))
		if r.attestation.Format != "fido-u2f" {
			t.Errorf("format: got %s, want fido-u2f", r.attestation.Format)
		}
		r.verifyU2F(t)
		want := ctap.AuthenticatorData{RPIDHash: [32]byte(hash("login.example.com")), Flags: ctap.FlagUP | ctap.FlagAT, Credential: r.authData.Credential}
		if !reflect.DeepEqual(*r.authData, want) || r.authData.Credential.AAGUID != [16]byte{} {
			t.Errorf("authenticator data: got %+v, want %+v", *r.authData, want)
		}
		if want := map[string]any{"credProps": map[string]any{"rk": false}}; !reflect.DeepEqual(r.ClientExtensionResults, want) {
			t.Errorf("extensions: got %v, want rk false", r.ClientExtensionResults)
		}
	}
}

func TestU2FCreateWithoutAttestation(t *testing.T) {
	r := create(t, newClient(newU2FKey(t)), object(creation))
	if r.attestation.Format != "none" || len(r.attestation.AttStmt) != 0 {
		t.Errorf("got format %s and statement %v, want none", r.attestation.Format, r.attestation.AttStmt)
	}
}

// TestU2FCreateExcludes has a key that refuses, but not before it was touched.
func TestU2FCreateExcludes(t *testing.T) {
	key := newU2FKey(t)
	key.add("login.example.com", "two", nil)
	resp, err := newClient(key).Create(t.Context(), []byte(object(creation, excluding)))
	wantError(t, resp, err, webauthn.InvalidStateError)
	want := []ctap.U2FRegisterRequest{{
		Challenge: [32]byte(bytes.Repeat([]byte("B"), 32)), Application: [32]byte(bytes.Repeat([]byte("A"), 32)),
	}}
	if !reflect.DeepEqual(key.register, want) || !reflect.DeepEqual(key.checked, [][]byte{[]byte("one"), []byte("two")}) {
		t.Errorf("got checks of %q and registrations %x, want one and two, and a dummy", key.checked, key.register)
	}
	key.err = errors.New("unplugged")
	resp, err = newClient(key).Create(t.Context(), []byte(object(creation, excluding)))
	wantError(t, resp, err, webauthn.UnknownError)
}

func TestU2FCreateRefuses(t *testing.T) {
	tests := []struct{ name, options, want string }{
		{"no ES256", `"pubKeyCredParams":[{"type":"public-key","alg":-8}]`, webauthn.NotSupportedError},
		{"a discoverable credential", `"authenticatorSelection":{"residentKey":"required"}`, webauthn.ConstraintError},
		{"user verification", `"authenticatorSelection":{"userVerification":"required"}`, webauthn.ConstraintError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newU2FKey(t)
			resp, err := newClient(key).Create(t.Context(), []byte(object(creation, tt.options)))
			wantError(t, resp, err, tt.want)
			if key.register != nil {
				t.Error("the key was asked")
			}
		})
	}
}

func TestU2FGet(t *testing.T) {
	key := newU2FKey(t)
	key.add("login.example.com", "two", nil)
	key.add("login.example.com", "three", nil)
	if a := get(t, newClient(key), key, object(request, allowing)); string(a.RawID) != "two" {
		t.Errorf("got credential %s, want the first of the key's, two", a.RawID)
	}
}

func TestU2FGetRefuses(t *testing.T) {
	tests := []struct {
		name, options string
		err           error
		want          string
	}{
		{"any credential", ``, nil, webauthn.NotAllowedError},
		{"another's", `"allowCredentials":[{"type":"public-key","id":"Zm91cg"}]`, nil, webauthn.NotAllowedError},
		{"user verification", `"allowCredentials":[{"type":"public-key","id":"b25l"}],"userVerification":"required"`, nil, webauthn.NotAllowedError},
		{"U2F is off", `"allowCredentials":[{"type":"public-key","id":"b25l"}]`, ctap.SWCommandNotAllowed, webauthn.UnknownError},
		{"unplugged", `"allowCredentials":[{"type":"public-key","id":"b25l"}]`, errors.New("unplugged"), webauthn.UnknownError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newU2FKey(t)
			key.err = tt.err
			key.add("login.example.com", "one", nil)
			resp, err := newClient(key).Get(t.Context(), []byte(object(request, tt.options)))
			wantError(t, resp, err, tt.want)
		})
	}
}
