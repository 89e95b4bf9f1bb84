package keystore

import (
	"bytes"
	"errors"
	"testing"
)

func TestKeyHandle(t *testing.T) {
	store := NewMemory()
	ours, id, handle := [32]byte{1}, bytes.Repeat([]byte{2}, 64), bytes.Repeat([]byte{3}, 1200)
	if err := store.Update(func(tx Tx) error { return PutKeyHandle(tx, ours, id, handle, 1) }); err != nil {
		t.Fatal(err)
	}
	check := func(name string, rpIDHash [32]byte, id, want []byte) {
		t.Helper()
		_ = store.View(func(tx Tx) error {
			if got := KeyHandle(tx, rpIDHash, id); !bytes.Equal(got, want) {
				t.Errorf("%s: got %x, want %x", name, got, want)
			}
			return nil
		})
	}
	check("ours", ours, id, handle)
	check("another relying party", [32]byte{9}, id, nil)
	check("another ID", ours, id[1:], nil)
	check("no ID", ours, nil, nil)
	if err := store.Update(Reset); err != nil {
		t.Fatal(err)
	}
	check("after a reset", ours, id, nil)
}

// A full store refuses another handle and keeps those that it has.
func TestKeyHandleLimit(t *testing.T) {
	for _, limit := range []int{0, 1, 3} {
		store := NewMemory()
		put := func(i int) error {
			return store.Update(func(tx Tx) error { return PutKeyHandle(tx, [32]byte{1}, []byte{byte(i)}, []byte{2}, limit) })
		}
		for i := range limit {
			if err := put(i); err != nil {
				t.Errorf("limit %d: handle %d: got %v", limit, i+1, err)
			}
		}
		if err := put(limit); !errors.Is(err, ErrFull) {
			t.Errorf("limit %d: one more: got %v, want ErrFull", limit, err)
		}
		_ = store.View(func(tx Tx) error {
			for i := range limit + 1 {
				if got, want := KeyHandle(tx, [32]byte{1}, []byte{byte(i)}) != nil, i < limit; got != want {
					t.Errorf("limit %d: handle %d: kept %t, want %t", limit, i+1, got, want)
				}
			}
			return nil
		})
	}
}
