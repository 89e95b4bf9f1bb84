package floor

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"math/big"
)

// A credential is a key handle, and the public key that goes with it:
//
//	handle = version (1) ‖ nonce (12) ‖ AES-256-GCM(header (3) ‖ material) ‖ tag (16)
//
// The material of ES256 is d ‖ X ‖ Y, of Ed25519 seed ‖ public key.
type credential struct {
	handle []byte
	point  []byte // 04 ‖ X ‖ Y, or the public key of Ed25519
}

const (
	headerSize = 3
	nonceSize  = 12
	handleSize = 1 + nonceSize + headerSize + 96 + 16 // of ES256
)

func newAEAD() cipher.AEAD {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	must(err)
	aead, err := cipher.NewGCM(block)
	must(err)
	return aead
}

// newKey draws a private key, and returns its secret bytes as well.
func newKey() (key *ecdsa.PrivateKey, secret []byte) {
	secret = make([]byte, headerSize+32, headerSize+96)
	d := secret[headerSize:]
	rand.Read(d)
	d[0] &= 0x7f // below the order of the group
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	must(err)
	return key, secret
}

func (f *Floor) newES256(rpIDHash [32]byte) credential {
	key, secret := newKey()
	point, err := key.PublicKey.Bytes()
	must(err)
	return credential{f.seal(append(secret, point[1:]...), rpIDHash), point}
}

func (f *Floor) newEd25519(rpIDHash [32]byte) credential {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	return credential{f.seal(append(make([]byte, headerSize), private...), rpIDHash), public}
}

func (f *Floor) seal(secret []byte, rpIDHash [32]byte) []byte {
	head := make([]byte, 1+nonceSize, 1+nonceSize+len(secret)+f.aead.Overhead())
	nonce := head[1:]
	rand.Read(nonce)
	return f.aead.Seal(head, nonce, secret, rpIDHash[:])
}

// open returns the material in a key handle.
func (f *Floor) open(c credential, rpIDHash [32]byte) []byte { return f.openInto(nil, c, rpIDHash) }

// openInto is open with room for what it returns.
func (f *Floor) openInto(room []byte, c credential, rpIDHash [32]byte) []byte {
	secret, err := f.aead.Open(room, c.handle[1:1+nonceSize], c.handle[1+nonceSize:], rpIDHash[:])
	must(err)
	return secret[headerSize:]
}

// next takes the credentials in turn.
func (f *Floor) next(all []credential) credential { return all[f.counter%credentials] }

// parseES256 fills the key from d ‖ X ‖ Y: to compute Q anew would cost half a
// signature.
func parseES256(material []byte) *ecdsa.PrivateKey {
	key := &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256()}}
	//lint:ignore SA1019 ecdsa.ParseRawPrivateKey would compute Q
	key.D, key.X, key.Y = integer(material[:32]), integer(material[32:64]), integer(material[64:96])
	return key
}

func integer(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// sign signs as the product does by default: RFC 6979.
func sign(key *ecdsa.PrivateKey, message []byte) []byte { return signWith(nil, key, message) }

// signWith signs with randomness, without if that is nil.
func signWith(random io.Reader, key *ecdsa.PrivateKey, message []byte) []byte {
	digest := sha256.Sum256(message)
	sig, err := key.Sign(random, digest[:], crypto.SHA256)
	must(err)
	return sig
}
