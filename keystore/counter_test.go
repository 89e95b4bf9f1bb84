package keystore_test

import (
	"errors"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// watched counts the Updates of a Store, and fails their commits while err is
// set.
type watched struct {
	keystore.Store
	updates int
	err     error
}

func (w *watched) Update(fn func(keystore.Tx) error) error {
	w.updates++
	return w.Store.Update(func(tx keystore.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return w.err
	})
}

func newCounter(t testing.TB, s keystore.Store) *keystore.Counter {
	t.Helper()
	c, err := keystore.NewCounter(s)
	if err != nil {
		t.Fatalf("NewCounter: %v", err)
	}
	return c
}

// wantNext takes n values, which must be first and those after it.
func wantNext(t *testing.T, c *keystore.Counter, first uint32, n int) {
	t.Helper()
	for want := first; want < first+uint32(n); want++ {
		if got, err := c.Next(); err != nil || got != want {
			t.Fatalf("Next: got %d, %v; want %d", got, err, want)
		}
		if got := c.Last(); got != want {
			t.Fatalf("Last: got %d, want %d", got, want)
		}
	}
}

func TestCounterBeginsAtOne(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		c := newCounter(t, s)
		if got := c.Last(); got != 0 {
			t.Errorf("Last of a new store: got %d, want 0", got)
		}
		wantNext(t, c, 1, 3000)
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestCounterAfterClose(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		next := uint32(1)
		for _, n := range []int{0, 1, 0, 1023, 1, 1024, 5, 2000} {
			c := newCounter(t, s)
			if got := c.Last(); got != next-1 {
				t.Errorf("Last after a clean stop: got %d, want %d", got, next-1)
			}
			wantNext(t, c, next, n)
			if err := c.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			next += uint32(n)
		}
	})
}

func TestCounterAfterCrash(t *testing.T) {
	for _, taken := range []uint32{0, 1, 2, 1023, 1024, 1025, 2048} {
		s := keystore.NewMemory()
		wantNext(t, newCounter(t, s), 1, int(taken))
		c := newCounter(t, s) // the first one is not closed: it was lost
		reported := c.Last()
		got, err := c.Next()
		if err != nil || got <= taken || got-taken > 1024 {
			t.Errorf("after %d values: got %d, %v; want one to 1024 more", taken, got, err)
		}
		if reported < taken || reported >= got {
			t.Errorf("after %d values: Last was %d before %d", taken, reported, got)
		}
	}
}

func TestCounterCommits(t *testing.T) {
	s := &watched{Store: keystore.NewMemory()}
	c := newCounter(t, s)
	for _, tt := range []struct{ take, want int }{{0, 0}, {1, 1}, {1023, 1}, {1, 2}, {1023, 2}, {1, 3}} {
		for range tt.take {
			if _, err := c.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if s.updates != tt.want {
			t.Errorf("after value %d: got %d commits, want %d", c.Last(), s.updates, tt.want)
		}
	}
	for range 2 {
		if err := c.Close(); err != nil || s.updates != 4 {
			t.Errorf("Close: got %v, %d commits; want 4", err, s.updates)
		}
	}
	// A clean stop of an unused counter writes nothing.
	if err := newCounter(t, s).Close(); err != nil || s.updates != 4 {
		t.Errorf("Close of an unused counter: got %v, %d commits; want 4", err, s.updates)
	}
}

func TestCounterFailedCommit(t *testing.T) {
	full := errors.New("disk full")
	s := &watched{Store: keystore.NewMemory(), err: full}
	c := newCounter(t, s)
	for range 3 {
		if got, err := c.Next(); !errors.Is(err, full) || got != 0 {
			t.Errorf("Next: got %d, %v; want the error of the store", got, err)
		}
	}
	s.err = nil
	wantNext(t, c, 1, 1024)
	s.err = full
	if got, err := c.Next(); !errors.Is(err, full) || got != 0 || c.Last() != 1024 {
		t.Errorf("Next: got %d, %v, Last %d; want the error of the store, 1024", got, err, c.Last())
	}
	s.err = nil
	wantNext(t, c, 1025, 2)
	s.err = full
	if err := c.Close(); !errors.Is(err, full) {
		t.Errorf("Close: got %v, want the error of the store", err)
	}
	s.err = nil
	wantNext(t, newCounter(t, s), 2049, 1)
}

func TestCounterClosed(t *testing.T) {
	c := newCounter(t, keystore.NewMemory())
	wantNext(t, c, 1, 2)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Next(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Next of a closed counter: got %d, %v; want os.ErrClosed", got, err)
	}
	if got := c.Last(); got != 2 {
		t.Errorf("Last of a closed counter: got %d, want 2", got)
	}
	s := keystore.NewMemory()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := keystore.NewCounter(s); !errors.Is(err, os.ErrClosed) {
		t.Errorf("NewCounter of a closed store: got %v, want os.ErrClosed", err)
	}
}

// The counter never wraps, and uses each value up to the last.
func TestCounterExhausted(t *testing.T) {
	for _, left := range []uint32{0, 1, 1023, 1024, 1025} {
		s := keystore.NewMemory()
		putMark(t, s, math.MaxUint32-left)
		c := newCounter(t, s)
		for i := range left {
			if got, err := c.Next(); err != nil || got != math.MaxUint32-left+1+i {
				t.Fatalf("Next: got %d, %v; want %d", got, err, math.MaxUint32-left+1+i)
			}
		}
		for range 2 {
			if got, err := c.Next(); !errors.Is(err, keystore.ErrCounterExhausted) || got != 0 {
				t.Errorf("Next: got %d, %v; want ErrCounterExhausted", got, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if got, err := newCounter(t, s).Next(); !errors.Is(err, keystore.ErrCounterExhausted) {
			t.Errorf("Next after a restart: got %d, %v; want ErrCounterExhausted", got, err)
		}
	}
}

// putMark sets the high-water mark of a store to that of four million crashes.
func putMark(t *testing.T, s keystore.Store, mark uint32) {
	t.Helper()
	update(t, s, func(tx keystore.Tx) error {
		return tx.Put("device", []byte("sign-count"), []byte{byte(mark >> 24), byte(mark >> 16), byte(mark >> 8), byte(mark)})
	})
}

func TestCounterDamaged(t *testing.T) {
	for _, stored := range []string{"", "123", "12345"} {
		s := keystore.NewMemory()
		update(t, s, func(tx keystore.Tx) error {
			return tx.Put("device", []byte("sign-count"), []byte(stored))
		})
		if c, err := keystore.NewCounter(s); err == nil {
			t.Errorf("mark %q: got a counter at %d, want an error", stored, c.Last())
		}
	}
}

func TestCounterIsConcurrent(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		const workers, each = 8, 1000
		c := newCounter(t, s)
		values := make([][]uint32, workers)
		var wg sync.WaitGroup
		for i := range values {
			wg.Go(func() {
				for range each {
					value, err := c.Next()
					if err != nil {
						t.Error(err)
					}
					if last := c.Last(); last < value {
						t.Errorf("Last: got %d after %d", last, value)
					}
					values[i] = append(values[i], value)
				}
			})
		}
		wg.Wait()
		all := slices.Concat(values...)
		slices.Sort(all)
		for i, got := range all {
			if got != uint32(i+1) {
				t.Fatalf("value %d: got %d", i+1, got)
			}
		}
	})
}
