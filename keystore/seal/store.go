package seal

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
	"iter"

	"github.com/softkey-project/softkey/keystore"
)

// ErrSealed is returned by [Open] for a sealed store where nobody opens seals.
var ErrSealed = errors.New("seal: the store is sealed")

// Open returns s as who has its key sees it. Unlock is given the slots, and
// returns the store key; nil stands for a caller who has none. A store that is
// not sealed has no slots: unlock may refuse it, but its key is of no use, and
// Open returns s itself.
//
// Open writes nothing. It never closes s: closing what it returns does.
func Open(s keystore.Store, unlock func([]Slot) (*Key, error)) (keystore.Store, error) {
	slots, err := Slots(s)
	switch {
	case err != nil:
		return nil, err
	case unlock == nil && len(slots) == 0:
		return s, nil
	case unlock == nil:
		return nil, ErrSealed
	}
	key, err := unlock(slots)
	if err != nil {
		return nil, err
	}
	if len(slots) == 0 {
		return s, nil
	}
	defer key.Wipe()
	return key.open(s), nil
}

// open returns s, whose values are encrypted under the key.
func (k *Key) open(s keystore.Store) keystore.Store {
	return &store{s, newAEAD(k.secret)}
}

// store is a [keystore.Store] on another one, which sees only ciphertext.
type store struct {
	keystore.Store
	aead cipher.AEAD
}

// View implements [keystore.Store]. A value that is not what was put there is
// [keystore.ErrDamaged].
func (s *store) View(fn func(keystore.Tx) error) error {
	return blame(s.Store.View, s.with(fn))
}

// Update implements [keystore.Store].
func (s *store) Update(fn func(keystore.Tx) error) error {
	return blame(s.Store.Update, s.with(fn))
}

func (s *store) with(fn func(keystore.Tx) error) func(keystore.Tx) error {
	return func(inner keystore.Tx) error { return fn(tx{inner, s.aead}) }
}

// blame runs a transaction, and makes an error of what open of a tx panics with.
func blame(run func(func(keystore.Tx) error) error, fn func(keystore.Tx) error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case damage:
			err = fmt.Errorf("seal: %w: %q in %s", keystore.ErrDamaged, r.key, r.bucket)
		default:
			panic(r)
		}
	}()
	return run(fn)
}

// damage is a value that cannot be decrypted.
type damage struct {
	bucket keystore.Bucket
	key    []byte
}

// tx is a transaction that encrypts the values of the secret buckets.
type tx struct {
	keystore.Tx
	aead cipher.AEAD
}

// isSecret tells whether the values of a bucket are encrypted.
func isSecret(b keystore.Bucket) bool { return b != "device" && b != bucket }

// Get implements [keystore.Tx].
func (t tx) Get(b keystore.Bucket, key []byte) []byte {
	stored := t.Tx.Get(b, key)
	if stored == nil {
		return nil
	}
	return t.open(b, key, stored)
}

// Put implements [keystore.Tx].
func (t tx) Put(b keystore.Bucket, key, value []byte) error {
	if isSecret(b) {
		value = t.aead.Seal(nil, nil, value, aad(b, key)) // #nosec G407 -- it draws its nonces itself
	}
	return t.Tx.Put(b, key, value)
}

// All implements [keystore.Tx].
func (t tx) All(b keystore.Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for key, stored := range t.Tx.All(b, prefix) {
			if !yield(key, t.open(b, key, stored)) {
				return
			}
		}
	}
}

func (t tx) open(b keystore.Bucket, key, stored []byte) []byte {
	if !isSecret(b) {
		return stored
	}
	value, err := t.aead.Open([]byte{}, nil, stored, aad(b, key))
	if err != nil {
		panic(damage{b, bytes.Clone(key)})
	}
	return value
}

// aad binds a value to its place.
func aad(b keystore.Bucket, key []byte) []byte {
	return append([]byte("softkey value\x00"+string(b)+"\x00"), key...)
}
