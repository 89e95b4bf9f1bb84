package attestation

import (
	"crypto"
	"crypto/ecdsa"
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
	// Intermediates are the certificates between the leaf and its root, which
	// is not among them; the issuer of the leaf comes first. Usually none.
	Intermediates []*x509.Certificate

	// Hedged mixes fresh randomness into each signature. Without it signatures
	// follow RFC 6979 and equal messages have equal signatures.
	Hedged bool
}

// An Attester signs for a model of security key, with a key that is not a
// credential's. It may be used by several goroutines.
type Attester struct {
	key  *ecdsa.PrivateKey
	rand io.Reader // nil: RFC 6979
	x5c  [][]byte
}

// NewAttester returns the attester with the key of leaf, which is on P-256, as
// package certs makes them.
func NewAttester(leaf *certs.Identity, cfg AttesterConfig) *Attester {
	a := &Attester{key: leaf.Key, x5c: [][]byte{leaf.Certificate.Raw}}
	for _, c := range cfg.Intermediates {
		a.x5c = append(a.x5c, c.Raw)
	}
	if cfg.Hedged {
		a.rand = rand.Reader
	}
	return a
}

// Algorithm returns the algorithm of the attester's signatures.
func (a *Attester) Algorithm() cose.ID { return cose.ES256 }

// Certificate returns the DER of the leaf. The caller must not change it.
func (a *Attester) Certificate() []byte { return a.x5c[0] }

// X5C returns the DER of the leaf and then of the intermediates, without the
// root. The caller must not change it.
func (a *Attester) X5C() [][]byte { return a.x5c }

// Sign returns the signature of message, in ASN.1 DER.
func (a *Attester) Sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return a.key.Sign(a.rand, digest[:], crypto.SHA256)
}

// SignU2F returns the signature of a U2F registration response (U2F §4.3).
// publicKey is 04 ‖ X ‖ Y.
func (a *Attester) SignU2F(applicationParameter, challengeParameter [32]byte, keyHandle, publicKey []byte) ([]byte, error) {
	return a.Sign(ctap.U2FSignedRegistration(applicationParameter, challengeParameter, keyHandle, publicKey))
}
