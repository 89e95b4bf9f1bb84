package main

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/archive"
)

// A store that cannot be filled is not left behind, and one that another process
// has made and filled is not touched.
func TestMakeStore(t *testing.T) {
	dir, full := t.TempDir(), errors.New("disk full")
	fail := func(keystore.Tx) error { return full }
	fill := func(tx keystore.Tx) error { return tx.Put("settings", []byte("key"), []byte("value")) }
	steps := []struct {
		name  string
		fill  func(keystore.Tx) error
		want  error
		there bool
	}{
		{"that fails", fail, full, false},
		{"that works", fill, nil, true},
		{"where there is one", fill, errMadeMeanwhile, true},
		{"that fails where there is one", fail, errMadeMeanwhile, true},
	}
	for _, step := range steps {
		if err := makeStore(dir, keystore.Options{}, step.fill); !errors.Is(err, step.want) {
			t.Errorf("%s: got %v, want %v", step.name, err, step.want)
		}
		if there, err := hasStore(dir); there != step.there || err != nil {
			t.Errorf("%s: hasStore = %v, %v; want %v", step.name, there, err, step.there)
		}
	}
}

// A copy that turns out to be broken leaves no empty store, which is not sealed;
// one that was there stays.
func TestImportBrokenCopy(t *testing.T) {
	broken := errors.New("broken")
	entries := func(yield func(keystore.Entry, error) bool) {
		_ = yield(keystore.Entry{Bucket: "settings", Key: []byte("key"), Value: []byte("value")}, nil) &&
			yield(keystore.Entry{}, broken)
	}
	dir, p := t.TempDir(), &program{}
	for _, there := range []bool{false, true} {
		if there {
			if err := makeStore(dir, keystore.Options{}, func(keystore.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if err := importState(p, dir, archive.Header{}, entries); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		if left, err := hasStore(dir); left != there || err != nil {
			t.Errorf("hasStore = %v, %v; want %v", left, err, there)
		}
		if err := checkEmpty(dir); err != nil {
			t.Errorf("checkEmpty = %v, want nil", err)
		}
	}
}
