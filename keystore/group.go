package keystore

import (
	"fmt"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// group is the one writer of a file: Updates that come at the same time share a
// commit, for a sync of the disk costs more than all else that they do.
//
// The functions run one after the other, each once and in its caller's
// goroutine, in one transaction of bbolt, the batch:
//
//	        turn          fn          somebody waits for the turn
//	Update ──────▶ batch ─────▶ last? ────────────────────────────▶ wait for done
//	                              │ nobody does
//	                              └──────────────▶ commit, close done
//
// So a lone caller waits for nobody, and whoever comes during a commit shares
// the next. A function that fails takes back what it wrote, and nobody else's.
type group struct {
	db      *bbolt.DB
	readers *readers
	waiting atomic.Int32 // callers that are to take the turn
	turn    sync.Mutex   // held while a function runs, and in the commit
	batch   *batch       // open; nil: none. Belongs to whoever has the turn
}

// batch is a transaction of bbolt in which callers take turns.
type batch struct {
	tx   *bbolt.Tx
	kept int           // functions that have written into it
	keys int           // how many more keys there are through them
	done chan struct{} // closed when it is committed, or is not to be
	err  error         // why it is not; read after done
}

// update runs fn on what the file holds under name, and returns when it is
// committed.
func (g *group) update(name string, fn func(Tx) error) error {
	b, err := g.take()
	if err != nil {
		return err
	}
	if err := g.run(b, name, fn); err != nil {
		return err
	}
	<-b.done
	return b.err
}

// take waits for the turn and returns the batch to write into.
func (g *group) take() (*batch, error) {
	g.waiting.Add(1)
	g.turn.Lock()
	g.waiting.Add(-1)
	if g.batch != nil {
		return g.batch, nil
	}
	g.readers.pause()
	tx, err := begin(g.db, true)
	if err != nil {
		g.readers.resume()
		g.turn.Unlock()
		return nil, err
	}
	g.batch = &batch{tx: tx, done: make(chan struct{})}
	return g.batch, nil
}

// run runs fn in b and gives the turn away, also when fn does not return.
func (g *group) run(b *batch, name string, fn func(Tx) error) (err error) {
	tx := &boltTx{tx: b.tx, name: name, journal: b.kept > 0}
	returned := false
	defer func() {
		g.settle(b, tx, returned && err == nil)
		g.give()
	}()
	err = run(fn, tx)
	returned = true
	return err
}

// settle keeps what tx has written to b, or takes it back.
func (g *group) settle(b *batch, tx *boltTx, keep bool) {
	switch {
	case tx.broken || !keep && b.kept > 0 && !tx.takeBack():
		g.end(errBroken)
	case keep && tx.dirty:
		b.kept++
		b.keys += tx.keys
	case !keep && b.kept == 0:
		g.end(nil) // nobody else has written: the next caller begins anew
	}
}

// give passes the turn on. The last to have it commits.
func (g *group) give() {
	defer g.turn.Unlock()
	b := g.batch
	if b == nil || g.waiting.Load() > 0 {
		return
	}
	if b.kept == 0 {
		g.end(nil)
		return
	}
	g.end(guard(func() error { return commit(b.tx, b.keys) }))
}

var errBroken = fmt.Errorf("keystore: %w: a write to the transaction failed", ErrDamaged)

// end closes the batch with the outcome for all in it.
func (g *group) end(err error) {
	b := g.batch
	_ = guard(b.tx.Rollback) // when it was not committed
	g.readers.resume()
	b.err = err
	close(b.done)
	g.batch = nil
}
