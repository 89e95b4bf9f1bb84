package storetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

func testReadOnly(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1") })
	view(t, s, func(tx keystore.Tx) {
		for _, b := range []keystore.Bucket{fruit, "never written"} {
			if err := tx.Put(b, []byte("a"), nil); !errors.Is(err, keystore.ErrReadOnly) {
				t.Errorf("Put in a View: got %v, want ErrReadOnly", err)
			}
			if err := tx.Delete(b, []byte("a")); !errors.Is(err, keystore.ErrReadOnly) {
				t.Errorf("Delete in a View: got %v, want ErrReadOnly", err)
			}
			if err := tx.Drop(b); !errors.Is(err, keystore.ErrReadOnly) {
				t.Errorf("Drop in a View: got %v, want ErrReadOnly", err)
			}
		}
		wantContent(t, tx, fruit, "", "a=1")
	})
	want := errors.New("of fn")
	if err := s.View(func(keystore.Tx) error { return want }); err != want {
		t.Errorf("View: got %v, want the error of fn", err)
	}
}

// spoil makes changes of all kinds, which are then to be undone.
func spoil(t *testing.T, tx keystore.Tx) {
	put(t, tx, fruit, "a", "changed", "c", "added")
	put(t, tx, stone, "new", "bucket")
	if err := tx.Delete(fruit, []byte("b")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, tx, fruit, "", "a=changed c=added")
	if err := tx.Drop(fruit); err != nil {
		t.Fatal(err)
	}
}

// wantUnspoilt checks that nothing is left of spoil, and that the store works.
func wantUnspoilt(t *testing.T, s keystore.Store) {
	t.Helper()
	view(t, s, func(tx keystore.Tx) {
		wantContent(t, tx, fruit, "", "a=1 b=2")
		wantContent(t, tx, stone, "", "")
	})
	update(t, s, func(tx keystore.Tx) { put(t, tx, stone, "d", "4") })
	view(t, s, func(tx keystore.Tx) { wantContent(t, tx, stone, "", "d=4") })
}

func testRollBackOnError(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1", "b", "2") })
	want := errors.New("of fn")
	err := s.Update(func(tx keystore.Tx) error {
		spoil(t, tx)
		return want
	})
	if err != want {
		t.Errorf("Update: got %v, want the error of fn", err)
	}
	wantUnspoilt(t, s)
}

func testRollBackOnPanic(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1", "b", "2") })
	func() {
		defer func() {
			if got := recover(); got != "of fn" {
				t.Errorf("recovered %v, want the panic of fn", got)
			}
		}()
		_ = s.Update(func(tx keystore.Tx) error {
			spoil(t, tx)
			panic("of fn")
		})
	}()
	wantUnspoilt(t, s)
}

func testViewBesideUpdate(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "old") })
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "a", "new")
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.View(func(tx keystore.Tx) error {
				wantContent(t, tx, fruit, "", "a=old")
				return nil
			})
			if err != nil {
				t.Errorf("View beside an Update: %v", err)
			}
		})
		wg.Wait()
	})
	view(t, s, func(tx keystore.Tx) { wantContent(t, tx, fruit, "", "a=new") })
}

func testConcurrentUpdates(t *testing.T, s keystore.Store) {
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := countUp(s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx keystore.Tx) {
		if got := count(tx); got != workers*each {
			t.Errorf("got %d updates, want %d", got, workers*each)
		}
	})
}

// countUp adds one to the count, which must not have fallen meanwhile.
func countUp(s keystore.Store) error {
	var read uint64
	if err := s.View(func(tx keystore.Tx) error { read = count(tx); return nil }); err != nil {
		return err
	}
	return s.Update(func(tx keystore.Tx) error {
		n := count(tx)
		if n < read {
			return fmt.Errorf("count fell from %d to %d", read, n)
		}
		return tx.Put(fruit, []byte("count"), binary.AppendUvarint(nil, n+1))
	})
}

func count(tx keystore.Tx) uint64 {
	n, _ := binary.Uvarint(tx.Get(fruit, []byte("count")))
	return n
}

func testClose(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1") })
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	run := func(keystore.Tx) error {
		t.Error("a closed store ran a transaction")
		return nil
	}
	if err := s.View(run); !errors.Is(err, os.ErrClosed) {
		t.Errorf("View of a closed store: got %v, want os.ErrClosed", err)
	}
	if err := s.Update(run); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Update of a closed store: got %v, want os.ErrClosed", err)
	}
}
