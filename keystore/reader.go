package keystore

import (
	"sync"

	"go.etcd.io/bbolt"
)

// reader is a transaction of bbolt that reads. Views have it one after the other.
type reader struct {
	*boltTx        // of the View that has it, or had it last
	commits uint64 // how many there had been when it began
}

// as returns the reader as a transaction on what the file holds under name. One
// that read the same before has its buckets open.
func (r *reader) as(name string) *boltTx {
	if r.name != name {
		r.boltTx = &boltTx{tx: r.tx, all: r.all, name: name}
	}
	return r.boltTx
}

// end ends the transaction. One that bbolt cannot end is as good as ended.
func (r *reader) end() { _ = guard(r.tx.Rollback) }

// readers keeps the readers of Views for later ones, since to begin one costs as
// much as to find a few keys. Those that it keeps are of the last commit. While a
// batch is open it keeps none: bbolt reuses no page that a reader may see, and
// waits for all of them where the file has to grow.
//
//	View:  take ──▶ fn ──▶ give
//	batch: pause ──▶ begin, write, commit ──▶ resume
type readers struct {
	db *bbolt.DB

	mu      sync.Mutex
	spare   []*reader
	paused  int // by the batch, and for good by the end of the file
	commits uint64
}

// maxSpare is how many readers are kept: more Views than this hardly run at the
// same time.
const maxSpare = 8

// take returns a reader that sees what is committed now.
func (r *readers) take() (*reader, error) {
	spare, commits := r.takeSpare()
	if spare != nil {
		return spare, nil
	}
	tx, err := begin(r.db, false)
	if err != nil {
		return nil, err
	}
	return &reader{&boltTx{tx: tx}, commits}, nil
}

// takeSpare returns a reader that was kept, nil if there is none, and how many
// commits there have been.
func (r *readers) takeSpare() (*reader, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.spare) - 1
	if last < 0 {
		return nil, r.commits
	}
	spare := r.spare[last]
	r.spare[last] = nil
	r.spare = r.spare[:last]
	return spare, r.commits
}

// give keeps a reader for another View, or ends it.
func (r *readers) give(used *reader) {
	if !r.keep(used) {
		used.end()
	}
}

func (r *readers) keep(used *reader) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.paused > 0 || used.commits != r.commits || len(r.spare) == maxSpare {
		return false
	}
	r.spare = append(r.spare, used)
	return true
}

// pause ends the readers that are kept. Until resume none is.
func (r *readers) pause() {
	r.mu.Lock()
	spare := r.spare
	r.spare = nil
	r.paused++
	r.mu.Unlock()
	for _, s := range spare {
		s.end()
	}
}

// resume comes after a commit, before anybody hears of it.
func (r *readers) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused--
	r.commits++
}
