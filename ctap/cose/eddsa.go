package cose

import (
	"crypto/ed25519"

	"github.com/softkey-project/softkey/ctap"
)

// ed25519Alg is EdDSA on Ed25519; its material is the seed of RFC 8032.
type ed25519Alg struct{}

func (ed25519Alg) ID() ID        { return EdDSA }
func (ed25519Alg) Code() byte    { return 2 }
func (ed25519Alg) SeedSize() int { return ed25519.SeedSize }

func (ed25519Alg) New(seed []byte) ([]byte, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, ErrMaterial
	}
	return seed, nil
}

func (ed25519Alg) Key(material []byte) (PrivateKey, error) {
	if len(material) != ed25519.SeedSize {
		return nil, ErrMaterial
	}
	return ed25519Key{ed25519.NewKeyFromSeed(material)}, nil
}

func (ed25519Alg) Verify(coseKey, message, sig []byte) error {
	var k okpKey
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil {
		return ErrKey
	}
	if k.Type != typeOKP || k.Algorithm != EdDSA || k.Curve != curveEd25519 || len(k.X) != ed25519.PublicKeySize {
		return ErrKey
	}
	if !ed25519.Verify(k.X, message, sig) {
		return ErrSignature
	}
	return nil
}

type ed25519Key struct{ key ed25519.PrivateKey }

func (k ed25519Key) COSEKey() []byte {
	return ctap.MustMarshal(okpKey{
		Type: typeOKP, Algorithm: EdDSA, Curve: curveEd25519, X: k.key.Public().(ed25519.PublicKey),
	})
}

func (k ed25519Key) Sign(message []byte) ([]byte, error) {
	return ed25519.Sign(k.key, message), nil
}
