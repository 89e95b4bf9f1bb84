package floor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
)

// Reusing is a floor of getAssertion that has one key object for all credentials,
// and one buffer for what is in their handles. Package ecdsa remembers what it made
// of a key by its address, and has to forget it when the key is garbage: here none
// is. No goal is held against it; it shows what plain code costs more.
type Reusing struct {
	floor  *Floor
	key    *ecdsa.PrivateKey
	secret [headerSize + 96]byte
}

// Reusing returns the same floor with what can be used again.
func (f *Floor) Reusing() *Reusing {
	//lint:ignore SA1019 the numbers come with each credential
	key := &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)}, D: new(big.Int)}
	return &Reusing{floor: f, key: key}
}

// GetAssertion is [Floor.GetAssertion].
func (r *Reusing) GetAssertion(clientDataHash []byte) []byte {
	f := r.floor
	rpIDHash := sha256.Sum256([]byte(rpID))
	c := f.next(f.es256)
	r.parse(f.openInto(r.secret[:0], c, rpIDHash))
	authData := f.authData(rpIDHash, userPresent, 0)
	return assertion(c, authData, sign(r.key, append(authData, clientDataHash...)))
}

// parse fills the key from d ‖ X ‖ Y.
func (r *Reusing) parse(material []byte) {
	//lint:ignore SA1019 as in parseES256
	d, x, y := r.key.D, r.key.X, r.key.Y
	d.SetBytes(material[:32])
	x.SetBytes(material[32:64])
	y.SetBytes(material[64:])
}
