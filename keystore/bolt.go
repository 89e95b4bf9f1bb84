package keystore

import (
	"errors"
	"fmt"
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

// View implements [Store]. Where the file turns out to be damaged it fails with
// [ErrDamaged], as does Update, which then changes nothing.
func (s *Bolt) View(fn func(Tx) error) error {
	tx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer guard(tx.Rollback)
	return run(fn, tx)
}

// Update implements [Store].
func (s *Bolt) Update(fn func(Tx) error) error {
	tx, err := s.begin(true)
	if err != nil {
		return err
	}
	defer guard(tx.Rollback) // when it was not committed
	if err := run(fn, tx); err != nil {
		return err
	}
	return guard(tx.Commit)
}

func (s *Bolt) begin(writable bool) (tx *bbolt.Tx, err error) {
	err = guard(func() (err error) {
		tx, err = s.db.Begin(writable)
		return err
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return nil, errClosed
	}
	return tx, err
}

// Close implements [Store].
func (s *Bolt) Close() error {
	return s.close()
}
