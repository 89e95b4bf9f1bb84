package pinuv

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"io"
)

// one is protocol one (§6.5.6): AES-256-CBC with an initialization vector of
// zeros, HMAC cut to 16 bytes.
type one struct{}

func (one) Number() uint64 { return 1 }

func (one) Encrypt(key, plaintext []byte, _ io.Reader) ([]byte, error) {
	out := make([]byte, len(plaintext))
	return out, crypt(cipher.NewCBCEncrypter, key, make([]byte, aes.BlockSize), out, plaintext)
}

func (one) Decrypt(key, ciphertext []byte) ([]byte, error) {
	out := make([]byte, len(ciphertext))
	return out, crypt(cipher.NewCBCDecrypter, key, make([]byte, aes.BlockSize), out, ciphertext)
}

func (one) Authenticate(key, message []byte) []byte { return hmacSHA256(key, message)[:16] }

func (one) kdf(z []byte) []byte {
	sum := sha256.Sum256(z)
	return sum[:]
}

// crypt runs AES-256-CBC without padding over whole blocks.
func crypt(mode func(cipher.Block, []byte) cipher.BlockMode, key, iv, dst, src []byte) error {
	if len(src)%aes.BlockSize != 0 {
		return ErrCiphertext
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	mode(block, iv).CryptBlocks(dst, src)
	return nil
}
