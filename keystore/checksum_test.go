package keystore_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// Whichever bit of a value in the file flips, nobody is told the wrong value.
func TestChecksum(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{NoSync: true})
	key, value := []byte("the one key"), []byte("its value")
	update(t, s, func(tx keystore.Tx) error { return tx.Put("bucket", key, value) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good := readFile(t, filepath.Join(dir, "softkey.db"))
	at := bytes.Index(good, append(bytes.Clone(key), value...))
	if at < 0 || bytes.Contains(good[at+1:], key) {
		t.Fatalf("the key is not once in the file:\n%s", hex.Dump(good))
	}
	found := 0
	const element = 16 // bytes before the key, of four numbers: flags, place and sizes
	for bit := range 8 * (element + len(key) + len(value) + 4) {
		bad := bytes.Clone(good)
		bad[at-element+bit/8] ^= 1 << (bit % 8)
		write(bad)(t, dir)
		if wantRightOrNone(t, dir, key, value) {
			found++
		}
	}
	if found < 8*len(value) {
		t.Errorf("%d flips were found, want %d at least", found, 8*len(value))
	}
}

// wantRightOrNone reads the key of a damaged store, and tells whether that was
// refused.
func wantRightOrNone(t *testing.T, dir string, key, value []byte) (refused bool) {
	t.Helper()
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		return true
	}
	defer s.Close()
	err = s.View(func(tx keystore.Tx) error {
		if got := tx.Get("bucket", key); got != nil && !bytes.Equal(got, value) {
			t.Errorf("Get: got %q, want %q", got, value)
		}
		for k, got := range tx.All("bucket", nil) {
			if !bytes.Equal(k, key) || !bytes.Equal(got, value) {
				t.Errorf("All: got %q=%q", k, got)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, keystore.ErrDamaged) {
		t.Errorf("View: got %v, want ErrDamaged", err)
	}
	return err != nil
}
