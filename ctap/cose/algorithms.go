// Package cose holds the signature algorithms that credentials use, each as
// COSE names it: its number, its public key as a COSE_Key, its private key as
// bytes that a key handle can carry.
//
// New keys come from random bytes alone, so that a seed repeats them. The
// numbers are those of the IANA COSE Algorithms registry (RFC 9053, RFC 9864).
package cose

import "errors"

// ID is a COSE algorithm number, such as -7 for ES256.
type ID int64

// The algorithms of this package.
const (
	ES256 ID = -7 // ECDSA on P-256 with SHA-256; signatures in ASN.1 DER
	EdDSA ID = -8 // Ed25519
)

var (
	// ErrMaterial is returned for stored key material of the wrong length or value.
	ErrMaterial = errors.New("cose: not key material of this algorithm")
	// ErrKey is returned for a COSE_Key that is not a public key of the algorithm.
	ErrKey = errors.New("cose: not a public key of this algorithm")
	// ErrSignature is returned for a signature that does not verify.
	ErrSignature = errors.New("cose: signature does not verify")
)

// An Alg is one COSE signature algorithm.
type Alg interface {
	ID() ID

	// Code is the algorithm's number in stored keys and key handles. It never
	// changes and is never used again for another.
	Code() byte

	// SeedSize is how many random bytes New takes.
	SeedSize() int

	// New returns the stored form of the private key that seed determines: the
	// seed itself, or more where deriving the public key would cost about as
	// much as a signature. A seed that is no key (one in 2^32 for P-256)
	// gives ErrMaterial: draw another.
	New(seed []byte) (material []byte, err error)

	// Key returns the private key of material, as New returned it.
	Key(material []byte) (PrivateKey, error)

	// Verify returns nil when sig is a signature of message by the private key
	// of the COSE_Key coseKey, else ErrKey or ErrSignature.
	Verify(coseKey, message, sig []byte) error
}

// PrivateKey signs whole messages: Ed25519 and ML-DSA hash for themselves. It
// may be used by several goroutines.
type PrivateKey interface {
	// COSEKey returns the public key as a COSE_Key in CTAP2 canonical CBOR.
	COSEKey() []byte

	// Sign returns the signature of message, in the form WebAuthn prescribes
	// for the algorithm (WebAuthn §6.5.5).
	Sign(message []byte) ([]byte, error)
}

// Hedged returns a key that mixes fresh randomness into its signatures, where
// the algorithm knows a way; else key itself. Without it signatures are
// deterministic: RFC 6979 for ECDSA.
func Hedged(key PrivateKey) PrivateKey {
	if k, ok := key.(interface{ hedged() PrivateKey }); ok {
		return k.hedged()
	}
	return key
}

// algorithms is the table: an algorithm is a file and a line here.
var algorithms = []Alg{
	es256{},
	ed25519Alg{},
}

// ByID returns the algorithm with the COSE number id, or nil.
func ByID(id ID) Alg {
	for _, alg := range algorithms {
		if alg.ID() == id {
			return alg
		}
	}
	return nil
}

// ByCode returns the algorithm with the number code in stored keys, or nil.
func ByCode(code byte) Alg {
	for _, alg := range algorithms {
		if alg.Code() == code {
			return alg
		}
	}
	return nil
}
