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

// Buckets beside those of [Tx]: what the file is, and in a shared one a bucket
// for each authenticator, with those of its [Tx].
const (
	bucketInfo           = "softkey"
	bucketAuthenticators = "authenticators"
)

// What the file is.
const (
	keyFormat = "format" // FormatVersion, 4 bytes
	keyMode   = "mode"   // modeRandom or modeSeeded
	keyKind   = "kind"   // kindSingle or kindShared; since format 2
	keyKeys   = "keys"   // how many there are in all, 8 bytes; since format 2

	formatPlain = 1 // values had no checksum

	modeRandom = "random"
	modeSeeded = "seeded"

	kindSingle = "single"
	kindShared = "shared"
)

// FormatVersion is the format of a store that is open: older ones are rewritten.
const FormatVersion = 2

// ErrMode is returned by [Open] for a store that was made for deterministic
// mode when it is to be used without, and the other way round. Deterministic
// mode repeats its nonces, which nothing else may share a key with.
var ErrMode = errors.New("store is of the other mode")

// ErrKind is returned by [Open] for a store of [OpenShared], and the other way
// round.
var ErrKind = errors.New("store is of the other kind")

// ErrDamaged is returned by [Open] for a file that is no store of ours, or is
// one no longer.
var ErrDamaged = errors.New(fileName + " is not a softkey store, or a damaged one")

// FormatError is returned by [Open] for a store of a newer softkey.
type FormatError struct {
	Version uint32 // the format of the store
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("store has format %d, this softkey knows formats up to %d", e.Version, FormatVersion)
}

// openFile opens the store in f, a new one if there is none. One of an older
// format is brought to that of today.
func openFile(f *folder, kind string, opts Options) (*bbolt.DB, error) {
	if err := removeNew(f); err != nil {
		return nil, err
	}
	how := bbolt.Options{NoSync: opts.NoSync}
	db, h, err := inspect(f, mode(opts), kind, how)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = makeFile(f, kind, opts, nothing)
	case err == nil && h.format == FormatVersion:
		return db, nil
	case err == nil:
		err = rewriteFile(f, db, h, opts, witnessed)
	}
	if err != nil {
		return nil, err
	}
	return openBolt(f, fileName, how)
}

// nothing is what a new store is filled with.
func nothing(*bbolt.DB) error { return nil }

// inspect opens the store in f if it is of this mode and this kind; "" is any. It
// changes nothing, and opens nothing that opening could change.
func inspect(f *folder, mode, kind string, how bbolt.Options) (db *bbolt.DB, h header, err error) {
	size, err := fileSize(f)
	if err != nil {
		return nil, h, err
	}
	keys, counted, err := checkPages(f, size)
	if err != nil {
		return nil, h, err
	}
	if db, err = openBolt(f, fileName, how); err != nil {
		return nil, h, err
	}
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if h, err = readHeader(tx); err == nil && counted && h.format > formatPlain {
				checkKeys(tx, keys)
			}
			return err
		})
	})
	if err == nil {
		err = h.check(mode, kind)
	}
	if err != nil {
		return nil, h, errors.Join(err, db.Close())
	}
	return db, h, nil
}

// fileSize returns the size of the store's file in f, if it may be one.
func fileSize(f *folder) (int64, error) {
	info, err := f.root.Lstat(fileName)
	if err != nil {
		return 0, err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return 0, errors.New(fileName + " is a symbolic link")
	}
	if !info.Mode().IsRegular() || info.Size() < minFileSize {
		return 0, fmt.Errorf("%w: %s, %d bytes", ErrDamaged, info.Mode(), info.Size())
	}
	return info.Size(), nil
}

// header is what a file says of itself.
type header struct {
	format     uint32
	mode, kind string
}

func mode(opts Options) string {
	if opts.Seeded {
		return modeSeeded
	}
	return modeRandom
}

// readHeader returns the header of a store that this softkey knows.
func readHeader(tx *bbolt.Tx) (h header, err error) {
	b := tx.Bucket([]byte(bucketInfo))
	if b == nil {
		return h, fmt.Errorf("%w: no bucket %q", ErrDamaged, bucketInfo)
	}
	format := b.Get([]byte(keyFormat))
	if len(format) != 4 {
		return h, fmt.Errorf("%w: format %x", ErrDamaged, format)
	}
	h = header{binary.BigEndian.Uint32(format), string(b.Get([]byte(keyMode))), string(b.Get([]byte(keyKind)))}
	if h.format == formatPlain {
		h.kind = kindSingle
	}
	switch {
	case h.format > FormatVersion:
		return h, &FormatError{h.format}
	case h.format == 0:
		return h, fmt.Errorf("%w: format 0", ErrDamaged)
	case h.mode != modeRandom && h.mode != modeSeeded:
		return h, fmt.Errorf("%w: mode %q", ErrDamaged, h.mode)
	case h.kind != kindSingle && h.kind != kindShared:
		return h, fmt.Errorf("%w: kind %q", ErrDamaged, h.kind)
	}
	return h, nil
}

// check tells whether the store may be opened as one of this mode and kind; "" is
// any.
func (h header) check(mode, kind string) error {
	switch {
	case kind != "" && h.kind != kind:
		return fmt.Errorf("%w: made %s, to be opened %s", ErrKind, h.kind, kind)
	case mode != "" && h.mode != mode:
		return fmt.Errorf("%w: made %s, to be opened %s", ErrMode, h.mode, mode)
	}
	return nil
}

// put writes the header to a new store.
func (h header) put(tx *bbolt.Tx) error {
	b, err := tx.CreateBucket([]byte(bucketInfo))
	if err != nil {
		return err
	}
	return errors.Join(
		b.Put([]byte(keyFormat), binary.BigEndian.AppendUint32(nil, h.format)),
		b.Put([]byte(keyMode), []byte(h.mode)),
		b.Put([]byte(keyKind), []byte(h.kind)),
		b.Put([]byte(keyKeys), make([]byte, 8)),
	)
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
