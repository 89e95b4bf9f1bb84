package keystore

import (
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
//
// Updates that several goroutines ask for at the same time share one commit.
type Bolt struct {
	file *boltFile
}

// Open opens the store in the folder dir, and makes both if they are missing.
//
// The folder is made with mode 0700; one that exists must belong to the user of
// this process, and nobody else may be able to write to it. The store is the
// file softkey.db, mode 0600; one that others may open is refused, for it may
// be known to them already. A store of an older softkey is rewritten first.
//
// One process at a time has the store. Open waits a quarter of a second for
// another one that is about to end, then fails with a [*LockedError]. It fails
// with [ErrMode] for a store of the other mode, with [ErrKind] for one of
// [OpenShared], with a [*FormatError] for one of a newer softkey, and with
// [ErrDamaged] for anything else: each time without changing a byte of it.
func Open(dir string, opts Options) (*Bolt, error) {
	file, err := openBoltFile(dir, kindSingle, opts)
	if err != nil {
		return nil, err
	}
	if err := file.view("", checkVitals); err != nil {
		return nil, errors.Join(fmt.Errorf("keystore: %s: %w", dir, err), file.close())
	}
	return &Bolt{file}, nil
}

// View implements [Store]. Where the file turns out to be damaged it fails with
// [ErrDamaged], as does Update, which then changes nothing.
func (s *Bolt) View(fn func(Tx) error) error { return s.file.view("", fn) }

// Update implements [Store].
func (s *Bolt) Update(fn func(Tx) error) error { return s.file.group.update("", fn) }

// Close implements [Store].
func (s *Bolt) Close() error { return s.file.close() }

// Entries yields what the store holds, in order, as one View sees it: the loop
// must not use the store. An error is the last thing that it yields.
func (s *Bolt) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		stopped := false
		err := s.file.view("", func(tx Tx) error {
			for e := range entries(tx.(*boltTx).tx, FormatVersion) {
				if stopped = !yield(e, nil); stopped {
					break
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(Entry{}, err)
		}
	}
}

// boltFile is a file of bbolt that is open, and the lock of its folder.
type boltFile struct {
	db      *bbolt.DB
	readers readers
	group   group
	close   func() error
}

func openBoltFile(dir, kind string, opts Options) (*boltFile, error) {
	file, err := openIn(dir, kind, opts)
	if err != nil {
		return nil, fmt.Errorf("keystore: %s: %w", dir, err)
	}
	return file, nil
}

func openIn(dir, kind string, opts Options) (*boltFile, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	db, err := openFile(f, kind, opts)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	file := &boltFile{db: db, readers: readers{db: db}}
	file.group = group{db: db, readers: &file.readers}
	file.close = sync.OnceValue(func() error {
		file.readers.pause() // for good
		return errors.Join(db.Close(), f.close())
	})
	return file, nil
}

// view runs fn on what the file holds under name.
func (f *boltFile) view(name string, fn func(Tx) error) error {
	r, err := f.readers.take()
	if err != nil {
		return err
	}
	whole := false // fn has not panicked, and found nothing damaged
	defer func() {
		if whole {
			f.readers.give(r)
			return
		}
		r.end()
	}()
	err = run(fn, r.as(name))
	whole = !errors.Is(err, ErrDamaged)
	return err
}

func begin(db *bbolt.DB, writable bool) (tx *bbolt.Tx, err error) {
	err = guard(func() (err error) {
		tx, err = db.Begin(writable)
		return err
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return nil, errClosed
	}
	return tx, err
}
