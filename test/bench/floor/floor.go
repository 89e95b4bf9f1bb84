// Package floor is the bare cryptography and encoding that an operation of a
// security key cannot avoid, written straight down: what the key is measured
// against. The product never uses it.
package floor

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/fxamacker/cbor/v2"
)

// Floor holds what lives longer than one operation: the device key, the
// attestation key, a credential.
type Floor struct {
	aead        cipher.AEAD
	attestation *ecdsa.PrivateKey
	credential  *ecdsa.PrivateKey
	handle      []byte
	certificate []byte
	enc         cbor.EncMode
	counter     uint32
}

// New returns a floor whose certificate has size bytes.
func New(size int) *Floor {
	block, err := aes.NewCipher(make([]byte, 32))
	must(err)
	f := &Floor{certificate: make([]byte, size)}
	f.aead, err = cipher.NewGCM(block)
	must(err)
	f.enc, err = cbor.CTAP2EncOptions().EncMode()
	must(err)
	f.attestation, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	f.credential, f.handle = f.newCredential()
	return f
}

func must(err error) {
	if err != nil {
		panic(err) // constants and the operating system's randomness do not fail
	}
}

func (f *Floor) newCredential() (*ecdsa.PrivateKey, []byte) {
	seed := make([]byte, 32)
	_, _ = rand.Read(seed)
	seed[0] &= 0x7f // below the order of the group
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	must(err)
	point, err := key.PublicKey.Bytes()
	must(err)
	nonce := make([]byte, 12, 128)
	_, _ = rand.Read(nonce)
	secret := append(seed, point[1:]...)
	return key, f.aead.Seal(nonce, nonce, secret, nil)
}

// sign signs as the product does by default: RFC 6979.
func sign(key *ecdsa.PrivateKey, message []byte) []byte {
	digest := sha256.Sum256(message)
	sig, err := key.Sign(nil, digest[:], crypto.SHA256)
	must(err)
	return sig
}

func (f *Floor) authData(rpID string, more int) []byte {
	hash := sha256.Sum256([]byte(rpID))
	f.counter++
	b := append(make([]byte, 0, 37+more+32), hash[:]...)
	return binary.BigEndian.AppendUint32(append(b, 1), f.counter)
}

// GetAssertion opens a key handle, signs and encodes the answer.
func (f *Floor) GetAssertion(clientDataHash []byte) []byte {
	_, err := f.aead.Open(nil, f.handle[:12], f.handle[12:], nil)
	must(err)
	authData := f.authData("example.com", 0)
	answer, err := f.enc.Marshal(struct {
		Credential struct {
			ID   []byte `cbor:"id"`
			Type string `cbor:"type"`
		} `cbor:"1,keyasint"`
		AuthData  []byte `cbor:"2,keyasint"`
		Signature []byte `cbor:"3,keyasint"`
	}{AuthData: authData, Signature: sign(f.credential, append(authData, clientDataHash...))})
	must(err)
	return answer
}

// MakeCredential makes a key, wraps it, and lets the attestation key sign.
func (f *Floor) MakeCredential(clientDataHash []byte) []byte {
	key, handle := f.newCredential()
	point, err := key.PublicKey.Bytes()
	must(err)
	authData := append(append(f.authData("example.com", 18+128+77), handle...), point...)
	answer, err := f.enc.Marshal(struct {
		Format    string `cbor:"1,keyasint"`
		AuthData  []byte `cbor:"2,keyasint"`
		Statement struct {
			Algorithm int      `cbor:"alg"`
			Signature []byte   `cbor:"sig"`
			X5C       [][]byte `cbor:"x5c"`
		} `cbor:"3,keyasint"`
	}{Format: "packed", AuthData: authData, Statement: struct {
		Algorithm int      `cbor:"alg"`
		Signature []byte   `cbor:"sig"`
		X5C       [][]byte `cbor:"x5c"`
	}{-7, sign(f.attestation, append(authData, clientDataHash...)), [][]byte{f.certificate}}})
	must(err)
	return answer
}

// Register is U2F register.
func (f *Floor) Register(challenge []byte) []byte {
	key, handle := f.newCredential()
	point, err := key.PublicKey.Bytes()
	must(err)
	message := append(append(append(make([]byte, 33, 300), challenge...), handle...), point...)
	sig := sign(f.attestation, message)
	return append(append(message, f.certificate...), sig...)
}

// Authenticate is U2F authenticate.
func (f *Floor) Authenticate(challenge []byte) []byte {
	_, err := f.aead.Open(nil, f.handle[:12], f.handle[12:], nil)
	must(err)
	f.counter++
	message := binary.BigEndian.AppendUint32(append(make([]byte, 32, 69), 1), f.counter)
	return append(message, sign(f.credential, append(message, challenge...))...)
}
