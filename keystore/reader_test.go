package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"go.etcd.io/bbolt"
)

// transactionOf returns the transaction of bbolt that a View has.
func transactionOf(t *testing.T, s Store) (tx *bbolt.Tx) {
	t.Helper()
	if err := s.View(func(own Tx) error { tx = own.(*boltTx).tx; return nil }); err != nil {
		t.Fatal(err)
	}
	return tx
}

// Views have one transaction after the other, until something is committed or
// would have been.
func TestReadersAreKept(t *testing.T) {
	s := openForGroup(t)
	first := transactionOf(t, s)
	if again := transactionOf(t, s); again != first {
		t.Error("a second View began another transaction")
	}
	_ = s.View(func(Tx) error { return errors.New("of fn") })
	if again := transactionOf(t, s); again != first {
		t.Error("after a View that failed another transaction began")
	}
	_ = s.View(func(Tx) error { return fmt.Errorf("of fn: %w", ErrDamaged) })
	if again := transactionOf(t, s); again == first {
		t.Error("the transaction that found the file damaged was kept")
	}
	first = transactionOf(t, s)
	for i, fn := range []func(Tx) error{putting("a", "1"), func(Tx) error { return errors.New("of fn") }} {
		_ = s.Update(fn)
		if again := transactionOf(t, s); again == first {
			t.Errorf("Update %d: the transaction of before was kept", i)
		}
	}
}

// What was committed is seen by each View that begins later, also if another went
// on meanwhile.
func TestReadersSeeTheLastCommit(t *testing.T) {
	s := openForGroup(t)
	room := string(bytes.Repeat([]byte{1}, 1<<20)) // so that no Update has to wait for the View until the file has grown
	if err := errors.Join(s.Update(putting("n", room)), s.Update(putting("n", ""))); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		want := fmt.Sprintf("n=%d ", i)
		err := s.View(func(Tx) error {
			done := make(chan error)
			go func() { done <- s.Update(putting("n", fmt.Sprint(i))) }()
			return <-done
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := content(t, s); got != want {
			t.Fatalf("got %q after the Update, want %q", got, want)
		}
	}
}

// No Update waits for a reader that is kept, however the file grows, and none of
// its pages stay behind for one.
func TestReadersAreInNobodysWay(t *testing.T) {
	s := openForGroup(t)
	for _, size := range []int{1, 1 << 16, 1 << 20, 1 << 22} {
		transactionOf(t, s)
		value := string(bytes.Repeat([]byte{1}, size))
		if err := s.Update(putting("large", value)); err != nil {
			t.Fatal(err)
		}
	}
	var sizes [50]int64
	for i := range sizes {
		sizes[i] = transactionOf(t, s).Size()
		if err := s.Update(putting("small", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	const settled = 5 // by then there is room for the next commit beside the last
	if first, last := sizes[settled], sizes[len(sizes)-1]; first != last {
		t.Errorf("the file grew from %d to %d bytes through changes of one key", first, last)
	}
}

// Views at once have a transaction each, and not all of them are kept.
func TestReadersAtOnce(t *testing.T) {
	s := openForGroup(t)
	var nest func(depth int)
	nest = func(depth int) { // in goroutines of their own, for Views do not nest
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = s.View(func(Tx) error {
				if depth > 0 {
					nest(depth - 1)
				}
				return nil
			})
		}()
		<-done
	}
	nest(2 * maxSpare)
	if got := len(s.file.readers.spare); got != maxSpare {
		t.Errorf("%d readers were kept, want %d", got, maxSpare)
	}
}

// A View that ends after the file was closed leaves nothing behind that Close
// would wait for, also if an Update failed meanwhile.
func TestReadersEndWithTheFile(t *testing.T) {
	s := openForGroup(t)
	readers := &s.file.readers
	err := s.View(func(Tx) error {
		readers.pause() // as Close does
		readers.pause() // as an Update does, which fails
		readers.resume()
		return nil
	})
	if err != nil || len(readers.spare) != 0 {
		t.Errorf("View: got %v and %d readers kept, want none", err, len(readers.spare))
	}
}
