package keystore

import (
	"bytes"
	"errors"
)

// ErrSeed is returned by [CheckSeed] for a store that was made with another seed.
var ErrSeed = errors.New("store is of another seed")

const keySeedVerifier = "seed-verifier"

// CheckSeed fails with [ErrSeed] if the store was made in deterministic mode with
// another seed than the one that the verifier is derived from: its keys would be of
// one seed, and its random stream of the other. A store that has no verifier yet, a
// new one or one of an older softkey, gets this one. A reset does not change it.
func CheckSeed(tx Tx, verifier [32]byte) error {
	stored := tx.Get(bucketDevice, []byte(keySeedVerifier))
	if stored == nil {
		return tx.Put(bucketDevice, []byte(keySeedVerifier), verifier[:])
	}
	if !bytes.Equal(stored, verifier[:]) {
		return ErrSeed
	}
	return nil
}
