package keystore

import (
	"errors"
	"io/fs"
	"iter"

	"go.etcd.io/bbolt"
)

// ErrExists is returned by [Make] for a folder with a store, or with something else
// that has its name.
var ErrExists = errors.New(fileName + " is there already")

// Make makes a store in the folder dir that holds entries from its first moment:
// it has its name when it is complete and on the disk, and until then one by which
// nobody opens it. So a store that is to be sealed is never there unsealed, also
// when the process or the machine dies meanwhile: what that leaves, the next to
// open the folder removes.
//
// Make replaces nothing: where something has the name of a store it fails with
// [ErrExists]. Its other errors are those of [Open], or what entries yields.
func Make(dir string, opts Options, entries iter.Seq2[Entry, error]) error {
	return withFolder(dir, func(f *folder) error {
		if err := checkFree(f); err != nil {
			return err
		}
		return makeFile(f, kindSingle, opts, func(db *bbolt.DB) error { return fill(db, entries) })
	})
}

// checkFree fails if there is a store in f, or removes what was to be one.
func checkFree(f *folder) error {
	_, err := f.root.Lstat(fileName)
	switch {
	case err == nil:
		return ErrExists
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return removeNew(f)
}

// makeFile makes the file of a store in f, where there is none. It holds what
// fill puts into it, or is not there.
func makeFile(f *folder, kind string, opts Options, fill func(*bbolt.DB) error) error {
	return finish(f, opts, writeNew(f, header{FormatVersion, mode(opts), kind}, opts, fill))
}
