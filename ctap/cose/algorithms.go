// Package cose holds the signature algorithms that credentials use, each as
// COSE names it: its number, its public key as a COSE_Key, its private key as
// bytes that a key handle or the store can carry.
//
// New keys come from random bytes alone, so that a seed repeats them; RSA is the
// exception. The numbers are those of the IANA COSE Algorithms registry
// (RFC 9053, RFC 8230, RFC 8812, RFC 9864, RFC 9964).
package cose

import "errors"

// ID is a COSE algorithm number, such as -7 for ES256.
type ID int64

// The algorithms of this package. Some keys go by two numbers: the older leaves
// the curve open, and WebAuthn §5.8.5 settles it; the newer names it (RFC 9864).
// They are two algorithms all the same, and a COSE_Key is of one of them.
const (
	ES256   ID = -7   // ECDSA on P-256 with SHA-256; signatures in ASN.1 DER, as in all ECDSA here
	ESP256  ID = -9   // the same
	ES384   ID = -35  // ECDSA on P-384 with SHA-384
	ESP384  ID = -51  // the same
	ES512   ID = -36  // ECDSA on P-521 with SHA-512
	ESP512  ID = -52  // the same
	ES256K  ID = -47  // ECDSA on secp256k1 with SHA-256
	EdDSA   ID = -8   // Ed25519
	Ed25519 ID = -19  // the same
	Ed448   ID = -53  // Ed448
	RS256   ID = -257 // RSASSA-PKCS1-v1_5 with SHA-256
	PS256   ID = -37  // RSASSA-PSS with SHA-256 and a salt of 32 bytes
	MLDSA44 ID = -48  // ML-DSA-44 with the empty context
	MLDSA65 ID = -49  // ML-DSA-65
	MLDSA87 ID = -50  // ML-DSA-87
)

var (
	// ErrMaterial is returned for stored key material of the wrong length or value.
	ErrMaterial = errors.New("cose: not key material of this algorithm")
	// ErrKey is returned for a COSE_Key that is not a public key of the algorithm.
	ErrKey = errors.New("cose: not a public key of this algorithm")
	// ErrSignature is returned for a signature that does not verify.
	ErrSignature = errors.New("cose: signature does not verify")
)

