package cose

import (
	"bytes"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
)

// koblitz is ECDSA on secp256k1, the Koblitz curve of 256 bits. Its material is
// the scalar d. Signatures follow RFC 6979, and of s and -s have the smaller, as
// BIP 62 wants; Verify takes both. Signing takes a time that depends on secrets:
// the library has no other way to multiply the base point.
type koblitz struct{}

const scalarSecp256k1 = 32 // bytes of a coordinate or scalar

func (koblitz) SeedSize() int      { return scalarSecp256k1 }
func (koblitz) MaterialSize() int  { return scalarSecp256k1 }
func (koblitz) SignatureSize() int { return ecdsaSignatureSize(256) - 1 } // s is below half the order

func (koblitz) New(seed []byte) ([]byte, error) {
	private, err := parseKoblitz(seed)
	if err != nil {
		return nil, err
	}
	private.Zero()
	return bytes.Clone(seed), nil
}

func (koblitz) key(id ID, material []byte) (PrivateKey, error) {
	private, err := parseKoblitz(material)
	if err != nil {
		return nil, err
	}
	return koblitzKey{id, private}, nil
}

func parseKoblitz(material []byte) (*secp256k1.PrivateKey, error) {
	var d secp256k1.ModNScalar
	defer d.Zero()
	if len(material) != scalarSecp256k1 {
		return nil, ErrMaterial
	}
	if overflow := d.SetByteSlice(material); overflow || d.IsZero() {
		return nil, ErrMaterial
	}
	return secp256k1.NewPrivateKey(&d), nil
}

func (koblitz) verify(id ID, coseKey, message, sig []byte) error {
	point, err := parseEC2(coseKey, id, curveSecp256k1, scalarSecp256k1)
	if err != nil {
		return err
	}
	public, err := secp256k1.ParsePubKey(point)
	if err != nil {
		return ErrKey
	}
	parsed, err := ecdsa.ParseDERSignature(sig)
	if err != nil || !parsed.Verify(sum256(nil, message), public) {
		return ErrSignature
	}
	return nil
}

type koblitzKey struct {
	id      ID
	private *secp256k1.PrivateKey
}

func (k koblitzKey) COSEKey() []byte {
	return marshalEC2(k.id, curveSecp256k1, k.private.PubKey().SerializeUncompressed()[1:])
}

func (k koblitzKey) Sign(message []byte) ([]byte, error) {
	return ecdsa.Sign(k.private, sum256(nil, message)).Serialize(), nil
}

func (k koblitzKey) wipe() { k.private.Zero() }
