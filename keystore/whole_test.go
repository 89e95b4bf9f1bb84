package keystore_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/keystore"
)

// loseKey takes a key out of a store as a page would whose count is wrong.
func loseKey(tx *bbolt.Tx) error {
	key, _ := tx.Bucket([]byte("index")).Cursor().First()
	return tx.Bucket([]byte("index")).Delete(key)
}

func TestKeysMissing(t *testing.T) {
	dir := t.TempDir()
	makeStore(t, dir, keystore.Options{})
	edit(t, dir, loseKey)
	for name, open := range map[string]func() error{
		"Open":    func() error { _, err := keystore.Open(dir, keystore.Options{}); return err },
		"Compact": func() error { return keystore.Compact(dir, keystore.Options{}) },
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, dir, keystore.ErrDamaged, open) })
	}
}

// The keys of a large file are not counted when it is opened, for that would
// take as long as the file is large, but when all are read.
func TestKeysMissingFromLargeStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{NoSync: true})
	update(t, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, many(0, 4000), 4000) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, loseKey)
	wantRefused(t, dir, keystore.ErrDamaged, func() error { return keystore.Compact(dir, keystore.Options{}) })
	var last error
	for _, err := range open(t, dir, keystore.Options{NoSync: true}).Entries() {
		last = err
	}
	if !errors.Is(last, keystore.ErrDamaged) {
		t.Errorf("Entries: got %v at the end, want ErrDamaged", last)
	}
}

// The count is right whatever was written, and by whom.
func TestKeysCounted(t *testing.T) {
	dir := t.TempDir()
	s := openShared(t, dir, keystore.Options{NoSync: true})
	a, b := storeOf(t, s, "a"), storeOf(t, s, "b")
	put := func(key, value string) func(tx keystore.Tx) error {
		return func(tx keystore.Tx) error { return tx.Put("bucket", []byte(key), []byte(value)) }
	}
	update(t, a, put("key", "1"))
	update(t, a, put("key", "2"))
	update(t, b, put("key", "3"))
	update(t, b, func(tx keystore.Tx) error {
		return errors.Join(put("gone", "4")(tx), tx.Delete("bucket", []byte("gone")), tx.Delete("bucket", []byte("never there")))
	})
	if err := b.Update(func(tx keystore.Tx) error { return errors.Join(put("undone", "5")(tx), errFull) }); !errors.Is(err, errFull) {
		t.Errorf("Update: got %v, want its error", err)
	}
	update(t, s.Common(), keystore.Reset)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openShared(t, dir, keystore.Options{}) // which counts
}

// Of the two first pages, which are written in turn, either would do for bbolt;
// the older one is the store of one commit ago.
func TestFirstPageDamaged(t *testing.T) {
	dir := t.TempDir()
	good := makeStore(t, dir, keystore.Options{})
	for _, page := range []int{0, 4096} {
		for _, at := range []int{16, 24, 32, 48, 64, 72, 79} {
			bad := append([]byte{}, good...)
			bad[page+at] ^= 0x10
			write(bad)(t, dir)
			wantRefused(t, dir, keystore.ErrDamaged, func() error {
				_, err := keystore.Open(dir, keystore.Options{})
				return err
			})
		}
	}
	write(good)(t, dir)
	open(t, dir, keystore.Options{})
}

// A page above those with the keys sends who looks for one to the wrong page.
func TestKeysNotFound(t *testing.T) {
	dir := t.TempDir()
	content := makeStore(t, dir, keystore.Options{})
	branch := pageOf(t, content, 1)
	const header, element = 16, 16 // element: where the key is (4), its length (4), the page (8)
	second := branch[header+element:]
	key := second[binary.NativeEndian.Uint32(second):][:binary.NativeEndian.Uint32(second[4:])]
	key[len(key)-1]++ // more than the first key of its page
	write(content)(t, dir)
	wantRefused(t, dir, keystore.ErrDamaged, func() error {
		_, err := keystore.Open(dir, keystore.Options{})
		return err
	})
}

// Pages of a large store that lead back to the one above them end what reads all of
// it, and do not go on for ever.
func TestPagesInACircle(t *testing.T) {
	dir := t.TempDir()
	content := makeLarge(t, dir)
	const branches, header, element = 1, 16, 16
	for at := 2 * 4096; at < len(content); at += 4096 {
		if page := content[at : at+4096]; page[8] == branches {
			third := page[header+2*element:]
			copy(third[8:16], page[:8]) // the page below is this one
		}
	}
	write(content)(t, dir)
	wantRefused(t, dir, keystore.ErrDamaged, func() error { return keystore.Compact(dir, keystore.Options{}) })
	s := open(t, dir, keystore.Options{})
	for _, b := range []keystore.Bucket{"credentials", "index"} {
		err := s.View(func(tx keystore.Tx) error {
			for range tx.All(b, nil) {
			}
			return nil
		})
		if !errors.Is(err, keystore.ErrDamaged) {
			t.Errorf("All of %s: got %v, want ErrDamaged", b, err)
		}
	}
}
