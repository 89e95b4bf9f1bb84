package keystore

import (
	"bytes"
	"testing"
)

func TestKeyHandle(t *testing.T) {
	store := NewMemory()
	ours, id, handle := [32]byte{1}, bytes.Repeat([]byte{2}, 64), bytes.Repeat([]byte{3}, 1200)
	if err := store.Update(func(tx Tx) error { return PutKeyHandle(tx, ours, id, handle) }); err != nil {
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
