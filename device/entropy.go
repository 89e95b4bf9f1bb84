package device

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	mathrand "math/rand/v2"

	"github.com/softkey-project/softkey/keystore"
)

// entropy is where a device's randomness comes from: the operating system, or
// in deterministic mode a seed.
//
// From a seed come a device key for each reset, and a random stream for each
// reset and start, so that no two lives of a device repeat a nonce under one
// key. Both counts are in the store before anything derived from them is used.
type entropy struct {
	seed   []byte // empty: not deterministic
	starts uint64
	stream *mathrand.ChaCha8
}

func newEntropy(seed []byte, store keystore.Store) (*entropy, error) {
	e := &entropy{seed: seed}
	if !e.seeded() {
		return e, nil
	}
	var resets uint64
	err := store.Update(func(tx keystore.Tx) (err error) {
		if err := e.checkStore(tx); err != nil {
			return err
		}
		resets = keystore.ResetCount(tx)
		if e.starts, err = keystore.IncrementStartCount(tx); err != nil {
			return fmt.Errorf("count of starts: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.restart(resets)
	return e, nil
}

// checkStore fails with [keystore.ErrSeed] in a store of another seed. Nobody finds
// the seed by the verifier who could not by the device key beside it.
func (e *entropy) checkStore(tx keystore.Tx) error {
	return keystore.CheckSeed(tx, e.derive("seed verifier"))
}

func (e *entropy) seeded() bool { return len(e.seed) > 0 }

// of returns the seed of the device of a set that is called name.
func (e *entropy) of(name string) []byte {
	if !e.seeded() {
		return nil
	}
	seed := e.derive("device " + name)
	return seed[:]
}

// rand returns the source of keys and nonces.
func (e *entropy) rand() io.Reader {
	if !e.seeded() {
		return rand.Reader
	}
	return e
}

// Read reads the random stream of this life of the device.
func (e *entropy) Read(p []byte) (int, error) { return e.stream.Read(p) }

// deviceKey returns the function that authenticator.Config wants; nil, which
// means a random key, unless the device is deterministic.
func (e *entropy) deviceKey() func(resets uint64) ([32]byte, error) {
	if !e.seeded() {
		return nil
	}
	return func(resets uint64) ([32]byte, error) {
		e.restart(resets)
		return e.derive(fmt.Sprintf("device key %d", resets)), nil
	}
}

func (e *entropy) restart(resets uint64) {
	e.stream = mathrand.NewChaCha8(e.derive(fmt.Sprintf("random %d %d", resets, e.starts)))
}

// fixed returns the bytes behind a thing that outlives resets, by its name.
func (e *entropy) fixed(name string) io.Reader {
	if !e.seeded() {
		return rand.Reader
	}
	return mathrand.NewChaCha8(e.derive("fixed " + name))
}

func (e *entropy) derive(info string) (key [32]byte) {
	b, err := hkdf.Key(sha256.New, e.seed, nil, "softkey "+info, len(key))
	if err != nil {
		panic(err) // the length is a constant that HKDF allows
	}
	return [32]byte(b)
}
