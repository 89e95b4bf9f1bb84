package cose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"math/big"
)

// nist is ECDSA on one of NIST's curves. Its material is the scalar d, or
// d ‖ X ‖ Y where a key handle has room for the public point.
type nist struct {
	curve     elliptic.Curve
	number    int  // of the curve, in COSE
	size      int  // bytes of a coordinate or scalar
	keepPoint bool // in the material: computing it anew costs half a signature on each use
	hash      crypto.Hash
	digest    func(message []byte) []byte
}

var (
	p256 = &nist{elliptic.P256(), curveP256, 32, true, crypto.SHA256, sum256}
	p384 = &nist{elliptic.P384(), curveP384, 48, false, crypto.SHA384, sum384}
	p521 = &nist{elliptic.P521(), curveP521, 66, false, crypto.SHA512, sum512}
)

func sum256(message []byte) []byte {
	digest := sha256.Sum256(message)
	return digest[:]
}

func sum384(message []byte) []byte {
	digest := sha512.Sum384(message)
	return digest[:]
}

func sum512(message []byte) []byte {
	digest := sha512.Sum512(message)
	return digest[:]
}

func (c *nist) SeedSize() int { return c.size }

func (c *nist) MaterialSize() int {
	if c.keepPoint {
		return 3 * c.size
	}
	return c.size
}

func (c *nist) SignatureSize() int { return ecdsaSignatureSize(c.bits()) }

// ecdsaSignatureSize returns the length of the longest signature, as DER, on a
// curve whose order has bits bits: a SEQUENCE of two INTEGERs, each with a bit
// for its sign.
func ecdsaSignatureSize(bits int) int {
	const header = 2 // tag and length
	body := 2 * (header + bits/8 + 1)
	if body > 127 {
		return header + 1 + body
	}
	return header + body
}

func (c *nist) bits() int { return c.curve.Params().N.BitLen() }

// New takes the lowest bits of seed for d: P-521 has seven fewer than a seed,
// and nearly all seeds would be too large.
func (c *nist) New(seed []byte) ([]byte, error) {
	if len(seed) != c.size {
		return nil, ErrMaterial
	}
	material := append(make([]byte, 0, c.MaterialSize()), seed...)
	material[0] &= 0xff >> (8*c.size - c.bits())
	key, err := ecdsa.ParseRawPrivateKey(c.curve, material)
	if err != nil {
		return nil, ErrMaterial
	}
	if !c.keepPoint {
		return material, nil
	}
	point, err := key.PublicKey.Bytes() // 04 ‖ X ‖ Y
	if err != nil {
		return nil, ErrMaterial
	}
	return append(material, point[1:]...), nil
}

func (c *nist) key(id ID, material []byte) (PrivateKey, error) {
	if len(material) != c.MaterialSize() {
		return nil, ErrMaterial
	}
	k := &ecdsaKey{id: id, scheme: c}
	if c.keepPoint {
		k.fill(material)
		return k, nil
	}
	key, err := ecdsa.ParseRawPrivateKey(c.curve, material)
	if err != nil {
		return nil, ErrMaterial
	}
	k.private = *key
	return k, nil
}

func (c *nist) verify(id ID, coseKey, message, sig []byte) error {
	public, err := c.parse(id, coseKey)
	if err != nil {
		return err
	}
	if !ecdsa.VerifyASN1(public, c.digest(message), sig) {
		return ErrSignature
	}
	return nil
}

func (c *nist) parse(id ID, coseKey []byte) (*ecdsa.PublicKey, error) {
	point, err := parseEC2(coseKey, id, c.number, c.size)
	if err != nil {
		return nil, err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(c.curve, point)
	if err != nil {
		return nil, ErrKey
	}
	return public, nil
}

type ecdsaKey struct {
	id      ID
	scheme  *nist
	private ecdsa.PrivateKey
	rand    io.Reader // nil: sign without randomness, by RFC 6979
}

// fill sets the private key from d ‖ X ‖ Y. Filling in the fields is the one way
// to say Q without computing it; signing checks that it is a point of the curve.
func (k *ecdsaKey) fill(material []byte) {
	size := k.scheme.size
	integer := func(n int) *big.Int { return new(big.Int).SetBytes(material[n*size : (n+1)*size]) }
	k.private.Curve = k.scheme.curve
	//lint:ignore SA1019 ecdsa.ParseRawPrivateKey would compute Q
	k.private.D, k.private.X, k.private.Y = integer(0), integer(1), integer(2)
}

func (k *ecdsaKey) COSEKey() []byte {
	size := k.scheme.size
	point := make([]byte, 1+2*size)
	point[0] = 4
	k.private.X.FillBytes(point[1 : 1+size])
	k.private.Y.FillBytes(point[1+size:])
	return marshalEC2(k.id, k.scheme.number, point)
}

func (k *ecdsaKey) Sign(message []byte) ([]byte, error) {
	return k.private.Sign(k.rand, k.scheme.digest(message), k.scheme.hash)
}

func (k *ecdsaKey) randomized(random bool) PrivateKey {
	other := *k
	other.rand = nil
	if random {
		other.rand = rand.Reader
	}
	return &other
}
