package cose

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"math/big"
	"sync"
)

// nist is ECDSA on one of NIST's curves. Its material is the scalar d, or
// d ‖ X ‖ Y where a key handle has room for the public point.
type nist struct {
	curve     elliptic.Curve
	points    ecdh.Curve // the same, without big.Int
	number    int        // of the curve, in COSE
	size      int        // bytes of a coordinate or scalar
	keepPoint bool       // in the material: computing it anew costs half a signature on each use
	hash      crypto.Hash
	digest    func(dst, message []byte) []byte
	signers   sync.Pool // of *signer
}

var (
	p256 = &nist{curve: elliptic.P256(), points: ecdh.P256(), number: curveP256, size: 32, keepPoint: true, hash: crypto.SHA256, digest: sum256}
	p384 = &nist{curve: elliptic.P384(), points: ecdh.P384(), number: curveP384, size: 48, hash: crypto.SHA384, digest: sum384}
	p521 = &nist{curve: elliptic.P521(), points: ecdh.P521(), number: curveP521, size: 66, hash: crypto.SHA512, digest: sum512}
)

func sum256(dst, message []byte) []byte {
	digest := sha256.Sum256(message)
	return append(dst, digest[:]...)
}

func sum384(dst, message []byte) []byte {
	digest := sha512.Sum384(message)
	return append(dst, digest[:]...)
}

func sum512(dst, message []byte) []byte {
	digest := sha512.Sum512(message)
	return append(dst, digest[:]...)
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
	scalar := bytes.Clone(seed)
	defer clear(scalar)
	scalar[0] &= 0xff >> (8*c.size - c.bits())
	pair, err := c.pair(scalar)
	if err != nil {
		return nil, err
	}
	return pair[:c.MaterialSize()], nil
}

// pair returns d ‖ X ‖ Y.
func (c *nist) pair(scalar []byte) ([]byte, error) {
	key, err := c.points.NewPrivateKey(scalar)
	if err != nil {
		return nil, ErrMaterial
	}
	point := key.PublicKey().Bytes() // 04 ‖ X ‖ Y
	return append(append(make([]byte, 0, 3*c.size), scalar...), point[1:]...), nil
}

func (c *nist) key(id ID, material []byte) (PrivateKey, error) {
	if len(material) != c.MaterialSize() {
		return nil, ErrMaterial
	}
	pair := material
	if !c.keepPoint {
		var err error
		if pair, err = c.pair(material); err != nil {
			return nil, err
		}
	}
	return &ecdsaKey{id: id, scheme: c, pair: pair}, nil
}

func (c *nist) verify(id ID, coseKey, message, sig []byte) error {
	public, err := c.parse(id, coseKey)
	if err != nil {
		return err
	}
	if !ecdsa.VerifyASN1(public, c.digest(nil, message), sig) {
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
	id     ID
	scheme *nist
	pair   []byte    // d ‖ X ‖ Y
	rand   io.Reader // nil: sign without randomness, by RFC 6979
}

func (k *ecdsaKey) COSEKey() []byte {
	return marshalEC2(k.id, k.scheme.number, k.pair[k.scheme.size:])
}

// point returns the public key, 04 ‖ X ‖ Y.
func (k *ecdsaKey) point() []byte {
	return append([]byte{4}, k.pair[k.scheme.size:]...)
}

func (k *ecdsaKey) Sign(message []byte) ([]byte, error) {
	signer := k.scheme.signer(k.pair)
	defer k.scheme.wipe(signer)
	return signer.Sign(k.rand, k.scheme.digest(signer.digest[:0], message), k.scheme.hash)
}

func (k *ecdsaKey) wipe() { clear(k.pair[:k.scheme.size]) }

func (k *ecdsaKey) randomized(random bool) PrivateKey {
	other := *k
	other.rand = nil
	if random {
		other.rand = rand.Reader
	}
	return &other
}

// signer is a private key of package ecdsa that is used for one key after the
// other.
//
// That package remembers what it made of a private key by its address, and to
// forget it, once the key is garbage, costs more than to make it. So there are
// only as many as sign at a time.
type signer struct {
	ecdsa.PrivateKey
	d, x, y big.Int
	digest  [sha512.Size]byte
}

// signer returns one for the key d ‖ X ‖ Y, until wipe. To fill in the fields is
// the one way to say Q without computing it; Sign checks that it is a point of
// the curve.
func (c *nist) signer(pair []byte) *signer {
	s, ok := c.signers.Get().(*signer)
	if !ok {
		s = new(signer)
		s.Curve = c.curve
		s.D, s.X, s.Y = &s.d, &s.x, &s.y
	}
	s.d.SetBytes(pair[:c.size])
	s.x.SetBytes(pair[c.size : 2*c.size])
	s.y.SetBytes(pair[2*c.size:])
	return s
}

func (c *nist) wipe(s *signer) {
	clear(s.d.Bits())
	c.signers.Put(s)
}
