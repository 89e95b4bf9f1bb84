package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// ErrNotOurs is returned by [Wrapper.Unwrap] for a key handle that this device
// did not make, or made for another relying party. The two are not told apart:
// the answer would tell a site which other sites know the key.
var ErrNotOurs = errors.New("keystore: key handle is not ours")

// A KeyWrapper turns private keys into key handles and back. Unwrap fails with
// [ErrNotOurs] alike for a foreign handle and for another relying party's. Both
// may be called from any goroutine; what they return belongs to the caller.
type KeyWrapper interface {
	Wrap(rpIDHash [32]byte, secret []byte) (keyHandle []byte, err error)
	Unwrap(rpIDHash [32]byte, keyHandle []byte) (secret []byte, err error)
}

// The layout of a key handle. The AAD is one piece with the handle's buffer
// while it is made, so that each operation allocates once.
const (
	handleVersion = 1
	nonceSize     = 12
	tagSize       = 16
	headSize      = 1 + nonceSize
	aadSize       = 1 + sha256.Size
)

// Wrapper is the [KeyWrapper] of a device key.
type Wrapper struct {
	key  [32]byte
	rand io.Reader
	once sync.Once
	aead cipher.AEAD // made on first use: most authenticators of a large set are idle

	// spare is what the last Unwrap that failed has left: most handles of a list
	// are of other devices.
	spare atomic.Pointer[opened]
}

// opened is room for the secret of a usual handle, and the AAD.
type opened [144]byte

// NewWrapper returns a Wrapper that encrypts under key, with nonces read from
// nonces, or from [rand.Reader] if that is nil. A reader of the caller's must
// never repeat under one key, and must be safe for concurrent use if Wrap is
// called from several goroutines.
func NewWrapper(key [32]byte, nonces io.Reader) *Wrapper {
	if nonces == nil {
		nonces = rand.Reader
	}
	return &Wrapper{key: key, rand: nonces}
}

// Wrap returns the key handle of secret for the relying party whose rpIDHash
// (U2F: application parameter) is given.
//
//	handle = version (1) || nonce (12) || ciphertext || tag (16)
//	AAD    = version || rpIDHash
func (w *Wrapper) Wrap(rpIDHash [32]byte, secret []byte) ([]byte, error) {
	size := headSize + len(secret) + tagSize
	buf := make([]byte, headSize, size+aadSize)
	buf[0] = handleVersion
	nonce := buf[1:headSize]
	if _, err := io.ReadFull(w.rand, nonce); err != nil {
		return nil, fmt.Errorf("keystore: nonce: %w", err)
	}
	aad := appendAAD(buf[size:size:cap(buf)], rpIDHash)
	return w.gcm().Seal(buf[:headSize:size], nonce, secret, aad), nil
}

// Unwrap returns the secret that [Wrapper.Wrap] made keyHandle of, or
// [ErrNotOurs].
func (w *Wrapper) Unwrap(rpIDHash [32]byte, keyHandle []byte) ([]byte, error) {
	size := len(keyHandle) - headSize - tagSize
	if size < 0 || keyHandle[0] != handleVersion {
		return nil, ErrNotOurs
	}
	if size+aadSize > len(opened{}) {
		return w.open(make([]byte, size+aadSize), rpIDHash, keyHandle)
	}
	room := w.spare.Swap(nil)
	if room == nil {
		room = new(opened)
	}
	secret, err := w.open(room[:size+aadSize], rpIDHash, keyHandle)
	if err != nil {
		w.spare.Store(room) // which Open has cleared
	}
	return secret, err
}

// open decrypts keyHandle into the beginning of buf, and has the AAD behind.
func (w *Wrapper) open(buf []byte, rpIDHash [32]byte, keyHandle []byte) ([]byte, error) {
	size := len(buf) - aadSize
	aad := appendAAD(buf[size:size], rpIDHash)
	secret, err := w.gcm().Open(buf[:0:size], keyHandle[1:headSize], keyHandle[headSize:], aad)
	if err != nil {
		return nil, ErrNotOurs
	}
	return secret, nil
}

func appendAAD(buf []byte, rpIDHash [32]byte) []byte {
	return append(append(buf, handleVersion), rpIDHash[:]...)
}

func (w *Wrapper) gcm() cipher.AEAD {
	w.once.Do(func() {
		block, err := aes.NewCipher(w.key[:])
		if err != nil {
			panic(err) // 32 bytes are a key
		}
		if w.aead, err = cipher.NewGCM(block); err != nil {
			panic(err) // AES has 16-byte blocks
		}
		clear(w.key[:]) // one copy less: the cipher has its own
	})
	return w.aead
}
