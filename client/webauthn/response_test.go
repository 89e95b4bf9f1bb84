package webauthn_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// bin is bytes in base64url without padding; anything else fails to decode.
type bin []byte

func (b *bin) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.AppendDecode(nil, text)
	return err
}

// registration is a RegistrationResponseJSON, as a server reads it.
type registration struct {
	ID                      string                           `json:"id"`
	RawID                   bin                              `json:"rawId"`
	Type                    string                           `json:"type"`
	AuthenticatorAttachment string                           `json:"authenticatorAttachment"`
	ClientExtensionResults  map[string]any                   `json:"clientExtensionResults"`
	Response                authenticatorAttestationResponse `json:"response"`

	attestation struct {
		Format   string         `cbor:"fmt"`
		AttStmt  map[string]any `cbor:"attStmt"`
		AuthData []byte         `cbor:"authData"`
	}
	authData *ctap.AuthenticatorData
}

type authenticatorAttestationResponse struct {
	ClientDataJSON     bin      `json:"clientDataJSON"`
	AuthenticatorData  bin      `json:"authenticatorData"`
	Transports         []string `json:"transports"`
	PublicKey          bin      `json:"publicKey"`
	PublicKeyAlgorithm int64    `json:"publicKeyAlgorithm"`
	AttestationObject  bin      `json:"attestationObject"`
}

// create runs a creation that must succeed, and checks what holds of each.
func create(t *testing.T, c *webauthn.Client, options string) *registration {
	t.Helper()
	resp, err := c.Create(t.Context(), []byte(options))
	if err != nil {
		t.Fatal(err)
	}
	var r registration
	decodeStrict(t, resp, &r)
	if err := ctap.Unmarshal(r.Response.AttestationObject, &r.attestation); err != nil {
		t.Fatal(err)
	}
	if r.authData, err = ctap.ParseAuthenticatorData(r.attestation.AuthData); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.attestation.AuthData, r.Response.AuthenticatorData) {
		t.Error("authenticatorData differs from that in attestationObject")
	}
	if !bytes.Equal(r.RawID, r.authData.Credential.ID) || r.ID != encode(r.RawID) || r.Type != "public-key" {
		t.Errorf("got id %s, rawId %x, type %s; want those of credential %x", r.ID, r.RawID, r.Type, r.authData.Credential.ID)
	}
	return &r
}

// verifyPacked checks a packed attestation with a certificate (§8.2).
func (r *registration) verifyPacked(t *testing.T) {
	t.Helper()
	hash := sha256.Sum256(r.Response.ClientDataJSON)
	r.verifyStatement(t, append(bytes.Clone(r.attestation.AuthData), hash[:]...))
}

// verifyU2F checks a fido-u2f attestation (§8.6).
func (r *registration) verifyU2F(t *testing.T) {
	t.Helper()
	point, err := cose.PointES256(r.authData.Credential.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(r.Response.ClientDataJSON)
	r.verifyStatement(t, ctap.U2FSignedRegistration(r.authData.RPIDHash, hash, r.RawID, point))
}

func (r *registration) verifyStatement(t *testing.T, signed []byte) {
	t.Helper()
	certificates, _ := r.attestation.AttStmt["x5c"].([]any)
	if len(certificates) != 1 {
		t.Fatalf("got %d certificates, want one", len(certificates))
	}
	cert, err := x509.ParseCertificate(certificates[0].([]byte))
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignature(x509.ECDSAWithSHA256, signed, r.attestation.AttStmt["sig"].([]byte)); err != nil {
		t.Errorf("attestation: %v", err)
	}
}

// authentication is an AuthenticationResponseJSON, as a server reads it.
type authentication struct {
	ID                      string         `json:"id"`
	RawID                   bin            `json:"rawId"`
	Type                    string         `json:"type"`
	AuthenticatorAttachment string         `json:"authenticatorAttachment"`
	ClientExtensionResults  map[string]any `json:"clientExtensionResults"`
	Response                struct {
		ClientDataJSON    bin `json:"clientDataJSON"`
		AuthenticatorData bin `json:"authenticatorData"`
		Signature         bin `json:"signature"`
		UserHandle        bin `json:"userHandle"`
	} `json:"response"`
}

// signIn runs an authentication that must succeed, and checks what holds of
// each.
func signIn(t *testing.T, c *webauthn.Client, options string) *authentication {
	t.Helper()
	resp, err := c.Get(t.Context(), []byte(options))
	if err != nil {
		t.Fatal(err)
	}
	var a authentication
	decodeStrict(t, resp, &a)
	if a.ID != encode(a.RawID) || a.Type != "public-key" || a.AuthenticatorAttachment != "cross-platform" {
		t.Errorf("got id %s, rawId %x, type %s, attachment %s; want one ID, a public-key, cross-platform", a.ID, a.RawID, a.Type, a.AuthenticatorAttachment)
	}
	return &a
}

// verify checks the signature with the credential's COSE_Key.
func (a *authentication) verify(t *testing.T, coseKey []byte) {
	t.Helper()
	authData, err := ctap.ParseAuthenticatorData(a.Response.AuthenticatorData)
	if err != nil {
		t.Fatal(err)
	}
	if authData.Flags != ctap.FlagUP {
		t.Errorf("got flags %#x, want user presence", authData.Flags)
	}
	clientDataHash := sha256.Sum256(a.Response.ClientDataJSON)
	signed := append(bytes.Clone(a.Response.AuthenticatorData), clientDataHash[:]...)
	if err := cose.ByID(cose.ES256).Verify(coseKey, signed, a.Response.Signature); err != nil {
		t.Errorf("signature: %v", err)
	}
}

// get is signIn with a fake key, and verifies the signature with the credential
// that the key has.
func get(t *testing.T, c *webauthn.Client, key *fakeKey, options string) *authentication {
	t.Helper()
	a := signIn(t, c, options)
	rpIDHash := [32]byte(a.Response.AuthenticatorData)
	account := key.find(rpIDHash, []ctap.CredentialDescriptor{{ID: []byte(a.RawID)}})
	if account == nil {
		t.Fatalf("the key has no credential %s", a.RawID)
	}
	a.verify(t, account.key.COSEKey())
	return a
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decodeStrict decodes JSON that has no other members than v.
func decodeStrict(t *testing.T, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

// wantError checks that a ceremony failed as a page would see it.
func wantError(t *testing.T, resp []byte, err error, name string) {
	t.Helper()
	var e *webauthn.Error
	if !errors.As(err, &e) || e.Name != name || resp != nil {
		t.Errorf("got %s, %v; want %s", resp, err, name)
	}
}

// verifies tells whether sig is a signature of message by the key that a
// SubjectPublicKeyInfo has.
func verifies(public any, message, sig []byte) bool {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(message)
		return ecdsa.VerifyASN1(public, digest[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(public, message, sig)
	}
	return false
}
