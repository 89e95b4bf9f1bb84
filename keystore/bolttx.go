package keystore

import (
	"bytes"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// boltTx is a transaction of bbolt. The slices that bbolt returns lie in its
// mapping of the file, which a transaction moves in its commit at the earliest.
type boltTx struct{ tx *bbolt.Tx }

// Get implements [Tx].
func (t boltTx) Get(b Bucket, key []byte) []byte {
	defer t.blame()
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil
	}
	value := bucket.Get(key)
	t.believe(value)
	return value
}

// Put implements [Tx].
func (t boltTx) Put(b Bucket, key, value []byte) error {
	if !t.tx.Writable() {
		return ErrReadOnly
	}
	if err := checkKey(key); err != nil {
		return err
	}
	defer t.blame()
	bucket, err := t.tx.CreateBucketIfNotExists([]byte(b))
	if err != nil {
		return fmt.Errorf("keystore: bucket %q: %w", b, err)
	}
	if b == bucketCredentials {
		bucket.FillPercent = 1 // its keys only grow: no page is inserted into again
	}
	return bucket.Put(key, append([]byte{}, value...))
}

// Delete implements [Tx].
func (t boltTx) Delete(b Bucket, key []byte) error {
	if !t.tx.Writable() {
		return ErrReadOnly
	}
	defer t.blame()
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil
	}
	return bucket.Delete(key)
}

// All implements [Tx].
func (t boltTx) All(b Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		c := t.cursor(b)
		if c == nil {
			return
		}
		seek := func() ([]byte, []byte) { return c.Seek(prefix) }
		for k, v := t.step(seek); k != nil && bytes.HasPrefix(k, prefix); k, v = t.step(c.Next) {
			if !yield(k, v) {
				return
			}
		}
	}
}

// cursor returns a cursor of the bucket b, nil if there is no such bucket.
func (t boltTx) cursor(b Bucket) *bbolt.Cursor {
	defer t.blame()
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil
	}
	return bucket.Cursor()
}

func (t boltTx) step(move func() (key, value []byte)) (key, value []byte) {
	defer t.blame()
	key, value = move()
	t.believe(key)
	t.believe(value)
	return key, value
}

// believe panics if a slice is longer than the file that it is said to lie in.
func (t boltTx) believe(slice []byte) {
	if int64(len(slice)) > t.tx.Size() {
		panic(fmt.Sprintf("%d bytes in a file of %d", len(slice), t.tx.Size()))
	}
}

// blame, when deferred, makes any panic one of damage: what panics below it is
// bbolt, which believed the file.
func (boltTx) blame() {
	if r := recover(); r != nil {
		panic(damage{r})
	}
}
