package keystore

import (
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// ErrInUse is returned by [Shared.Store] for an authenticator whose store is
// open: two would count its signatures twice.
var ErrInUse = errors.New("store of this authenticator is open")

// Shared is one file with the stores of many authenticators, as one process may
// have by the thousand. Each store is a bucket in the file: those that are not
// open cost no memory, and those that are a hundred bytes. Updates of different
// authenticators share commits.
//
// Its methods may be called from any goroutine.
type Shared struct {
	file *boltFile

	mu   sync.Mutex
	open map[string]struct{} // the names of the stores that are; nil: closed
}

// OpenShared opens the shared store in the folder dir, and makes both if they
// are missing. All that [Open] says of folder, file, lock and errors holds here
// too; only a store of one authenticator is refused, with [ErrKind]. The mode
// of [Options] is that of all authenticators.
func OpenShared(dir string, opts Options) (*Shared, error) {
	file, err := openBoltFile(dir, kindShared, opts)
	if err != nil {
		return nil, err
	}
	return &Shared{file: file, open: map[string]struct{}{}}, nil
}

// Store opens the store of the authenticator called name, 1 to 255 bytes; a new
// name has an empty one. A name has one open store at a time: a second fails
// with [ErrInUse]. Close gives the name back and leaves the file open.
func (s *Shared) Store(name string) (Store, error) {
	if len(name) == 0 || len(name) > maxNameSize {
		return nil, fmt.Errorf("keystore: name of %d bytes, want 1 to %d", len(name), maxNameSize)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil, errClosed
	}
	before := len(s.open)
	if s.open[name] = struct{}{}; len(s.open) == before {
		return nil, fmt.Errorf("keystore: %q: %w", name, ErrInUse)
	}
	return &part{shared: s, name: name}, nil
}

const maxNameSize = 255

// Common returns the store of what the authenticators have in common, such as
// the certificates of their model. It is as open as s, and to close it does
// nothing.
func (s *Shared) Common() Store { return common{s.file} }

// Names returns the names of the authenticators that have something stored, in
// the order of their bytes.
func (s *Shared) Names() (names []string, err error) {
	tx, err := begin(s.file.db, false)
	if err != nil {
		return nil, err
	}
	defer guard(tx.Rollback)
	err = guard(func() error {
		all := tx.Bucket([]byte(bucketAuthenticators))
		if all == nil {
			return nil
		}
		return all.ForEachBucket(func(name []byte) error {
			if !isEmpty(all.Bucket(name)) {
				names = append(names, string(name))
			}
			return nil
		})
	})
	return names, err
}

// isEmpty tells whether an authenticator has no key in any bucket. Its buckets
// stay when the last key goes, and when a first Update is taken back.
func isEmpty(own *bbolt.Bucket) bool {
	c := own.Cursor()
	for name, _ := c.First(); name != nil; name, _ = c.Next() {
		if key, _ := own.Bucket(name).Cursor().First(); key != nil {
			return false
		}
	}
	return true
}

// Close closes the file, once running transactions have ended. The stores that
// are open then are closed with it. It may be called more than once.
func (s *Shared) Close() error {
	s.mu.Lock()
	s.open = nil
	s.mu.Unlock()
	return s.file.close()
}

// forget gives the name of a closed store back.
func (s *Shared) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, name)
}

// part is the store of one authenticator in a shared file.
type part struct {
	shared *Shared
	name   string

	running sync.RWMutex // held for reading by transactions, for writing by Close
	closed  bool
}

// View implements [Store].
func (p *part) View(fn func(Tx) error) error {
	p.running.RLock()
	defer p.running.RUnlock()
	if p.closed {
		return errClosed
	}
	return p.shared.file.view(p.name, fn)
}

// Update implements [Store].
func (p *part) Update(fn func(Tx) error) error {
	p.running.RLock()
	defer p.running.RUnlock()
	if p.closed {
		return errClosed
	}
	return p.shared.file.group.update(p.name, fn)
}

// Close implements [Store].
func (p *part) Close() error {
	p.running.Lock()
	defer p.running.Unlock()
	if !p.closed {
		p.closed = true
		p.shared.forget(p.name)
	}
	return nil
}

// common is the top level of a shared file.
type common struct{ file *boltFile }

func (c common) View(fn func(Tx) error) error   { return c.file.view("", fn) }
func (c common) Update(fn func(Tx) error) error { return c.file.group.update("", fn) }
func (c common) Close() error                   { return nil }
