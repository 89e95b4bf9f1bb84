package attestation

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"io"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// AttesterConfig says what is special about an [Attester].
type AttesterConfig struct {
	// Issuer is who issued the leaf: x5c carries its chain without the root,
	// and it certifies what tpm, android-key and apple need certified. Without
	// one, x5c is the leaf alone, as enterprise attestation wants it, and those
	// formats are refused.
	Issuer certs.Issuer

	// Hedged mixes fresh randomness into each signature. Without it signatures
	// follow RFC 6979 and equal messages have equal signatures.
	Hedged bool
}

// An Attester signs for a model of security key, with a key that is not a
// credential's. It may be used by several goroutines.
type Attester struct {
	leaf   *certs.Identity
	issuer certs.Issuer // nil: none
	rand   io.Reader    // nil: RFC 6979
	x5c    [][]byte
}

// NewAttester returns the attester with the key of leaf, which is on P-256, as
// package certs makes them.
func NewAttester(leaf *certs.Identity, cfg AttesterConfig) *Attester {
	a := &Attester{leaf: leaf, issuer: cfg.Issuer}
	a.x5c = a.path(leaf.Certificate)
	if cfg.Hedged {
		a.rand = rand.Reader
	}
	return a
}

// path returns the DER of a certificate of the issuer and of what is between it
// and the root.
func (a *Attester) path(certificate *x509.Certificate) [][]byte {
	path := a.pathToRoot(certificate)
	return path[:max(1, len(path)-1)]
}

// pathToRoot is path, and then the root.
func (a *Attester) pathToRoot(certificate *x509.Certificate) [][]byte {
	path := [][]byte{certificate.Raw}
	if a.issuer == nil {
		return path
	}
	for _, c := range a.issuer.Chain() {
		path = append(path, c.Raw)
	}
	return path
}

// Algorithm returns the algorithm of the attester's signatures.
func (a *Attester) Algorithm() cose.ID { return cose.ES256 }

// Certificate returns the DER of the leaf. The caller must not change it.
func (a *Attester) Certificate() []byte { return a.x5c[0] }

// X5C returns the DER of the leaf and then of the intermediates, without the
// root. The caller must not change it.
func (a *Attester) X5C() [][]byte { return a.x5c }

// Sign returns the signature of a message, given in parts, in ASN.1 DER.
func (a *Attester) Sign(message ...[]byte) ([]byte, error) {
	hash := sha256.New()
	for _, part := range message {
		hash.Write(part)
	}
	return a.leaf.Key.Sign(a.rand, hash.Sum(nil), crypto.SHA256)
}

// SignU2F returns the signature of a U2F registration response (U2F §4.3).
// publicKey is 04 ‖ X ‖ Y.
func (a *Attester) SignU2F(applicationParameter, challengeParameter [32]byte, keyHandle, publicKey []byte) ([]byte, error) {
	return a.Sign(ctap.U2FSignedRegistration(applicationParameter, challengeParameter, keyHandle, publicKey))
}
