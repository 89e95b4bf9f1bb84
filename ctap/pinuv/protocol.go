// Package pinuv is the two PIN/UV auth protocols (§6.5.6, §6.5.7), which keep a
// PIN and a pinUvAuthToken secret on their way between platform and
// authenticator. Both ends use it.
//
// Since both ends are this package, a mistake in it would cancel out in a
// round trip: its tests use vectors of other implementations.
package pinuv

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
)

var (
	// ErrKey is returned for a key agreement key that is none: not EC2, not on
	// P-256, not a point.
	ErrKey = errors.New("pinuv: not a P-256 key agreement key")
	// ErrCiphertext is returned for a ciphertext of a length that no plaintext
	// has.
	ErrCiphertext = errors.New("pinuv: ciphertext of a wrong length")
)

// TokenSize is the length of a pinUvAuthToken, in bytes.
const TokenSize = 32

// A Protocol is one of the two. Keys are shared secrets, as [Agreement.Decapsulate] and
// [Encapsulate] return them, or pinUvAuthTokens.
type Protocol interface {
	// Number is how messages name the protocol: 1 or 2.
	Number() uint64

	// Encrypt returns the encryption of plaintext, whose length is a multiple
	// of 16; rand gives the initialization vector where there is one.
	Encrypt(key, plaintext []byte, rand io.Reader) ([]byte, error)

	// Decrypt is the inverse of Encrypt. Neither proves where a ciphertext
	// comes from: Verify does.
	Decrypt(key, ciphertext []byte) ([]byte, error)

	// Authenticate returns the pinUvAuthParam of message.
	Authenticate(key, message []byte) []byte

	// kdf derives the shared secret from the x-coordinate of the agreed point.
	kdf(z []byte) []byte
}

// protocols is the table, in the order in which getInfo prefers them.
var protocols = []Protocol{two{}, one{}}

// ByNumber returns the protocol with a number, or nil.
func ByNumber(n uint64) Protocol {
	for _, p := range protocols {
		if p.Number() == n {
			return p
		}
	}
	return nil
}

// Verify tells whether param authenticates message, in constant time.
func Verify(p Protocol, key, message, param []byte) bool {
	return hmac.Equal(p.Authenticate(key, message), param)
}

func hmacSHA256(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}
