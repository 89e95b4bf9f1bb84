// Package floor is the bare cryptography and encoding that an operation of a
// security key cannot avoid, written straight down: what the key is measured
// against. The product never uses it.
//
// It signs as the product does by default, without randomness (RFC 6979), wraps
// keys as the product does, and answers in the same CBOR; it checks nothing that
// a request could have wrong but what decrypts it.
package floor

import (
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"io"
)

const (
	rpID        = "example.com"
	credentials = 64 // that assertions take in turn: none is hot
)

// Floor holds what lives longer than one operation. One goroutine uses it.
type Floor struct {
	aead        cipher.AEAD
	attestation *ecdsa.PrivateKey
	certificate []byte
	agreement   *ecdh.PrivateKey
	pinHash     []byte
	es256       []credential
	ed25519     []credential
	counter     uint32
}

// New returns a floor whose attestation certificate has size bytes, and whose
// PIN has a hash that begins with the 16 bytes of pinHash.
func New(size int, pinHash []byte) *Floor {
	f := &Floor{aead: newAEAD(), certificate: make([]byte, size), agreement: newAgreement(), pinHash: pinHash}
	f.attestation, _ = newKey()
	rpIDHash := sha256.Sum256([]byte(rpID))
	for range credentials {
		f.es256 = append(f.es256, f.newES256(rpIDHash))
		f.ed25519 = append(f.ed25519, f.newEd25519(rpIDHash))
	}
	return f
}

func must(err error) {
	if err != nil {
		panic(err) // a benchmark brings what fits, and the system's randomness does not fail
	}
}

// authData returns rpIDHash ‖ flags ‖ signCount with room for more.
func (f *Floor) authData(rpIDHash [32]byte, flags byte, more int) []byte {
	f.counter++
	b := append(make([]byte, 0, 37+more+sha256.Size), rpIDHash[:]...)
	return binary.BigEndian.AppendUint32(append(b, flags), f.counter)
}

const (
	userPresent   = 0x01
	hasCredential = 0x40
	hasExtensions = 0x80
)

// GetAssertion opens a key handle, signs and encodes the answer.
func (f *Floor) GetAssertion(clientDataHash []byte) []byte {
	return f.getAssertion(clientDataHash, nil)
}

// GetAssertionHedged is GetAssertion with randomness in the signature.
func (f *Floor) GetAssertionHedged(clientDataHash []byte) []byte {
	return f.getAssertion(clientDataHash, rand.Reader)
}

func (f *Floor) getAssertion(clientDataHash []byte, random io.Reader) []byte {
	rpIDHash := sha256.Sum256([]byte(rpID))
	c := f.next(f.es256)
	key := parseES256(f.open(c, rpIDHash))
	authData := f.authData(rpIDHash, userPresent, 0)
	return assertion(c, authData, signWith(random, key, append(authData, clientDataHash...)))
}

// GetAssertionEdDSA is GetAssertion with Ed25519.
func (f *Floor) GetAssertionEdDSA(clientDataHash []byte) []byte {
	rpIDHash := sha256.Sum256([]byte(rpID))
	c := f.next(f.ed25519)
	key := ed25519.PrivateKey(f.open(c, rpIDHash))
	authData := f.authData(rpIDHash, userPresent, 0)
	return assertion(c, authData, ed25519.Sign(key, append(authData, clientDataHash...)))
}

// MakeCredential makes a key, wraps it, lets the attestation key sign, and
// encodes the answer.
func (f *Floor) MakeCredential(clientDataHash []byte) []byte {
	rpIDHash := sha256.Sum256([]byte(rpID))
	c := f.newES256(rpIDHash)
	authData := f.authData(rpIDHash, userPresent|hasCredential, 18+handleSize+77)
	authData = append(authData, make([]byte, 16)...) // AAGUID
	authData = binary.BigEndian.AppendUint16(authData, handleSize)
	authData = appendCOSEKey(append(authData, c.handle...), c.point)
	return f.attestationObject(authData, sign(f.attestation, append(authData, clientDataHash...)))
}

// Register is U2F register.
func (f *Floor) Register(application, challenge []byte) []byte {
	c := f.newES256([32]byte(application))
	message := append(make([]byte, 1, 1+32+32+handleSize+65), application...)
	message = append(append(append(message, challenge...), c.handle...), c.point...)
	sig := sign(f.attestation, message)

	answer := make([]byte, 0, 1+65+1+handleSize+len(f.certificate)+len(sig)+2)
	answer = append(append(append(answer, 5), c.point...), handleSize)
	answer = append(append(append(answer, c.handle...), f.certificate...), sig...)
	return append(answer, 0x90, 0)
}

// Authenticate is U2F authenticate, for example.com.
func (f *Floor) Authenticate(challenge []byte) []byte {
	rpIDHash := sha256.Sum256([]byte(rpID))
	key := parseES256(f.open(f.next(f.es256), rpIDHash))
	authData := f.authData(rpIDHash, userPresent, 0)
	sig := sign(key, append(authData, challenge...))
	return append(append(append(make([]byte, 0, 5+len(sig)+2), authData[32:]...), sig...), 0x90, 0)
}
