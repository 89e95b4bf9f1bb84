package keystore

import (
	"fmt"
	"iter"
)

// vitals are the keys that, once put, are never missing again. An authenticator
// that misses one takes itself for a new one, and writes over what is left: so
// a page in which the key cannot be found must not pass for one without it.
//
// Each has a witness in the other of the two buckets, which says that it is
// there: a key with an empty value, named after it.
var vitals = [...]struct {
	bucket, witness Bucket
	key             string
}{
	{bucketSettings, bucketDevice, keyDeviceKey},
	{bucketSettings, bucketDevice, keyPolicy},
	{bucketDevice, bucketSettings, keySignCount},
	{bucketDevice, bucketSettings, keyUniq},
}

func witnessKey(key string) []byte { return []byte("has " + key) }

// putVital puts the value of a vital key, and its witness.
func putVital(tx Tx, b Bucket, key string, value []byte) error {
	if err := tx.Put(b, []byte(key), value); err != nil {
		return err
	}
	for _, v := range vitals {
		if v.bucket != b || v.key != key || tx.Get(v.witness, witnessKey(key)) != nil {
			continue
		}
		return tx.Put(v.witness, witnessKey(key), nil)
	}
	return nil
}

// checkVitals fails with [ErrDamaged] if a vital key is missing.
func checkVitals(tx Tx) error {
	for _, v := range vitals {
		if tx.Get(v.witness, witnessKey(v.key)) != nil && tx.Get(v.bucket, []byte(v.key)) == nil {
			return fmt.Errorf("%w: no %s", ErrDamaged, v.key)
		}
	}
	return nil
}

// renewWitnesses makes the witnesses right after a [Reset].
func renewWitnesses(tx Tx) error {
	for _, v := range vitals {
		renew := func() error { return tx.Delete(v.witness, witnessKey(v.key)) }
		if tx.Get(v.bucket, []byte(v.key)) != nil {
			renew = func() error { return tx.Put(v.witness, witnessKey(v.key), nil) }
		}
		if err := renew(); err != nil {
			return err
		}
	}
	return nil
}

// witnessed adds the witnesses to the entries of a store that had none.
func witnessed(old iter.Seq[Entry]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e := range old {
			if !yield(e, nil) {
				return
			}
			for _, v := range vitals {
				if e.Bucket == v.bucket && string(e.Key) == v.key &&
					!yield(Entry{Bucket: v.witness, Key: witnessKey(v.key)}, nil) {
					return
				}
			}
		}
	}
}
