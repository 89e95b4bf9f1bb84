package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- key identifiers (RFC 5280, section 4.2.1.2), which nothing relies on
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"time"
)

// Certificates are valid for longer than any test runs, in whole seconds, and
// end before 2050, where the encoding of time changes (RFC 5280 §4.1.2.5).
var (
	notBefore = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2049, time.December, 31, 23, 59, 59, 0, time.UTC)
)

const (
	seedSize   = 40 // bytes of randomness in a key; see keyOf
	serialSize = 16 // bytes of a serial number, of 20 allowed (RFC 5280 §4.1.2.2)
)

// A draft is a certificate before it is signed, and the key it is for.
type draft struct {
	template *x509.Certificate
	key      *ecdsa.PrivateKey
}

// newDraft draws the key and the serial number from random (nil:
// crypto/rand.Reader). It is not a CA; the subject is missing.
func newDraft(random io.Reader) (*draft, error) {
	if random == nil {
		random = rand.Reader
	}
	drawn := make([]byte, seedSize+serialSize)
	if _, err := io.ReadFull(random, drawn); err != nil {
		return nil, fmt.Errorf("certs: random bytes: %w", err)
	}
	key, err := keyOf(drawn[:seedSize])
	if err != nil {
		return nil, fmt.Errorf("certs: key: %w", err)
	}
	template, err := newTemplate(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serialOf(drawn[seedSize:])
	return &draft{template, key}, nil
}

// newTemplate returns what all certificates have in common, filled in for the
// key public. The serial number and the subject are missing.
func newTemplate(public crypto.PublicKey) (*x509.Certificate, error) {
	keyID, err := KeyIdentifier(public)
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		NotBefore:             notBefore,
		NotAfter:              notAfter,
		BasicConstraintsValid: true,
		SubjectKeyId:          keyID,
	}, nil
}

// selfSigned signs the draft with its own key: a root.
func (d *draft) selfSigned() (*Identity, error) {
	certificate, err := sign(d.template, &d.key.PublicKey, d.template, d.key)
	if err != nil {
		return nil, err
	}
	return &Identity{certificate, d.key}, nil
}

// issuedBy has issuer sign the draft.
func (d *draft) issuedBy(issuer Issuer) (*Identity, error) {
	certificate, err := issue(issuer, d.template, &d.key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &Identity{certificate, d.key}, nil
}

// sign returns the certificate of template for the key public, signed with the
// key of parent.
func sign(template *x509.Certificate, public crypto.PublicKey, parent *x509.Certificate, key crypto.Signer) (*x509.Certificate, error) {
	// No reader: crypto/ecdsa then signs by RFC 6979. It would ignore one of ours.
	der, err := x509.CreateCertificate(nil, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	return certificate, nil
}

// keyOf returns the P-256 key that seed determines, by FIPS 186-5 §A.2.1: the
// seed has 64 bits more than the order of the curve, so that its remainder is as
// good as uniform and no seed has to be refused. (ecdsa.GenerateKey would ignore
// a reader of ours.)
func keyOf(seed []byte) (*ecdsa.PrivateKey, error) {
	one := big.NewInt(1)
	d := new(big.Int).SetBytes(seed)
	d.Mod(d, new(big.Int).Sub(elliptic.P256().Params().N, one))
	d.Add(d, one)
	return ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
}

// serialOf makes b a positive serial number, whose encoding is as long as b.
func serialOf(b []byte) *big.Int {
	serial := new(big.Int).SetBytes(b)
	bits := 8 * len(b)
	serial.SetBit(serial, bits-1, 0)
	return serial.SetBit(serial, bits-2, 1)
}

// KeyIdentifier returns the SHA-1 of the public key's bits (RFC 5280 §4.2.1.2,
// method 1). FIDO metadata names U2F keys by it, whatever the extension says, so
// the two must agree; crypto/x509 would choose a truncated SHA-256.
func KeyIdentifier(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("certs: public key: %w", err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Bits      asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("certs: public key: %w", err)
	}
	sum := sha1.Sum(info.Bits.Bytes) // #nosec G401 -- as above
	return sum[:], nil
}
