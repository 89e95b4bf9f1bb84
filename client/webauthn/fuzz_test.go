package webauthn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

// FuzzCreate states that options are either refused as a page would see it, or
// lead to a request that a strict key takes and to client data that have the
// options' challenge, which a JSON decoder and base64url find again.
func FuzzCreate(f *testing.F) {
	f.Add([]byte(object(creation)))
	f.Add([]byte(`{"publicKey":` + object(creation, excluding, `"attestation":"direct"`) + `}`))
	f.Add([]byte(object(creation, `"pubKeyCredParams":[{"type":"public-key","alg":-8}],"timeout":1,"authenticatorSelection":{"residentKey":"required"}`)))
	f.Fuzz(func(t *testing.T, options []byte) {
		resp, err := newClient(newKey(t)).Create(t.Context(), options)
		if refused(t, resp, err) {
			return
		}
		var r registration
		decodeStrict(t, resp, &r)
		checkChallenge(t, options, r.Response.ClientDataJSON)
	})
}

// FuzzGet states the same of authentications.
func FuzzGet(f *testing.F) {
	f.Add([]byte(object(request)))
	f.Add([]byte(`{"publicKey":` + object(request, allowing, `"rpId":"example.com"`) + `}`))
	f.Add([]byte(object(request, allowing, `"extensions":{"appid":"https://example.com/"},"userVerification":"discouraged"`)))
	f.Fuzz(func(t *testing.T, options []byte) {
		key := newKey(t)
		key.add("example.com", "two", nil)
		key.add("login.example.com", "one", &ctap.User{ID: []byte("alice")})
		resp, err := newClient(key).Get(t.Context(), options)
		if refused(t, resp, err) {
			return
		}
		var a authentication
		decodeStrict(t, resp, &a)
		checkChallenge(t, options, a.Response.ClientDataJSON)
	})
}

func refused(t *testing.T, resp []byte, err error) bool {
	t.Helper()
	var e *webauthn.Error
	if err != nil && (!errors.As(err, &e) || resp != nil) {
		t.Errorf("got %s, %v; want a webauthn.Error", resp, err)
	}
	return err != nil
}

func checkChallenge(t *testing.T, options, clientDataJSON []byte) {
	t.Helper()
	type withChallenge struct{ Challenge string }
	var o struct {
		withChallenge
		PublicKey *withChallenge
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if o.PublicKey != nil {
		o.withChallenge = *o.PublicKey
	}
	var want, got bin
	if err := want.UnmarshalText(bytes.TrimRight([]byte(o.Challenge), "=")); err != nil {
		t.Fatal(err)
	}
	var data withChallenge
	if err := json.Unmarshal(clientDataJSON, &data); err != nil {
		t.Fatal(err)
	}
	if err := got.UnmarshalText([]byte(data.Challenge)); err != nil || !bytes.Equal(got, want) {
		t.Errorf("challenge: got %x, %v; want %x", got, err, want)
	}
}
