package keystore_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// The handles of other devices in a list cost no memory, and what is ours is the
// caller's for good, whatever is looked at meanwhile.
func TestUnwrapBetweenForeignHandles(t *testing.T) {
	w, other := keystore.NewWrapper([32]byte{1}, nil), keystore.NewWrapper([32]byte{2}, nil)
	rp := [32]byte{3}
	wrap := func(w *keystore.Wrapper, secret []byte) []byte {
		handle, err := w.Wrap(rp, secret)
		if err != nil {
			t.Fatal(err)
		}
		return handle
	}
	foreign := wrap(other, es256Material)
	miss := func() {
		if got, err := w.Unwrap(rp, foreign); got != nil || !errors.Is(err, keystore.ErrNotOurs) {
			t.Errorf("Unwrap of a foreign handle: got %x, %v; want ErrNotOurs", got, err)
		}
	}
	var wg sync.WaitGroup
	for size := range 200 { // longer than the room that is kept
		secret := bytes.Repeat([]byte{byte(size)}, size)
		handle := wrap(w, secret)
		wg.Go(func() {
			miss()
			got, err := w.Unwrap(rp, handle)
			miss()
			if err != nil || !bytes.Equal(got, secret) {
				t.Errorf("Unwrap: got %x, %v; want %x", got, err, secret)
			}
		})
	}
	wg.Wait()
}

func TestUnwrapForeignAllocatesNothing(t *testing.T) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	foreign, err := keystore.NewWrapper([32]byte{2}, nil).Wrap([32]byte{3}, es256Material)
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(100, func() { _, _ = w.Unwrap([32]byte{3}, foreign) }); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
