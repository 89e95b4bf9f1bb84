package floor

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
)

// What follows is pinUvAuthProtocol two.

func newAgreement() *ecdh.PrivateKey {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	must(err)
	return key
}

// Agreement returns the public key agreement key, 04 ‖ X ‖ Y.
func (f *Floor) Agreement() []byte { return f.agreement.PublicKey().Bytes() }

// agree returns the two keys that are shared with whoever has the private key of
// point, 04 ‖ X ‖ Y.
func (f *Floor) agree(point []byte) (hmacKey, aesKey []byte) {
	peer, err := ecdh.P256().NewPublicKey(point)
	must(err)
	z, err := f.agreement.ECDH(peer)
	must(err)
	return derive(z, make([]byte, sha256.Size), "CTAP2 HMAC key"), derive(z, make([]byte, sha256.Size), "CTAP2 AES key")
}

func derive(secret, salt []byte, info string) []byte {
	key, err := hkdf.Key(sha256.New, secret, salt, info, 32)
	must(err)
	return key
}

func authenticate(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func encrypt(key, plaintext []byte) []byte {
	out := make([]byte, aes.BlockSize+len(plaintext))
	rand.Read(out[:aes.BlockSize])
	block, err := aes.NewCipher(key)
	must(err)
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], plaintext)
	return out
}

func decrypt(key, ciphertext []byte) []byte {
	out := make([]byte, len(ciphertext)-aes.BlockSize)
	block, err := aes.NewCipher(key)
	must(err)
	cipher.NewCBCDecrypter(block, ciphertext[:aes.BlockSize]).CryptBlocks(out, ciphertext[aes.BlockSize:])
	return out
}

// HMACSecret is [Floor.GetAssertion] with the extension hmac-secret and one salt,
// which the owner of point encrypted and authenticated. The credential's
// CredRandom is derived from its private key, as the product's is.
func (f *Floor) HMACSecret(clientDataHash, point, saltEnc, saltAuth []byte) []byte {
	rpIDHash := sha256.Sum256([]byte(rpID))
	c := f.next(f.es256)
	material := f.open(c, rpIDHash)
	hmacKey, aesKey := f.agree(point)
	if !hmac.Equal(authenticate(hmacKey, saltEnc), saltAuth) {
		panic("floor: saltAuth is wrong")
	}
	credRandom := derive(material, nil, "CredRandom")
	output := encrypt(aesKey, authenticate(credRandom, decrypt(aesKey, saltEnc)))

	authData := f.authData(rpIDHash, userPresent|hasExtensions, 15+len(output))
	authData = appendBytes(append(authData, "\xa1\x6bhmac-secret"...), output)
	return assertion(c, authData, sign(parseES256(material), append(authData, clientDataHash...)))
}

// PINToken gives a pinUvAuthToken to the owner of point, who knows the PIN.
func (f *Floor) PINToken(point, pinHashEnc []byte) []byte {
	_, aesKey := f.agree(point)
	if subtle.ConstantTimeCompare(decrypt(aesKey, pinHashEnc), f.pinHash) != 1 {
		panic("floor: the PIN is wrong")
	}
	token := make([]byte, 32)
	rand.Read(token)
	return appendBytes([]byte{0x00, 0xa1, 0x02}, encrypt(aesKey, token))
}
