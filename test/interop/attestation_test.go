package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"testing"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/metadata/providers/memory"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/google/uuid"

	"github.com/softkey-project/softkey/authenticator"
)

// entry says of a model of authenticator that root vouches for it.
func entry(root *x509.Certificate, status metadata.AuthenticatorStatus) *metadata.Entry {
	return &metadata.Entry{
		MetadataStatement: metadata.Statement{
			AttestationTypes:            metadata.AuthenticatorAttestationTypes{metadata.BasicFull},
			AttestationRootCertificates: []*x509.Certificate{root},
		},
		StatusReports: []metadata.StatusReport{{Status: status}},
	}
}

// provider trusts the models by their AAGUID, and those without one by the key
// of their certificate.
func provider(t *testing.T, byAAGUID map[uuid.UUID]*metadata.Entry, byKey map[string]*metadata.Entry) metadata.Provider {
	t.Helper()
	p, err := memory.New(
		memory.WithMetadata(byAAGUID), memory.WithMetadataKeyIdentifiers(byKey), memory.WithValidateEntryKeyIdentifier(true),
		memory.WithValidateEntry(true), memory.WithValidateTrustAnchor(true), memory.WithValidateStatus(true), memory.WithValidateAttestationTypes(true),
	)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// impostor returns a root certificate that differs from root in its key alone.
func impostor(t *testing.T, root *x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := *root
	template.PublicKey, template.SubjectKeyId = &key.PublicKey, nil
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// A site that trusts the root of a state directory accepts its key, and one that
// trusts another root does not.
func TestTrust(t *testing.T) {
	aaguid := uuid.UUID(authenticator.ProfileAAGUID(authenticator.DefaultProfile, false))
	tests := []struct {
		name     string
		entries  func(root *x509.Certificate) map[uuid.UUID]*metadata.Entry
		accepted bool
	}{
		{"root", func(root *x509.Certificate) map[uuid.UUID]*metadata.Entry {
			return map[uuid.UUID]*metadata.Entry{aaguid: entry(root, metadata.NotFidoCertified)}
		}, true},
		{"foreign root", func(root *x509.Certificate) map[uuid.UUID]*metadata.Entry {
			return map[uuid.UUID]*metadata.Entry{aaguid: entry(impostor(t, root), metadata.NotFidoCertified)}
		}, false},
		{"unknown model", func(root *x509.Certificate) map[uuid.UUID]*metadata.Entry {
			return map[uuid.UUID]*metadata.Entry{{1}: entry(root, metadata.NotFidoCertified)}
		}, false},
		{"revoked", func(root *x509.Certificate) map[uuid.UUID]*metadata.Entry {
			return map[uuid.UUID]*metadata.Entry{aaguid: entry(root, metadata.Revoked)}
		}, false},
	}
	key := newCommand(t, authenticator.DefaultProfile)
	newSite(t, nil).enrol(t, key, "ada")
	root := key.root()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, provider(t, tt.entries(root), nil))
			credential, err := s.register(t, key, &account{id: []byte("ada")})
			if (err == nil) != tt.accepted {
				t.Fatalf("got %v, want accepted %v", err, tt.accepted)
			}
			if err == nil && credential.AttestationType != string(metadata.BasicFull) {
				t.Errorf("got attestation type %s, want %s", credential.AttestationType, metadata.BasicFull)
			}
		})
	}
}

// A U2F key has no AAGUID: it is known by the key of its certificate.
func TestTrustU2F(t *testing.T) {
	key := newCommand(t, "u2f")
	id := keyIdentifier(t, key)
	root := key.root()
	tests := []struct {
		name     string
		entries  map[string]*metadata.Entry
		accepted bool
	}{
		{"root", map[string]*metadata.Entry{id: entry(root, metadata.NotFidoCertified)}, true},
		{"foreign root", map[string]*metadata.Entry{id: entry(impostor(t, root), metadata.NotFidoCertified)}, false},
		{"unknown certificate", map[string]*metadata.Entry{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, provider(t, map[uuid.UUID]*metadata.Entry{}, tt.entries))
			if _, err := s.register(t, key, &account{id: []byte("ada")}); (err == nil) != tt.accepted {
				t.Errorf("got %v, want accepted %v", err, tt.accepted)
			}
		})
	}
}

// keyIdentifier returns the identifier of the key that attests p's
// registrations, as metadata have it (RFC 5280 §4.2.1.2, method 1).
func keyIdentifier(t *testing.T, p page) string {
	t.Helper()
	creation, _, err := newSite(t, nil).BeginRegistration(&account{id: []byte("ada")})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(p.Create(creation))
	if err != nil {
		t.Fatal(err)
	}
	x5c := parsed.Response.AttestationObject.AttStatement["x5c"].([]any)
	leaf, err := x509.ParseCertificate(x5c[0].([]byte))
	if err != nil {
		t.Fatal(err)
	}
	point, err := leaf.PublicKey.(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(point)
	return hex.EncodeToString(sum[:])
}
