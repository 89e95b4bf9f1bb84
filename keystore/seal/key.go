package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

const keySize = 32

// ErrNotOpened is returned by [Slot.Open] for a wrong passphrase, and for any
// other secret that is not the slot's. It does not tell how wrong it is.
var ErrNotOpened = errors.New("seal: that does not open the seal")

// Key is the store key. Wipe it after use; stores that were opened with it stay
// open.
type Key struct{ secret [keySize]byte }

// NewKey returns a random key.
func NewKey() *Key {
	k := new(Key)
	rand.Read(k.secret[:]) // never fails
	return k
}

// Wipe overwrites the key.
func (k *Key) Wipe() { clear(k.secret[:]) }

// Clone returns a copy, which is to be wiped too.
func (k *Key) Clone() *Key {
	c := *k
	return &c
}

// Seal returns a slot that keeper opens.
func (k *Key) Seal(keeper Keeper) (Slot, error) {
	params, key, err := keeper.Keep()
	defer clear(key[:])
	if err != nil {
		return Slot{}, err
	}
	s := Slot{Kind: keeper.Kind(), Params: params}
	s.Wrapped = newAEAD(key).Seal(nil, nil, k.secret[:], s.aad()) // #nosec G407 -- it draws its nonces itself
	return s, s.check()
}

// Open returns the store key that is in the slot. It fails with the errors of
// keeper, and with [ErrNotOpened].
func (s Slot) Open(keeper Keeper) (*Key, error) {
	key, err := keeper.Recover(s.Params)
	defer clear(key[:])
	if err != nil {
		return nil, err
	}
	secret, err := newAEAD(key).Open(nil, nil, s.Wrapped, s.aad())
	defer clear(secret)
	if err != nil || len(secret) != keySize {
		return nil, ErrNotOpened
	}
	return &Key{[keySize]byte(secret)}, nil
}

// newAEAD returns AES-256-GCM that puts a random nonce before each ciphertext:
// nonce (12) ‖ ciphertext ‖ tag (16). One key may seal 2^32 values, which a store
// does not write in its life.
func newAEAD(key [keySize]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has 16-byte blocks
	}
	return aead
}
