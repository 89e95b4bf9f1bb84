package keystore

import (
	"fmt"
	"runtime/debug"
)

// bbolt believes what a page says: if that is false it panics, or reads where
// nothing is. Here that becomes [ErrDamaged].

// damage is what a [boltTx] panics with.
type damage struct {
	reason any // what bbolt panicked with
}

// asError returns the error of a damaged file.
func (d damage) asError() error {
	return fmt.Errorf("keystore: %w: %v", ErrDamaged, d.reason)
}

// blame makes any panic that was recovered one of damage: it is bbolt's, which
// believed the file.
func blame(recovered any) {
	switch r := recovered.(type) {
	case nil:
	case damage:
		panic(r)
	default:
		panic(damage{r})
	}
}

// guard runs fn, in which nothing can panic but bbolt.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case damage:
			err = r.asError()
		default:
			err = damage{r}.asError()
		}
	}()
	return fn()
}

// run runs fn in tx. A panic of fn's own goes on: it is a mistake of ours, and
// must not look like a damaged file.
func run(fn func(Tx) error, tx *boltTx) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case damage:
			err = r.asError()
		case interface{ Addr() uintptr }: // fn read a slice that ends beyond the file
			err = damage{r}.asError()
		default:
			panic(r)
		}
	}()
	return fn(tx)
}
