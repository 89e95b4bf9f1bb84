package keystore_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// some yields entries, and what is wrong after so many of them.
func some(n int, wrong error) iter.Seq2[keystore.Entry, error] {
	return func(yield func(keystore.Entry, error) bool) {
		for i := range n {
			if !yield(keystore.Entry{Bucket: "b", Key: []byte{byte(i)}, Value: []byte{1}}, nil) {
				return
			}
		}
		if wrong != nil {
			yield(keystore.Entry{}, wrong)
		}
	}
}

func TestMake(t *testing.T) {
	for _, seeded := range []bool{false, true} {
		dir, opts := filepath.Join(t.TempDir(), "new"), keystore.Options{Seeded: seeded}
		if err := keystore.Make(dir, opts, some(2, nil)); err != nil {
			t.Fatal(err)
		}
		if names := list(t, dir); names != "softkey.db softkey.lock" {
			t.Errorf("the folder holds %q, want the store and its lock", names)
		}
		s := open(t, dir, opts)
		if got, want := dump(t, s), "b 00 01\nb 01 01\n"; got != want {
			t.Errorf("seeded %v: got %q, want %q", seeded, got, want)
		}
	}
}

// Until the last entry is there, no store is, and a store that fails leaves none.
func TestMakeFails(t *testing.T) {
	for n := range 3 {
		dir := t.TempDir()
		look := func(yield func(keystore.Entry, error) bool) {
			for e, err := range some(n, errFull) {
				if names := list(t, dir); names != "softkey.db.new softkey.lock" {
					t.Errorf("before entry %d the folder holds %q, want no store", n, names)
				}
				if !yield(e, err) {
					return
				}
			}
		}
		if err := keystore.Make(dir, keystore.Options{}, look); !errors.Is(err, errFull) {
			t.Errorf("got %v, want the error of the entries", err)
		}
		if names := list(t, dir); names != "softkey.lock" {
			t.Errorf("after %d entries and an error the folder holds %q, want the lock alone", n, names)
		}
	}
}

// What a crash has left is made anew.
func TestMakeAfterHalf(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "softkey.db.new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := keystore.Make(dir, keystore.Options{}, some(1, nil)); err != nil {
		t.Fatal(err)
	}
	if got, want := dumpDir(t, dir), "b 00 01\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever has the name of a store stays as it is.
func TestMakeReplacesNothing(t *testing.T) {
	tests := []struct {
		name string
		make func(file string) error
	}{
		{"a store", func(file string) error { return keystore.Make(filepath.Dir(file), keystore.Options{}, some(3, nil)) }},
		{"something else", func(file string) error { return os.WriteFile(file, []byte("diary"), 0o600) }},
		{"a link to nothing", func(file string) error { return os.Symlink("nothing", file) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "softkey.db")
			if err := tt.make(file); err != nil {
				t.Fatal(err)
			}
			before := describe(file)
			if err := keystore.Make(dir, keystore.Options{}, some(1, nil)); !errors.Is(err, keystore.ErrExists) {
				t.Errorf("got %v, want ErrExists", err)
			}
			if after := describe(file); after != before {
				t.Errorf("got %.99q, want %.99q as before", after, before)
			}
		})
	}
}

// describe returns what a file is.
func describe(file string) string {
	content, err := os.ReadFile(file)
	to, _ := os.Readlink(file)
	return fmt.Sprintf("%s %v %q", bytes.TrimSpace(content), err, to)
}

func TestMakeLocked(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, keystore.Options{})
	if err := keystore.Make(dir, keystore.Options{}, some(1, nil)); !errors.As(err, new(*keystore.LockedError)) {
		t.Errorf("got %v, want a LockedError", err)
	}
}
