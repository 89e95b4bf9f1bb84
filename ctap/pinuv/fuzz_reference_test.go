package pinuv_test

import (
	"bytes"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// The reference is written from the words of §6.5.6 and §6.5.7, and shares with
// the package only the primitives of Go.

// referenceSecret is ecdh and kdf: "the x-coordinate of the ECDH shared point",
// and of that for protocol one SHA-256, for protocol two
//
//	HKDF-SHA-256(salt = 32 zero bytes, IKM = Z, L = 32, info = "CTAP2 HMAC key") ‖
//	HKDF-SHA-256(salt = 32 zero bytes, IKM = Z, L = 32, info = "CTAP2 AES key")
func referenceSecret(t *testing.T, number uint64, private *ecdh.PrivateKey, public *ecdh.PublicKey) []byte {
	t.Helper()
	z, err := private.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	if number == 1 {
		sum := sha256.Sum256(z)
		return sum[:]
	}
	prk := referenceHMAC(make([]byte, 32), z) // HKDF-Extract
	secret := referenceHMAC(prk, append([]byte("CTAP2 HMAC key"), 1))
	return append(secret, referenceHMAC(prk, append([]byte("CTAP2 AES key"), 1))...)
}

// referenceHMAC is RFC 2104 for SHA-256, whose blocks have 64 bytes.
func referenceHMAC(key, message []byte) []byte {
	block := make([]byte, 64)
	if len(key) > len(block) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(block, key)
	inner, outer := make([]byte, 64), make([]byte, 64)
	for i, b := range block {
		inner[i], outer[i] = b^0x36, b^0x5c
	}
	first := sha256.Sum256(append(inner, message...))
	second := sha256.Sum256(append(outer, first[:]...))
	return second[:]
}

// referenceEncrypt is AES-256-CBC without padding, by its definition:
// C[i] = E(P[i] ⊕ C[i-1]), with the initialization vector as C[-1]. That is
// zero for protocol one; protocol two puts it before the ciphertext, and takes
// the second half of the secret for the key.
func referenceEncrypt(t *testing.T, number uint64, secret, iv, plaintext []byte) []byte {
	t.Helper()
	var out []byte
	if number == 1 {
		iv = make([]byte, 16)
	} else {
		secret, out = secret[32:], append(out, iv...)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	for previous := iv; len(plaintext) > 0; plaintext = plaintext[16:] {
		c := make([]byte, 16)
		for i := range c {
			c[i] = plaintext[i] ^ previous[i]
		}
		block.Encrypt(c, c)
		out, previous = append(out, c...), c
	}
	return out
}

// referenceAuthenticate is HMAC-SHA-256: for protocol one its first 16 bytes, for
// protocol two with the first 32 bytes of the key.
func referenceAuthenticate(number uint64, key, message []byte) []byte {
	if number == 1 {
		return referenceHMAC(key, message)[:16]
	}
	return referenceHMAC(key[:32], message)
}

// FuzzReference states that the protocols do what an implementation does that
// was written from the specification alone: both ends of a key agreement, all
// lengths of plaintext, any message.
func FuzzReference(f *testing.F) {
	f.Add(false, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 16), make([]byte, 64), []byte("message"))
	f.Add(true, bytes.Repeat([]byte{4}, 32), bytes.Repeat([]byte{5}, 32), bytes.Repeat([]byte{6}, 16), make([]byte, 16), bytes.Repeat([]byte{7}, 100))
	f.Add(true, append(make([]byte, 31), 1), append(make([]byte, 31), 2), make([]byte, 16), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, two bool, platformSeed, deviceSeed, iv, plaintext, message []byte) {
		platformKey, err1 := ecdh.P256().NewPrivateKey(platformSeed)
		deviceKey, err2 := ecdh.P256().NewPrivateKey(deviceSeed)
		if err1 != nil || err2 != nil || len(iv) != 16 {
			return
		}
		number := uint64(1)
		if two {
			number = 2
		}
		p := pinuv.ByNumber(number)
		secret := referenceSecret(t, number, platformKey, deviceKey.PublicKey())
		checkSecret(t, p, platformSeed, deviceKey.PublicKey(), secret)
		checkSecret(t, p, deviceSeed, platformKey.PublicKey(), secret)

		plaintext = plaintext[:len(plaintext)/16*16]
		want := referenceEncrypt(t, number, secret, iv, plaintext)
		if got, err := p.Encrypt(secret, plaintext, bytes.NewReader(iv)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("protocol %d: encrypted %x, %v; want %x", number, got, err, want)
		}
		if got, err := p.Decrypt(secret, want); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("protocol %d: decrypted %x, %v; want %x", number, got, err, plaintext)
		}
		param := referenceAuthenticate(number, secret, message)
		if got := p.Authenticate(secret, message); !hmac.Equal(got, param) || !pinuv.Verify(p, secret, message, param) {
			t.Errorf("protocol %d: authenticated %x, want %x", number, got, param)
		}
	})
}

// checkSecret checks one end's view of the shared secret.
func checkSecret(t *testing.T, p pinuv.Protocol, seed []byte, peer *ecdh.PublicKey, want []byte) {
	t.Helper()
	a, err := pinuv.NewAgreement(bytes.NewReader(seed))
	if err != nil {
		t.Fatal(err)
	}
	point := peer.Bytes() // 04 ‖ X ‖ Y
	coseKey := ctap.MustMarshal(map[int]any{1: 2, 3: -25, -1: 1, -2: point[1:33], -3: point[33:]})
	if got, err := a.Decapsulate(p, coseKey); err != nil || !bytes.Equal(got, want) {
		t.Errorf("protocol %d: secret %x, %v; want %x", p.Number(), got, err, want)
	}
}