// An Alg is one COSE signature algorithm. It may be used by several goroutines.
type Alg interface {
	ID() ID

	// Code is the algorithm's number in stored keys and key handles. It never
	// changes and is never used again for another.
	Code() byte

	// SeedSize is how many random bytes New takes. It is 0 for RSA, whose keys
	// cannot come from a seed: New draws its own randomness, and what must be
	// repeatable has to do without the algorithm.
	SeedSize() int

	// MaterialSize is the greatest length of what New returns; but for RSA
	// there is no other. Whether a key handle can carry a key depends on it.
	MaterialSize() int

	// SignatureSize is the greatest length of a signature: a message that has
	// no room for it should be refused before anything is signed.
	SignatureSize() int

	// New returns the stored form of the private key that seed determines: the
	// seed itself, or more where deriving the public key would cost about as
	// much as a signature. A seed that is no key (one in 2^32 for P-256)
	// gives ErrMaterial: draw another. The material shares no memory with seed.
	New(seed []byte) (material []byte, err error)

	// Key returns the private key of material, as New returned it. The material
	// must not be changed while the key is in use.
	Key(material []byte) (PrivateKey, error)

	// Verify returns nil when sig is a signature of message by the private key
	// of the COSE_Key coseKey, else ErrKey or ErrSignature. With Ed25519 and
	// Ed448, a key of the right form that is no point gives ErrSignature.
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

// Hedged returns a key that mixes fresh randomness into its signatures, and
// [Deterministic] one that uses none, where the algorithm has both ways and this
// package knows them; else key itself.
//
//	                    as Alg.Key returns it   Hedged     Deterministic
//	ECDSA on P-…        RFC 6979                hedged     RFC 6979
//	ES256K              RFC 6979                RFC 6979   RFC 6979
//	Ed25519, Ed448      no randomness           the same   the same
//	RS256               no randomness           the same   the same
//	PS256               random salt             the same   the same
//	ML-DSA              hedged                  hedged     deterministic
//
// ML-DSA is hedged unless asked otherwise because FIPS 204 §3.4 wants it so.
func Hedged(key PrivateKey) PrivateKey { return randomized(key, true) }

// Deterministic returns a key whose signatures hold no randomness, where the
// algorithm has that: see [Hedged].
func Deterministic(key PrivateKey) PrivateKey { return randomized(key, false) }

// Wipe overwrites what key holds of the private key, and of the material where
// the two share memory. The key must not be used any more. Keys of RSA and ML-DSA
// stay as they are: their libraries do not say where everything is.
func Wipe(key PrivateKey) {
	if k, ok := key.(interface{ wipe() }); ok {
		k.wipe()
	}
}

func randomized(key PrivateKey, random bool) PrivateKey {
	if k, ok := key.(interface{ randomized(bool) PrivateKey }); ok {
		return k.randomized(random)
	}
	return key
}

// algorithms is the table: an algorithm is a scheme, in the file of its family,
// and a line here. Codes stand in stored keys: they are added to, never changed.
var algorithms = []*entry{
	{ES256, 1, "ES256", "secp256r1_ecdsa_sha256_raw", p256},
	{EdDSA, 2, "EdDSA", "ed25519_eddsa_sha512_raw", edwards25519},
	{ES384, 3, "ES384", "secp384r1_ecdsa_sha384_raw", p384},
	{ES512, 4, "ES512", "secp521r1_ecdsa_sha512_raw", p521},
	{ES256K, 5, "ES256K", "secp256k1_ecdsa_sha256_raw", koblitz{}},
	{ESP256, 6, "ESP256", "secp256r1_ecdsa_sha256_raw", p256},
	{ESP384, 7, "ESP384", "secp384r1_ecdsa_sha384_raw", p384},
	{ESP512, 8, "ESP512", "secp521r1_ecdsa_sha512_raw", p521},
	{Ed25519, 9, "Ed25519", "ed25519_eddsa_sha512_raw", edwards25519},
	{Ed448, 10, "Ed448", "ed448_eddsa_sha512_raw", edwards448},
	{RS256, 11, "RS256", "rsassa_pkcsv15_sha256_raw", pkcs1v15},
	{PS256, 12, "PS256", "rsassa_pss_sha256_raw", pss},
	{MLDSA44, 13, "ML-DSA-44", "", mldsa44},
	{MLDSA65, 14, "ML-DSA-65", "", mldsa65},
	{MLDSA87, 15, "ML-DSA-87", "", mldsa87},
}

// entry is a line of the table, and the Alg that it describes.
type entry struct {
	id       ID
	code     byte
	name     string // in the IANA registry
	registry string // in the FIDO registry of predefined values; empty: not listed
	scheme
}

// A scheme is what an algorithm computes. It does not know the algorithm's
// number, since two algorithms may share it.
type scheme interface {
	SeedSize() int
	MaterialSize() int
	SignatureSize() int
	New(seed []byte) (material []byte, err error)
	key(id ID, material []byte) (PrivateKey, error)
	verify(id ID, coseKey, message, sig []byte) error
}

func (e *entry) ID() ID     { return e.id }
func (e *entry) Code() byte { return e.code }

func (e *entry) Key(material []byte) (PrivateKey, error) { return e.key(e.id, material) }

func (e *entry) Verify(coseKey, message, sig []byte) error {
	return e.verify(e.id, coseKey, message, sig)
}

// ByID returns the algorithm with the COSE number id, or nil.
func ByID(id ID) Alg {
	if e := lineOf(id); e != nil {
		return e
	}
	return nil
}

// ByCode returns the algorithm with the number code in stored keys, or nil.
func ByCode(code byte) Alg {
	for _, e := range algorithms {
		if e.code == code {
			return e
		}
	}
	return nil
}

// Name returns the name that COSE has for an algorithm of this package, such as
// "ES256" or "ML-DSA-44"; else "".
func Name(id ID) string {
	if e := lineOf(id); e != nil {
		return e.name
	}
	return ""
}

// RegistryName returns the name that metadata statements have for an algorithm
// (FIDO Registry of Predefined Values), such as
// "secp256r1_ecdsa_sha256_raw"; "" where that registry has none.
func RegistryName(id ID) string {
	if e := lineOf(id); e != nil {
		return e.registry
	}
	return ""
}

func lineOf(id ID) *entry {
	for _, e := range algorithms {
		if e.id == id {
			return e
		}
	}
	return nil
}
