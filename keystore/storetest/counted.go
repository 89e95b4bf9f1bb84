package storetest

import (
	"sync/atomic"

	"github.com/softkey-project/softkey/keystore"
)

// Counted is a [keystore.Store] that counts what is done with the one in it.
type Counted struct {
	keystore.Store
	Views   atomic.Int64
	Commits atomic.Int64 // Updates that wrote something and succeeded
}

// View implements [keystore.Store].
func (c *Counted) View(fn func(keystore.Tx) error) error {
	c.Views.Add(1)
	return c.Store.View(fn)
}

// Update implements [keystore.Store].
func (c *Counted) Update(fn func(keystore.Tx) error) error {
	wrote := false
	err := c.Store.Update(func(tx keystore.Tx) error { return fn(countedTx{tx, &wrote}) })
	if err == nil && wrote {
		c.Commits.Add(1)
	}
	return err
}

// countedTx notes that something was written.
type countedTx struct {
	keystore.Tx
	wrote *bool
}

func (t countedTx) Put(b keystore.Bucket, key, value []byte) error {
	*t.wrote = true
	return t.Tx.Put(b, key, value)
}

func (t countedTx) Delete(b keystore.Bucket, key []byte) error {
	*t.wrote = true
	return t.Tx.Delete(b, key)
}

func (t countedTx) Drop(b keystore.Bucket) error {
	*t.wrote = true
	return t.Tx.Drop(b)
}
