package pinuv

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"

	"github.com/softkey-project/softkey/ctap"
)

// COSEKey is a key agreement key as messages carry it (§6.5.6): EC2 on P-256,
// with the algorithm number of ECDH-ES + HKDF-256, which is not what is used.
type COSEKey struct {
	Type      int64  `cbor:"1,keyasint"`
	Algorithm int64  `cbor:"3,keyasint"`
	Curve     int64  `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
	Y         []byte `cbor:"-3,keyasint"`
}

const (
	typeEC2      = 2
	curveP256    = 1
	algorithmECD = -25
	coordinate   = 32
)

// Agreement is one end's key pair. It may be used by several goroutines.
type Agreement struct{ key *ecdh.PrivateKey }

// maxAttempts bounds the search for 32 bytes that are a scalar; one in 2^32 is
// none.
const maxAttempts = 8

// NewAgreement makes a key pair of bytes of rand.
func NewAgreement(rand io.Reader) (*Agreement, error) {
	seed := make([]byte, coordinate)
	defer clear(seed)
	for range maxAttempts {
		if _, err := io.ReadFull(rand, seed); err != nil {
			return nil, fmt.Errorf("pinuv: key agreement: %w", err)
		}
		if key, err := ecdh.P256().NewPrivateKey(seed); err == nil {
			return &Agreement{key}, nil
		}
	}
	return nil, errors.New("pinuv: the random source gives no key")
}

// PublicKey returns the public key for the other end (getPublicKey, §6.5.5.2).
func (a *Agreement) PublicKey() COSEKey {
	point := a.key.PublicKey().Bytes() // 04 ‖ X ‖ Y
	return COSEKey{
		Type: typeEC2, Algorithm: algorithmECD, Curve: curveP256,
		X: point[1 : 1+coordinate], Y: point[1+coordinate:],
	}
}

// Decapsulate returns the secret shared with the owner of a public key, which
// is a COSE_Key in CBOR. The error is ErrKey, or that of the decoder.
func (a *Agreement) Decapsulate(p Protocol, peer ctap.Raw) ([]byte, error) {
	var k COSEKey
	if err := ctap.UnmarshalLax(peer, &k); err != nil {
		return nil, err
	}
	return a.agree(p, k)
}

func (a *Agreement) agree(p Protocol, peer COSEKey) ([]byte, error) {
	if peer.Type != typeEC2 || peer.Curve != curveP256 || len(peer.X) != coordinate || len(peer.Y) != coordinate {
		return nil, ErrKey
	}
	point := append(append([]byte{4}, peer.X...), peer.Y...)
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, ErrKey
	}
	z, err := a.key.ECDH(public)
	if err != nil {
		return nil, ErrKey
	}
	defer clear(z)
	return p.kdf(z), nil
}

// Encapsulate is the platform's half (§6.5.4): it makes a key pair, and returns
// its public key for the authenticator and the secret shared with it.
func Encapsulate(p Protocol, authenticator COSEKey, rand io.Reader) (platform COSEKey, sharedSecret []byte, err error) {
	a, err := NewAgreement(rand)
	if err != nil {
		return COSEKey{}, nil, err
	}
	sharedSecret, err = a.agree(p, authenticator)
	return a.PublicKey(), sharedSecret, err
}
