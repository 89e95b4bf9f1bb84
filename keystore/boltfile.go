package keystore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	fileName    = "softkey.db"
	newFileName = "softkey.db.new" // the store until it is complete
	minFileSize = 4 * 4096         // bbolt begins with four pages
)

// The info bucket is beside those of [Tx]. It tells what the file is.
const (
	bucketInfo = "softkey"
	keyFormat  = "format" // formatVersion, 4 bytes
	keyMode    = "mode"   // modeRandom or modeSeeded

	formatVersion = 1
	modeRandom    = "random"
	modeSeeded    = "seeded"
)

// ErrMode is returned by [Open] for a store that was made for deterministic
// mode when it is to be used without, and the other way round. Deterministic
// mode repeats its nonces, which nothing else may share a key with.
var ErrMode = errors.New("store is of the other mode")

// ErrDamaged is returned by [Open] for a file that is no store of ours, or is
// one no longer.
var ErrDamaged = errors.New(fileName + " is not a softkey store, or a damaged one")

// FormatError is returned by [Open] for a store of a newer softkey.
type FormatError struct {
	Version uint32 // the format of the store
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("store has format %d, this softkey knows formats up to %d", e.Version, formatVersion)
}

// openFile opens the store in f, a new one if there is none.
func openFile(f *folder, opts Options) (*bbolt.DB, error) {
	info, err := f.root.Stat(fileName)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createFile(f, opts); err != nil {
			return nil, err
		}
		info, err = f.root.Stat(fileName)
	}
	if err != nil {
		return nil, err
	}
	if err := inspect(f, info, opts); err != nil {
		return nil, err
	}
	return openBolt(f, fileName, bbolt.Options{NoSync: opts.NoSync})
}

// createFile makes an empty store. It gets its name when it is complete, so
// that a crash leaves no half of one.
func createFile(f *folder, opts Options) error {
	if err := f.root.Remove(newFileName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := openBolt(f, newFileName, bbolt.Options{NoSync: opts.NoSync})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error { return putInfo(tx, opts) })
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := f.root.Rename(newFileName, fileName); err != nil || opts.NoSync {
		return err
	}
	return f.sync()
}

func putInfo(tx *bbolt.Tx, opts Options) error {
	b, err := tx.CreateBucket([]byte(bucketInfo))
	if err != nil {
		return err
	}
	if err := b.Put([]byte(keyFormat), binary.BigEndian.AppendUint32(nil, formatVersion)); err != nil {
		return err
	}
	return b.Put([]byte(keyMode), []byte(mode(opts)))
}

func mode(opts Options) string {
	if opts.Seeded {
		return modeSeeded
	}
	return modeRandom
}

// inspect tells whether the file described by info is a store that may be
// opened with opts. It only reads.
func inspect(f *folder, info fs.FileInfo, opts Options) error {
	if !info.Mode().IsRegular() || info.Size() < minFileSize {
		return fmt.Errorf("%w: %s, %d bytes", ErrDamaged, info.Mode(), info.Size())
	}
	db, err := openBolt(f, fileName, bbolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if tx.Size() > info.Size() { // reading on would raise SIGBUS
				return fmt.Errorf("%w: %d of %d bytes", ErrDamaged, info.Size(), tx.Size())
			}
			return checkInfo(tx, opts)
		})
	})
}

func checkInfo(tx *bbolt.Tx, opts Options) error {
	b := tx.Bucket([]byte(bucketInfo))
	if b == nil {
		return fmt.Errorf("%w: no bucket %q", ErrDamaged, bucketInfo)
	}
	format := b.Get([]byte(keyFormat))
	if len(format) != 4 {
		return fmt.Errorf("%w: format %x", ErrDamaged, format)
	}
	if version := binary.BigEndian.Uint32(format); version > formatVersion {
		return &FormatError{version}
	}
	switch made := string(b.Get([]byte(keyMode))); made {
	case mode(opts):
		return nil
	case modeRandom, modeSeeded:
		return fmt.Errorf("%w: made %s, to be opened %s", ErrMode, made, mode(opts))
	default:
		return fmt.Errorf("%w: mode %q", ErrDamaged, made)
	}
}

// openBolt opens the file called name of the locked folder f through bbolt, and
// makes it if it is missing, unless opts are read-only. Opening changes nothing
// in a file whose list of free pages is stored, as it is in all of ours.
func openBolt(f *folder, name string, opts bbolt.Options) (db *bbolt.DB, err error) {
	var file *os.File
	opts.OpenFile = func(_ string, flag int, mode os.FileMode) (_ *os.File, err error) {
		file, err = f.openFile(name, flag, mode)
		return file, err
	}
	opts.Timeout = time.Millisecond // the folder's lock was waited for
	opts.FreelistType = bbolt.FreelistMapType
	opts.NoStatistics = true
	err = guard(func() (err error) {
		db, err = bbolt.Open(name, 0o600, &opts)
		return err
	})
	if err != nil && file != nil {
		abandon(file) // as bbolt has, unless it panicked
	}
	return db, openError(err)
}

// openError gives the errors of bbolt that our callers know of their names.
func openError(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{} // by a program that is not softkey
	case errors.Is(err, bolterrors.ErrInvalid),
		errors.Is(err, bolterrors.ErrVersionMismatch),
		errors.Is(err, bolterrors.ErrChecksum):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
