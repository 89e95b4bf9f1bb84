package cose

import (
	"bytes"

	"filippo.io/mldsa"

	"github.com/softkey-project/softkey/ctap"
)

// lattice is ML-DSA (FIPS 204) with one set of parameters, the empty context and
// the message itself, not its hash. Its material is the seed; each use expands it
// anew, which takes 200 kB and more than a third of an assertion's time.
type lattice struct{ params mldsa.Parameters }

var (
	mldsa44 = lattice{mldsa.MLDSA44()}
	mldsa65 = lattice{mldsa.MLDSA65()}
	mldsa87 = lattice{mldsa.MLDSA87()}
)

func (lattice) SeedSize() int        { return mldsa.PrivateKeySize }
func (lattice) MaterialSize() int    { return mldsa.PrivateKeySize }
func (l lattice) SignatureSize() int { return l.params.SignatureSize() }

func (lattice) New(seed []byte) ([]byte, error) {
	if len(seed) != mldsa.PrivateKeySize {
		return nil, ErrMaterial
	}
	return bytes.Clone(seed), nil
}

func (l lattice) key(id ID, material []byte) (PrivateKey, error) {
	private, err := mldsa.NewPrivateKey(l.params, material)
	if err != nil {
		return nil, ErrMaterial
	}
	return latticeKey{id: id, private: private}, nil
}

func (l lattice) verify(id ID, coseKey, message, sig []byte) error {
	var k akpKey
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil {
		return ErrKey
	}
	if k.Type != typeAKP || k.Algorithm != id {
		return ErrKey
	}
	public, err := mldsa.NewPublicKey(l.params, k.Public)
	if err != nil {
		return ErrKey
	}
	if mldsa.Verify(public, message, sig, nil) != nil {
		return ErrSignature
	}
	return nil
}

type latticeKey struct {
	id            ID
	private       *mldsa.PrivateKey
	deterministic bool
}

func (k latticeKey) COSEKey() []byte {
	return ctap.MustMarshal(akpKey{Type: typeAKP, Algorithm: k.id, Public: k.private.PublicKey().Bytes()})
}

func (k latticeKey) Sign(message []byte) ([]byte, error) {
	if k.deterministic {
		return k.private.SignDeterministic(message, &mldsa.Options{})
	}
	return k.private.Sign(nil, message, &mldsa.Options{}) // it draws its own randomness
}

func (k latticeKey) randomized(random bool) PrivateKey {
	k.deterministic = !random
	return k
}
