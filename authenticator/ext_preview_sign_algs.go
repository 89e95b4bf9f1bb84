package authenticator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Algorithms of signing keys that no credential has. An algorithm says how the
// platform asks for a signature; the signature itself is one of ESP256.
const (
	esp256Split     cose.ID = -300   // the platform hashes; requested of IANA
	esp256SplitARKG cose.ID = -65539 // and derives the key; a placeholder
)

// signingAlg is one row of the table of algorithms.
type signingAlg struct {
	id   cose.ID
	code byte // in key handles; never changes
	signingScheme
}

// A signingScheme makes keys and signs with them.
type signingScheme interface {
	generate(a *Authenticator) (signingKey, error)
	sign(a *Authenticator, material, toBeSigned, arguments []byte) ([]byte, error)
}

// signingKey is a signing key that is being made.
type signingKey struct {
	alg      cose.ID // of private
	material []byte
	public   []byte          // COSE_Key
	private  cose.PrivateKey // nil: it signs nothing but what it is for
}

var signingAlgs = []signingAlg{
	{cose.ES256, 1, messageScheme{cose.ES256}},
	{cose.ESP256, 2, messageScheme{cose.ESP256}},
	{esp256Split, 3, digestScheme{messageScheme{cose.ESP256}}},
	{esp256SplitARKG, 4, arkgScheme{}},
}

// chooseSigningAlg returns the first of the host's that there is, or nil.
func chooseSigningAlg(wanted []cose.ID) *signingAlg {
	for _, id := range wanted {
		if i := slices.IndexFunc(signingAlgs, func(alg signingAlg) bool { return alg.id == id }); i >= 0 {
			return &signingAlgs[i]
		}
	}
	return nil
}

func signingAlgByCode(code byte) *signingAlg {
	i := slices.IndexFunc(signingAlgs, func(alg signingAlg) bool { return alg.code == code })
	if i < 0 {
		return nil
	}
	return &signingAlgs[i]
}

// messageScheme signs messages, as credentials do.
type messageScheme struct{ alg cose.ID }

func (s messageScheme) generate(a *Authenticator) (signingKey, error) {
	made, err := a.newKey(cose.ByID(s.alg))
	if err != nil {
		return signingKey{}, err
	}
	return signingKey{alg: s.alg, material: made.material, public: made.key.COSEKey(), private: made.key}, nil
}

func (s messageScheme) sign(a *Authenticator, material, toBeSigned, _ []byte) ([]byte, error) {
	key, err := a.keyOf(cose.ByID(s.alg), material)
	if err != nil {
		return nil, err
	}
	return key.Sign(toBeSigned)
}

// digestScheme signs what the platform has hashed already.
type digestScheme struct{ messageScheme }

func (digestScheme) sign(a *Authenticator, material, toBeSigned, _ []byte) ([]byte, error) {
	return a.signDigest(material[:p256Scalar], toBeSigned)
}

const p256Scalar = 32 // bytes of a scalar of P-256, with which ES256's material begins

// signDigest returns the ECDSA signature of a SHA-256 digest by a scalar of P-256.
func (a *Authenticator) signDigest(scalar, digest []byte) ([]byte, error) {
	if len(digest) != sha256.Size {
		return nil, fmt.Errorf("tbs of %d bytes: %w", len(digest), ctap.StatusInvalidParameter)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		return nil, err
	}
	var hedge io.Reader // nil: RFC 6979
	if a.profile.Signatures == SignaturesHedged && !a.cfg.Deterministic {
		hedge = rand.Reader
	}
	return key.Sign(hedge, digest, crypto.SHA256)
}
