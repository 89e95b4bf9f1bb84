package cose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"math/big"

	"github.com/softkey-project/softkey/ctap"
)

const coordinate = 32 // bytes of a P-256 coordinate or scalar

// es256 is ECDSA on P-256. Its material is d ‖ X ‖ Y: computing the public
// point anew would cost half a signature on each use.
type es256 struct{}

func (es256) ID() ID        { return ES256 }
func (es256) Code() byte    { return 1 }
func (es256) SeedSize() int { return coordinate }

func (es256) New(seed []byte) ([]byte, error) {
	if len(seed) != coordinate {
		return nil, ErrMaterial
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		return nil, ErrMaterial
	}
	point, err := key.PublicKey.Bytes() // 04 ‖ X ‖ Y
	if err != nil {
		return nil, ErrMaterial
	}
	return append(append(make([]byte, 0, 3*coordinate), seed...), point[1:]...), nil
}

func (es256) Key(material []byte) (PrivateKey, error) {
	if len(material) != 3*coordinate {
		return nil, ErrMaterial
	}
	var k ecdsaKey
	k.key.Curve = elliptic.P256()
	// Filling in the fields is the one way to say Q without computing it;
	// signing checks that it is a point of the curve.
	//lint:ignore SA1019 ecdsa.ParseRawPrivateKey would compute Q
	k.key.D, k.key.X, k.key.Y = integer(material, 0), integer(material, 1), integer(material, 2)
	return &k, nil
}

// integer returns the nth coordinate or scalar of material.
func integer(material []byte, n int) *big.Int {
	return new(big.Int).SetBytes(material[n*coordinate : (n+1)*coordinate])
}

func (es256) Verify(coseKey, message, sig []byte) error {
	public, err := ParseES256(coseKey)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(public, digest[:], sig) {
		return ErrSignature
	}
	return nil
}

// ParseES256 returns the public key of an ES256 COSE_Key.
func ParseES256(coseKey []byte) (*ecdsa.PublicKey, error) {
	var k ec2Key
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil {
		return nil, ErrKey
	}
	if k.Type != typeEC2 || k.Algorithm != ES256 || k.Curve != curveP256 ||
		len(k.X) != coordinate || len(k.Y) != coordinate {
		return nil, ErrKey
	}
	point := append(append([]byte{4}, k.X...), k.Y...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, ErrKey
	}
	return public, nil
}

// MarshalES256 returns the COSE_Key of an uncompressed point 04 ‖ X ‖ Y, as
// U2F has public keys; nil if the length is another.
func MarshalES256(point []byte) []byte {
	if len(point) != 1+2*coordinate || point[0] != 4 {
		return nil
	}
	return ctap.MustMarshal(ec2Key{
		Type: typeEC2, Algorithm: ES256, Curve: curveP256, X: point[1 : 1+coordinate], Y: point[1+coordinate:],
	})
}

// PointES256 returns the public key of an ES256 COSE_Key as U2F has it,
// 04 ‖ X ‖ Y. That it lies on the curve is not checked.
func PointES256(coseKey []byte) ([]byte, error) {
	var k ec2Key
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil || len(k.X) != coordinate || len(k.Y) != coordinate {
		return nil, ErrKey
	}
	return append(append([]byte{4}, k.X...), k.Y...), nil
}

type ecdsaKey struct {
	key  ecdsa.PrivateKey
	rand io.Reader // nil: sign without randomness, by RFC 6979
}

// point returns the public key as U2F has it: 04 ‖ X ‖ Y.
func (k *ecdsaKey) point() []byte {
	point := make([]byte, 1+2*coordinate)
	point[0] = 4
	k.key.X.FillBytes(point[1 : 1+coordinate])
	k.key.Y.FillBytes(point[1+coordinate:])
	return point
}

func (k *ecdsaKey) COSEKey() []byte { return MarshalES256(k.point()) }

func (k *ecdsaKey) Sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return k.key.Sign(k.rand, digest[:], crypto.SHA256)
}

func (k *ecdsaKey) hedged() PrivateKey { return &ecdsaKey{k.key, rand.Reader} }
