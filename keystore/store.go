package keystore

import (
	"errors"
	"fmt"
	"iter"
	"os"
)

// A Store keeps an authenticator's state. Update is atomic: when fn, which may
// also panic, or the commit fails, nothing it wrote is kept.
//
// All methods may be called from any goroutine. One Update runs at a time; a
// View runs beside it and sees what was committed before the View began.
// Transactions do not nest: fn must not call a method of the same Store, or
// both may wait for each other for ever.
//
// Close waits for running transactions. It may be called more than once; after
// it View and Update fail with [os.ErrClosed].
type Store interface {
	View(fn func(Tx) error) error
	Update(fn func(Tx) error) error
	Close() error
}

// Tx is one transaction, used by one goroutine. Slices it returns are valid
// until fn returns, whatever is written meanwhile, and must not be changed.
//
// Get returns nil for a key that is not there, and only then. Put copies key and
// value. Delete of a key that is not there does nothing. Drop deletes all keys of
// b and looks at none of their values, so that what is damaged can be erased, too.
// In a View, Put, Delete and Drop fail with [ErrReadOnly]. All yields the keys that begin with prefix,
// with their values, in the order of their bytes. Keys yields the keys that are
// not less than from, in that order, and does not look at their values. While
// either goes on b must not be changed.
//
// A bucket comes into being with its first key. Keys have 1 to 32768 bytes.
type Tx interface {
	Get(b Bucket, key []byte) []byte
	Put(b Bucket, key, value []byte) error
	Delete(b Bucket, key []byte) error
	Drop(b Bucket) error
	All(b Bucket, prefix []byte) iter.Seq2[[]byte, []byte]
	Keys(b Bucket, from []byte) iter.Seq[[]byte]
}

// A Bucket is a name space of keys. Its name holds no zero byte.
type Bucket string

// The buckets; the package comment says what is in them.
const (
	bucketDevice      Bucket = "device"
	bucketAttestation Bucket = "attestation"
	bucketSettings    Bucket = "settings"
	bucketCredentials Bucket = "credentials"
	bucketIndex       Bucket = "index"
	bucketHandles     Bucket = "handles"
)

// ErrReadOnly is returned by [Tx] for a write in a View.
var ErrReadOnly = errors.New("keystore: write in a read-only transaction")

var errClosed = fmt.Errorf("keystore: %w", os.ErrClosed)

const maxKeySize = 32768 // the limit of bbolt

// checkKey refuses the keys that one of the stores could not keep.
func checkKey(key []byte) error {
	if len(key) == 0 || len(key) > maxKeySize {
		return fmt.Errorf("keystore: key of %d bytes, want 1 to %d", len(key), maxKeySize)
	}
	return nil
}
