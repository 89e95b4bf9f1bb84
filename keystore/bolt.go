package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"sync"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Options say how a store is opened.
type Options struct {
	Seeded bool // for deterministic mode; a store keeps to the mode it was made with
	NoSync bool // do not wait for the disk: for fixtures, not for keys that are to live
}

// Bolt is a [Store] in a file of a folder, through bbolt. What Update has
// acknowledged survives a crash of the process and, without Options.NoSync, of
// the machine. When the disk is full, Update fails with the system's error and
// the store stays usable. It keeps no index in memory: opening takes the same
// time whatever the store holds.
type Bolt struct {
	db    *bbolt.DB
	close func() error
}

// Open opens the store in the folder dir, and makes both if they are missing.
//
// The folder is made with mode 0700; one that exists must belong to the user of
// this process, and nobody else may be able to write to it. The store is the
// file softkey.db, mode 0600; one that others may open is refused, for it may
// be known to them already.
//
// One process at a time has the store. Open waits a quarter of a second for
// another one that is about to end, then fails with a [*LockedError]. It fails
// with [ErrMode] for a store of the other mode, with a [*FormatError] for one of
// a newer softkey, and with [ErrDamaged] for anything else: each time without
// changing a byte of it.
func Open(dir string, opts Options) (*Bolt, error) {
	s, err := open(dir, opts)
	if err != nil {
		return nil, fmt.Errorf("keystore: %s: %w", dir, err)
	}
	return s, nil
}

func open(dir string, opts Options) (*Bolt, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	db, err := openFile(f, opts)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return &Bolt{
		db:    db,
		close: sync.OnceValue(func() error { return errors.Join(db.Close(), f.close()) }),
	}, nil
}

// View implements [Store].
func (s *Bolt) View(fn func(Tx) error) error {
	return closedError(s.db.View(func(tx *bbolt.Tx) error { return fn(boltTx{tx}) }))
}

// Update implements [Store].
func (s *Bolt) Update(fn func(Tx) error) error {
	return closedError(s.db.Update(func(tx *bbolt.Tx) error { return fn(boltTx{tx}) }))
}

// Close implements [Store].
func (s *Bolt) Close() error {
	return s.close()
}

func closedError(err error) error {
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return errClosed
	}
	return err
}

// boltTx is a transaction of bbolt. The slices that bbolt returns lie in its
// mapping of the file, which a transaction moves in its commit at the earliest.
type boltTx struct{ tx *bbolt.Tx }

// Get implements [Tx].
func (t boltTx) Get(b Bucket, key []byte) []byte {
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil
	}
	return bucket.Get(key)
}

// Put implements [Tx].
func (t boltTx) Put(b Bucket, key, value []byte) error {
	if !t.tx.Writable() {
		return ErrReadOnly
	}
	if err := checkKey(key); err != nil {
		return err
	}
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
	bucket := t.tx.Bucket([]byte(b))
	if bucket == nil {
		return nil
	}
	return bucket.Delete(key)
}

// All implements [Tx].
func (t boltTx) All(b Bucket, prefix []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		bucket := t.tx.Bucket([]byte(b))
		if bucket == nil {
			return
		}
		c := bucket.Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix) && k != nil; k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}
