package cose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"

	"github.com/softkey-project/softkey/ctap"
)

// rsassa is an RSA signature with SHA-256 and keys of 2048 bits. Its material
// is the RSAPrivateKey of PKCS #1: far too long for a key handle, but rebuilding
// it from the two primes would cost most of a signature on each use.
type rsassa struct {
	sign     func(private *rsa.PrivateKey, digest []byte) ([]byte, error)
	signedBy func(public *rsa.PublicKey, digest, sig []byte) error
}

var pkcs1v15 = &rsassa{
	sign: func(private *rsa.PrivateKey, digest []byte) ([]byte, error) {
		return rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest)
	},
	signedBy: func(public *rsa.PublicKey, digest, sig []byte) error {
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest, sig)
	},
}

var pss = &rsassa{
	sign: func(private *rsa.PrivateKey, digest []byte) ([]byte, error) {
		return rsa.SignPSS(rand.Reader, private, crypto.SHA256, digest, pssOptions())
	},
	signedBy: func(public *rsa.PublicKey, digest, sig []byte) error {
		return rsa.VerifyPSS(public, crypto.SHA256, digest, sig, pssOptions())
	},
}

// pssOptions are those of RFC 8230 §2.
func pssOptions() *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
}

const (
	rsaBits     = 2048  // of a key made here, and the least of any (RFC 8812 §2, RFC 8230)
	rsaMaxBits  = 16384 // of a key to verify with: longer ones would cost whoever checks them
	rsaMaterial = 1194  // the header, then integers of at most 3, 261, 5, 261 and five times 132 bytes
)

func (*rsassa) SeedSize() int      { return 0 }
func (*rsassa) MaterialSize() int  { return rsaMaterial }
func (*rsassa) SignatureSize() int { return rsaBits / 8 }

// New draws its own randomness: crypto/rsa takes it from nowhere else, and a
// search for primes of our own would have to be as careful.
func (*rsassa) New(seed []byte) ([]byte, error) {
	if len(seed) != 0 {
		return nil, ErrMaterial
	}
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, fmt.Errorf("cose: RSA key: %w", err)
	}
	return x509.MarshalPKCS1PrivateKey(private), nil
}

func (s *rsassa) key(id ID, material []byte) (PrivateKey, error) {
	private, err := x509.ParsePKCS1PrivateKey(material)
	if err != nil || private.N.BitLen() != rsaBits {
		return nil, ErrMaterial
	}
	return &rsassaKey{id, s, private}, nil
}

func (s *rsassa) verify(id ID, coseKey, message, sig []byte) error {
	public, err := parseRSA(id, coseKey)
	if err != nil {
		return err
	}
	if s.signedBy(public, sum256(nil, message), sig) != nil {
		return ErrSignature
	}
	return nil
}

func parseRSA(id ID, coseKey []byte) (*rsa.PublicKey, error) {
	var k rsaKey
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil {
		return nil, ErrKey
	}
	if k.Type != typeRSA || k.Algorithm != id || !isMinimal(k.N) || !isMinimal(k.E) {
		return nil, ErrKey
	}
	n, e := new(big.Int).SetBytes(k.N), new(big.Int).SetBytes(k.E)
	if bits := n.BitLen(); bits < rsaBits || bits > rsaMaxBits || n.Bit(0) == 0 {
		return nil, ErrKey
	}
	if e.BitLen() < 2 || e.BitLen() > 31 || e.Bit(0) == 0 { // what crypto/rsa takes
		return nil, ErrKey
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// isMinimal tells whether b is an integer without leading zeros (RFC 8230 §4).
func isMinimal(b []byte) bool { return len(b) > 0 && b[0] != 0 }

type rsassaKey struct {
	id      ID
	scheme  *rsassa
	private *rsa.PrivateKey
}

func (k *rsassaKey) COSEKey() []byte {
	return ctap.MustMarshal(rsaKey{
		Type: typeRSA, Algorithm: k.id, N: k.private.N.Bytes(), E: big.NewInt(int64(k.private.E)).Bytes(),
	})
}

func (k *rsassaKey) Sign(message []byte) ([]byte, error) {
	return k.scheme.sign(k.private, sum256(nil, message))
}
