package webauthn_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// FuzzCreate states that options are either refused as a page would see it, or
// lead to a request that a strict key takes and to client data that have the
// options' challenge, which a JSON decoder and base64url find again.
func FuzzCreate(f *testing.F) {
	f.Add([]byte(object(creation)))
	f.Add([]byte(`{"publicKey":` + object(creation, excluding, `"attestation":"direct"`) + `}`))
	f.Add([]byte(object(creation, `"pubKeyCredParams":[{"type":"public-key","alg":-8}],"timeout":1,"authenticatorSelection":{"residentKey":"required"}`)))
	f.Add([]byte(object(creation, selection("required", "required"), `"attestation":"enterprise","attestationFormats":["packed"],"extensions":{"prf":{"eval":{"first":"YQ","second":""}},"largeBlob":{"support":"preferred"},"credBlob":"YQ","credentialProtectionPolicy":"userVerificationRequired"}`)))
	f.Add([]byte(object(creation, excluding, selection("discouraged", "preferred"), `"extensions":{"appidExclude":"https://example.com","minPinLength":true,"payment":{"isPayment":true},"hmacCreateSecret":true,"enforceCredentialProtectionPolicy":true,"pinComplexityPolicy":true}`)))
	f.Fuzz(func(t *testing.T, options []byte) {
		resp, err := richClient(t).Create(t.Context(), options)
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
	f.Add([]byte(object(request, allowing, `"extensions":{"prf":{"eval":{"first":""},"evalByCredential":{"dHdv":{"first":"YQ","second":"YQ"}}},"getCredBlob":true,"largeBlob":{"read":true}}`)))
	f.Add([]byte(object(request, allow("b25l"), `"extensions":{"largeBlob":{"write":"YQ"},"payment":{}}`)))
	f.Fuzz(func(t *testing.T, options []byte) {
		resp, err := richClient(t).Get(t.Context(), options)
		if refused(t, resp, err) {
			return
		}
		var a authentication
		decodeStrict(t, resp, &a)
		checkChallenge(t, options, a.Response.ClientDataJSON)
	})
}

// richClient returns a client whose key has all that there is.
func richClient(t *testing.T) *webauthn.Client {
	key := newKey(t)
	key.add("example.com", "two", nil)
	key.add("login.example.com", "one", &ctap.User{ID: []byte("alice")})
	key.info.Extensions = []string{
		"credBlob", "credProtect", "hmac-secret", "hmac-secret-mc", "largeBlobKey", "minPinLength", "pinComplexityPolicy", "thirdPartyPayment",
	}
	key.info.MaxCredBlobLength, key.info.AttestationFormats = 32, []string{"packed"}
	key.info.Options = features("rk", "largeBlobs", "clientPin", "pinUvAuthToken", "ep")
	key.pin, key.retries, key.blobs = pin1234, client.PINRetries{Left: 8}, map[string][]byte{}
	c := newClient(key)
	c.PIN = webauthn.StaticPIN(pin1234)
	return c
}

// FuzzHostileKey states that whatever a key answers, the page gets an exception
// or a response, after as many questions as the key has answers, and a few.
func FuzzHostileKey(f *testing.F) {
	for _, options := range hostileOptions {
		f.Add(options.create, []byte(options.options), []byte{})
		f.Add(options.create, []byte(options.options), converse(f, options.create, options.options))
	}
	f.Fuzz(func(t *testing.T, create bool, options, said []byte) {
		key := &parrot{answers: split(said)}
		prepared := len(key.answers)
		d, err := client.Open(t.Context(), ctaphid.Loopback(key, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
		if err != nil {
			return
		}
		defer d.Close()
		c := &webauthn.Client{Device: d, Origin: origin, PIN: webauthn.StaticPIN(pin1234)}
		run := c.Get
		if create {
			run = c.Create
		}
		resp, err := run(t.Context(), options)
		if !refused(t, resp, err) && !json.Valid(resp) {
			t.Errorf("got %s, want JSON", resp)
		}
		if key.asked > prepared+5 {
			t.Errorf("the key was asked %d times, and had %d answers", key.asked, prepared)
		}
	})
}

// hostileOptions are what keys are fuzzed with.
var hostileOptions = []struct {
	create  bool
	options string
}{
	{true, object(creation, `"attestation":"direct"`, selection("preferred", "required"), `"extensions":{"prf":{"eval":{"first":"YQ"}},"largeBlob":{},"credBlob":"YQ","credProps":true}`)},
	{false, object(request, `"extensions":{"prf":{"eval":{"first":"YQ"}},"largeBlob":{"read":true},"getCredBlob":true}`)},
	{false, object(request, allow("b25l"), `"extensions":{"largeBlob":{"write":"YQ"}}`)},
}

// converse returns what our own key says in the course of a ceremony.
func converse(f *testing.F, create bool, options string) []byte {
	profile, _ := authenticator.ProfileByName("fido2.3")
	key, err := device.New(device.Config{Profile: profile, PIN: pin1234, Presence: authenticator.Approve{}})
	if err != nil {
		f.Fatal(err)
	}
	defer key.Close()
	p := &parrot{key: key.Handler()}
	d, err := client.Open(f.Context(), ctaphid.Loopback(p, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
	if err != nil {
		f.Fatal(err)
	}
	defer d.Close()
	c := &webauthn.Client{Device: d, Origin: origin, PIN: webauthn.StaticPIN(pin1234)}
	first, err := c.Create(f.Context(), []byte(object(creation, selection("preferred", "required"))))
	if err != nil {
		f.Fatal(err)
	}
	var made registration
	if err := json.Unmarshal(first, &made); err != nil {
		f.Fatal(err)
	}
	p.answers = p.answers[:1] // the first was of opening it
	run := c.Get
	if create {
		run = c.Create
	}
	if _, err := run(f.Context(), []byte(strings.Replace(options, `"b25l"`, `"`+made.ID+`"`, 1))); err != nil {
		f.Fatal(err)
	}
	var said []byte
	for _, answer := range p.answers {
		said = append(binary.BigEndian.AppendUint16(said, uint16(len(answer))), answer...)
	}
	return said
}

// parrot repeats answers, or learns them from a key.
type parrot struct {
	key     ctap.Handler
	answers [][]byte
	asked   int
}

func (p *parrot) Handle(ctx context.Context, req *ctap.Request) []byte {
	p.asked++
	if p.key != nil {
		p.answers = append(p.answers, p.key.Handle(ctx, req))
		return p.answers[len(p.answers)-1]
	}
	if len(p.answers) == 0 {
		return []byte{byte(ctap.StatusOther)}
	}
	next := p.answers[0]
	p.answers = p.answers[1:]
	return next
}

// split cuts answers apart:
//
//	length (2, big-endian) ‖ answer, …
func split(b []byte) (list [][]byte) {
	for len(b) >= 2 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		list = append(list, b[2:2+n])
		b = b[2+n:]
	}
	return list
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
