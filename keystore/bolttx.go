package keystore

import (
	"bytes"
	"fmt"
	"iter"
	"slices"

	"go.etcd.io/bbolt"
)

// boltTx is a transaction of bbolt, or one caller's turn in it. The slices that
// bbolt returns lie in its mapping of the file, which a transaction moves in
// its commit at the earliest.
type boltTx struct {
	tx    *bbolt.Tx
	name  string // of the authenticator in a shared file; "": the file itself
	dense bool   // fill pages to the brim: keys come in their order

	all  *bbolt.Bucket // of the authenticators of a shared file; nil likewise
	home home          // nil: not looked for, or not there
	open []openBucket  // that were used
	few  [3]openBucket // where open begins

	dirty   bool // something was written
	keys    int  // how many more there are than before
	broken  bool // bbolt panicked in a write: its transaction is good for nothing
	journal bool // keep what takeBack needs
	undo    []replaced
}

// replaced is what a write has replaced, as it was stored; nil: nothing.
type replaced struct {
	bucket     *bbolt.Bucket
	key, value []byte
}

// Get implements [Tx].
func (t *boltTx) Get(b Bucket, key []byte) []byte {
	defer func() { blame(recover()) }()
	bucket := t.bucket(b)
	if bucket == nil {
		return nil
	}
	stored := bucket.Get(key)
	if stored == nil {
		return nil
	}
	t.believe(stored)
	return bucket.sum.open(key, stored)
}

// Put implements [Tx].
func (t *boltTx) Put(b Bucket, key, value []byte) error {
	if !t.tx.Writable() {
		return ErrReadOnly
	}
	if err := checkKey(key); err != nil {
		return err
	}
	defer func() { blame(recover()) }()
	bucket, err := t.makeBucket(b)
	if err != nil {
		return fmt.Errorf("keystore: bucket %q: %w", b, err)
	}
	old := bucket.Get(key)
	if old == nil {
		t.keys++
	}
	t.note(bucket, key, old)
	return t.write(func() error { return bucket.Put(key, bucket.sum.seal(key, value)) })
}

// Delete implements [Tx].
func (t *boltTx) Delete(b Bucket, key []byte) error {
	if !t.tx.Writable() {
		return ErrReadOnly
	}
	defer func() { blame(recover()) }()
	bucket := t.bucket(b)
	if bucket == nil {
		return nil
	}
	old := bucket.Get(key)
	if old == nil {
		return nil
	}
	t.note(bucket, key, old)
	t.keys--
	return t.write(func() error { return bucket.Delete(key) })
}

// Drop implements [Tx]. The bucket goes as a whole: a million keys one by one
// would have to be in memory all at once. But that is taken back with the
// transaction alone, which is not for a batch that others write into.
func (t *boltTx) Drop(b Bucket) error {
	if !t.tx.Writable() {
		return ErrReadOnly
	}
	if !t.journal {
		return t.dropBucket(b)
	}
	for _, key := range slices.Collect(t.Keys(b, nil)) {
		if err := t.Delete(b, key); err != nil {
			return err
		}
	}
	return nil
}

// All implements [Tx].
func (t *boltTx) All(b Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		sum := newChecksum(t.name, b)
		for key, stored := range t.stored(b, prefix) {
			if !yield(key, sum.open(key, stored)) {
				return
			}
		}
	}
}

// Keys implements [Tx].
func (t *boltTx) Keys(b Bucket, from []byte) iter.Seq[[]byte] {
	return func(yield func(key []byte) bool) {
		for key := range t.ascend(b, from) {
			if !yield(key) {
				return
			}
		}
	}
}

// stored is All with the values as they are in the file.
func (t *boltTx) stored(b Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, stored []byte) bool) {
		for key, stored := range t.ascend(b, prefix) {
			if !bytes.HasPrefix(key, prefix) || !yield(key, stored) {
				return
			}
		}
	}
}

// ascend yields what is in the file at keys that are not less than from.
func (t *boltTx) ascend(b Bucket, from []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, stored []byte) bool) {
		yielding := false // whoever panics then, bbolt is not to blame
		defer func() {
			if !yielding {
				blame(recover())
			}
		}()
		bucket := t.bucket(b)
		if bucket == nil {
			return
		}
		c := bucket.Cursor()
		var last []byte
		for k, v := c.Seek(from); k != nil; k, v = c.Next() {
			t.believe(k)
			t.believe(v)
			if last != nil && bytes.Compare(last, k) >= 0 {
				panic("keys do not ascend") // pages that lead back to one above would go on for ever
			}
			last = k
			yielding = true
			if !yield(k, v) {
				return
			}
			yielding = false
		}
	}
}

// believe panics if a slice is longer than the file that it is said to lie in.
func (t *boltTx) believe(slice []byte) {
	if int64(len(slice)) > t.tx.Size() {
		panic(fmt.Sprintf("%d bytes in a file of %d", len(slice), t.tx.Size()))
	}
}

// write runs a change of bbolt's.
func (t *boltTx) write(change func() error) error {
	t.dirty, t.broken = true, true
	err := change()
	t.broken = false // it did not panic
	return err
}

// note keeps what a write to key of b is about to replace.
func (t *boltTx) note(b *openBucket, key, old []byte) {
	if t.journal {
		t.undo = append(t.undo, replaced{b.Bucket, bytes.Clone(key), old})
	}
}

// takeBack undoes all writes of t, and tells whether it could.
func (t *boltTx) takeBack() bool {
	return guard(func() error {
		for _, r := range slices.Backward(t.undo) {
			if err := r.restore(); err != nil {
				return err
			}
		}
		return nil
	}) == nil
}

func (r replaced) restore() error {
	if r.value == nil {
		return r.bucket.Delete(r.key)
	}
	return r.bucket.Put(r.key, r.value)
}
