package webauthn

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// publicKey returns the algorithm of a COSE_Key, and the key as a
// SubjectPublicKeyInfo in DER. A page gets nil for an algorithm that the client
// does not know; those that it must know are ES256, EdDSA and RS256 (§5.2.1.1).
func publicKey(coseKey []byte) (algorithm int64, spki []byte, err error) {
	var key struct {
		Algorithm int64 `cbor:"3,keyasint"`
	}
	if err := ctap.UnmarshalLax(coseKey, &key); err != nil {
		return 0, nil, err
	}
	var public crypto.PublicKey
	switch key.Algorithm {
	case int64(cose.ES256):
		public, err = cose.ParseES256(coseKey)
	case int64(cose.EdDSA):
		public, err = parseEdDSA(coseKey)
	case int64(cose.RS256):
		public, err = parseRSA(coseKey)
	default:
		return key.Algorithm, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	spki, err = x509.MarshalPKIXPublicKey(public)
	return key.Algorithm, spki, err
}

func parseEdDSA(coseKey []byte) (ed25519.PublicKey, error) {
	var key struct {
		X []byte `cbor:"-2,keyasint"`
	}
	if err := ctap.UnmarshalLax(coseKey, &key); err != nil {
		return nil, err
	}
	if len(key.X) != ed25519.PublicKeySize {
		return nil, cose.ErrKey
	}
	return ed25519.PublicKey(key.X), nil
}

// parseRSA takes keys of any length, other than package cose: the site judges.
func parseRSA(coseKey []byte) (*rsa.PublicKey, error) {
	var key struct {
		N []byte `cbor:"-1,keyasint"`
		E []byte `cbor:"-2,keyasint"`
	}
	if err := ctap.UnmarshalLax(coseKey, &key); err != nil {
		return nil, err
	}
	e := new(big.Int).SetBytes(key.E)
	if len(key.N) == 0 || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
		return nil, cose.ErrKey
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(key.N), E: int(e.Int64())}, nil
}
