package cose

import (
	"bytes"
	"crypto/ed25519"
	"sync"

	"github.com/cloudflare/circl/sign/ed448"

	"github.com/softkey-project/softkey/ctap"
)

// edwards is EdDSA on one curve. Its material is the seed of RFC 8032, which is
// as long as the public key, and then that key where a key handle has room for it.
type edwards struct {
	number     int                                // of the curve, in COSE
	size       int                                // bytes of seed and public key; a signature has twice as many
	keepPublic bool                               // in the material: computing it anew costs as much as a signature
	expand     func(seed []byte) (private []byte) // seed ‖ public key
	sign       func(private, message []byte) []byte
	signedBy   func(public, message, sig []byte) bool
}

var edwards25519 = &edwards{
	number:     curveEd25519,
	size:       ed25519.SeedSize,
	keepPublic: true,
	expand:     func(seed []byte) []byte { return ed25519.NewKeyFromSeed(seed) },
	sign:       new(places).sign,
	signedBy:   func(public, message, sig []byte) bool { return ed25519.Verify(public, message, sig) },
}

var edwards448 = &edwards{
	number:   curveEd448,
	size:     ed448.SeedSize,
	expand:   func(seed []byte) []byte { return ed448.NewKeyFromSeed(seed) },
	sign:     func(private, message []byte) []byte { return ed448.Sign(private, message, "") },
	signedBy: func(public, message, sig []byte) bool { return ed448.Verify(public, message, sig, "") },
}

func (c *edwards) SeedSize() int      { return c.size }
func (c *edwards) SignatureSize() int { return 2 * c.size }

func (c *edwards) MaterialSize() int {
	if c.keepPublic {
		return 2 * c.size
	}
	return c.size
}

func (c *edwards) New(seed []byte) ([]byte, error) {
	if len(seed) != c.size {
		return nil, ErrMaterial
	}
	if c.keepPublic {
		return c.expand(seed), nil
	}
	return bytes.Clone(seed), nil
}

// key takes the seed alone as well: before the public key was kept, the material
// of Ed25519 was no more.
func (c *edwards) key(id ID, material []byte) (PrivateKey, error) {
	switch {
	case len(material) == c.size:
		return &edwardsKey{id, c, c.expand(material)}, nil
	case len(material) == c.MaterialSize():
		return &edwardsKey{id, c, material}, nil
	}
	return nil, ErrMaterial
}

func (c *edwards) verify(id ID, coseKey, message, sig []byte) error {
	var k okpKey
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil {
		return ErrKey
	}
	if k.Type != typeOKP || k.Algorithm != id || k.Curve != c.number || len(k.X) != c.size {
		return ErrKey
	}
	if !c.signedBy(k.X, message, sig) {
		return ErrSignature
	}
	return nil
}

// places are where private keys of Ed25519 lie while they sign: for package
// ed25519 what [signer] is for package ecdsa.
type places struct{ pool sync.Pool }

func (p *places) sign(private, message []byte) []byte {
	place, ok := p.pool.Get().(*[ed25519.PrivateKeySize]byte)
	if !ok {
		place = new([ed25519.PrivateKeySize]byte)
	}
	defer func() {
		clear(place[:])
		p.pool.Put(place)
	}()
	copy(place[:], private)
	return ed25519.Sign(place[:], message)
}

type edwardsKey struct {
	id      ID
	scheme  *edwards
	private []byte
}

func (k *edwardsKey) COSEKey() []byte {
	return ctap.MustMarshal(okpKey{
		Type: typeOKP, Algorithm: k.id, Curve: k.scheme.number, X: k.private[k.scheme.size:],
	})
}

func (k *edwardsKey) Sign(message []byte) ([]byte, error) {
	return k.scheme.sign(k.private, message), nil
}

func (k *edwardsKey) wipe() { clear(k.private[:k.scheme.size]) }
