package pinuv

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
)

// two is protocol two (§6.5.7): a key for HMAC and a key for AES, both derived
// by HKDF, and a random initialization vector before the ciphertext.
//
//	shared secret = HMAC key (32) ‖ AES key (32)
type two struct{}

const keySize = 32

func (two) Number() uint64 { return 2 }

func (two) Encrypt(key, plaintext []byte, rand io.Reader) ([]byte, error) {
	out := make([]byte, aes.BlockSize+len(plaintext))
	if _, err := io.ReadFull(rand, out[:aes.BlockSize]); err != nil {
		return nil, fmt.Errorf("pinuv: initialization vector: %w", err)
	}
	return out, crypt(cipher.NewCBCEncrypter, aesKey(key), out[:aes.BlockSize], out[aes.BlockSize:], plaintext)
}

func (two) Decrypt(key, ciphertext []byte) ([]byte, error) {
	if len(ciphertext) < aes.BlockSize {
		return nil, ErrCiphertext
	}
	iv, rest := ciphertext[:aes.BlockSize], ciphertext[aes.BlockSize:]
	out := make([]byte, len(rest))
	return out, crypt(cipher.NewCBCDecrypter, aesKey(key), iv, out, rest)
}

// aesKey is the second half of a shared secret.
func aesKey(sharedSecret []byte) []byte { return sharedSecret[min(keySize, len(sharedSecret)):] }

// Authenticate uses the first half of a shared secret, or a whole token.
func (two) Authenticate(key, message []byte) []byte {
	return hmacSHA256(key[:min(keySize, len(key))], message)
}

func (two) kdf(z []byte) []byte {
	key, err := hkdf.Extract(sha256.New, z, make([]byte, sha256.Size))
	if err != nil {
		panic(err) // the hash is one that HKDF allows
	}
	defer clear(key)
	secret := make([]byte, 0, 2*keySize)
	for _, info := range []string{"CTAP2 HMAC key", "CTAP2 AES key"} {
		half := expand(key, info)
		secret = append(secret, half...)
		clear(half)
	}
	return secret
}

func expand(key []byte, info string) []byte {
	half, err := hkdf.Expand(sha256.New, key, info, keySize)
	if err != nil {
		panic(err) // the length is a constant that HKDF allows
	}
	return half
}
