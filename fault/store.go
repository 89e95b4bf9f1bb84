package fault

import (
	"errors"

	"github.com/softkey-project/softkey/keystore"
)

// storeEvent is what a store is asked.
type storeEvent int

const (
	onView storeEvent = iota + 1
	onUpdate
	onPut
	onDelete
	onCommit
)

// storeFault says what goes wrong with an event. fails and keeps are about
// onCommit; the others fail, and keep nothing.
type storeFault struct {
	on    storeEvent
	fails bool // an error is returned
	keeps bool // what was written stays
}

// Store returns s with the faults of the plan.
func (in *Injector) Store(s keystore.Store) keystore.Store {
	rules := in.layer(LayerStore)
	if len(rules) == 0 {
		return s
	}
	return &store{s, rules}
}

type store struct {
	keystore.Store
	rules []*rule
}

// fail returns the error of the rule that strikes an event, nil if none does. A
// bucket is "" where the event has none.
func (s *store) fail(e storeEvent, b keystore.Bucket) error {
	if r := s.strikes(e, b); r != nil {
		return r.err
	}
	return nil
}

func (s *store) strikes(e storeEvent, b keystore.Bucket) *rule {
	return first(s.rules, func(r *rule) bool {
		return r.kind.store.on == e && (r.bucket == "" || r.bucket == b)
	})
}

func (s *store) View(fn func(keystore.Tx) error) error {
	if err := s.fail(onView, ""); err != nil {
		return err
	}
	return s.Store.View(fn)
}

// errForgotten rolls back what a store is to forget.
var errForgotten = errors.New("fault: forgotten")

func (s *store) Update(fn func(keystore.Tx) error) error {
	if err := s.fail(onUpdate, ""); err != nil {
		return err
	}
	var commit *rule
	err := s.Store.Update(func(tx keystore.Tx) error {
		if err := fn(storeTx{tx, s}); err != nil {
			return err
		}
		if commit = s.strikes(onCommit, ""); commit != nil && !commit.kind.store.keeps {
			return errForgotten
		}
		return nil
	})
	switch {
	case commit == nil:
		return err
	case commit.kind.store.fails:
		return commit.err
	}
	return nil
}

// storeTx is a transaction in which a write may fail.
type storeTx struct {
	keystore.Tx
	store *store
}

func (t storeTx) Put(b keystore.Bucket, key, value []byte) error {
	if err := t.store.fail(onPut, b); err != nil {
		return err
	}
	return t.Tx.Put(b, key, value)
}

func (t storeTx) Delete(b keystore.Bucket, key []byte) error {
	if err := t.store.fail(onDelete, b); err != nil {
		return err
	}
	return t.Tx.Delete(b, key)
}

// Drop is as many events as it deletes keys.
func (t storeTx) Drop(b keystore.Bucket) error {
	for range t.Keys(b, nil) {
		if err := t.store.fail(onDelete, b); err != nil {
			return err
		}
	}
	return t.Tx.Drop(b)
}
