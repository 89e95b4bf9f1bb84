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
	bucket Bucket
	key    string
}{
	{bucketSettings, keyDeviceKey},
	{bucketSettings, keyPolicy},
	{bucketDevice, keySignCount},
	{bucketDevice, keyUniq},
}

func witnessKey(key string) []byte { return []byte("has " + key) }

// witnessOf returns where the witnesses of a bucket's keys are.
func witnessOf(b Bucket) Bucket {
	if b == bucketDevice {
		return bucketSettings
	}
	return bucketDevice
}

// putVital puts the value of a vital key, and its witness. It does not put back
// one that is missing.
func putVital(tx Tx, b Bucket, key string, value []byte) error {
	if tx.Get(b, []byte(key)) == nil {
		if err := checkVital(tx, b, key); err != nil {
			return err
		}
		if err := tx.Put(witnessOf(b), witnessKey(key), nil); err != nil {
			return err
		}
	}
	return tx.Put(b, []byte(key), value)
}

// checkVital fails with [ErrDamaged] if a vital key that is not there was put.
func checkVital(tx Tx, b Bucket, key string) error {
	if tx.Get(witnessOf(b), witnessKey(key)) == nil {
		return nil
	}
	return fmt.Errorf("keystore: %w: no %s", ErrDamaged, key)
}

// checkVitals does so for all of them.
func checkVitals(tx Tx) error {
	for _, v := range vitals {
		if tx.Get(v.bucket, []byte(v.key)) != nil {
			continue
		}
		if err := checkVital(tx, v.bucket, v.key); err != nil {
			return err
		}
	}
	return nil
}

// renewWitnesses makes the witnesses right after a [Reset].
func renewWitnesses(tx Tx) error {
	for _, v := range vitals {
		renew := func() error { return tx.Delete(witnessOf(v.bucket), witnessKey(v.key)) }
		if tx.Get(v.bucket, []byte(v.key)) != nil {
			renew = func() error { return tx.Put(witnessOf(v.bucket), witnessKey(v.key), nil) }
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
					!yield(Entry{Bucket: witnessOf(v.bucket), Key: witnessKey(v.key)}, nil) {
					return
				}
			}
		}
	}
}
