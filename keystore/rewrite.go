package keystore

import (
	"errors"
	"io/fs"
	"iter"

	"go.etcd.io/bbolt"
)

// Entry is one key of a store, with its value.
type Entry struct {
	Name       string // of the authenticator in a shared store; "": of what they share, or of a store of one
	Bucket     Bucket
	Key, Value []byte
}

// Compact makes the file of the store in dir as small as it can be. A store
// shrinks by itself never: what was deleted leaves room in it.
func Compact(dir string, opts Options) error { return Rewrite(dir, opts, unchanged) }

// Rewrite puts another store into the place of the one in dir, of either kind:
// one that holds what change makes of the entries of the old. It gets them in
// order, by name, bucket and key, and may yield its own in any order; in order
// they take the least room. The slices of an entry are valid until the next one
// is asked for.
//
// The old store stays as it was until the new one is complete, also when the
// process or the machine dies meanwhile. Of what it held nothing is left in the
// new file. The errors are those of [Open], or what change yields.
func Rewrite(dir string, opts Options, change func(old iter.Seq[Entry]) iter.Seq2[Entry, error]) error {
	return withFolder(dir, func(f *folder) error {
		db, h, err := inspect(f, mode(opts), "", bbolt.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		return rewriteFile(f, db, h, opts, change)
	})
}

// unchanged is a change for [Rewrite] that is none.
func unchanged(old iter.Seq[Entry]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e := range old {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// rewriteFile is [Rewrite] for the file old with header h in the locked folder f.
func rewriteFile(
	f *folder, old *bbolt.DB, h header, opts Options, change func(iter.Seq[Entry]) iter.Seq2[Entry, error],
) error {
	return finish(f, opts, rewriteBeside(f, old, h, opts, change))
}

// rewriteBeside writes the new file. The old one is closed when it returns: no
// other can take its name before, where the system is Windows.
func rewriteBeside(
	f *folder, old *bbolt.DB, h header, opts Options, change func(iter.Seq[Entry]) iter.Seq2[Entry, error],
) (err error) {
	defer func() { err = errors.Join(err, old.Close()) }()
	tx, err := begin(old, false)
	if err != nil {
		return err
	}
	defer guard(tx.Rollback)
	return writeNew(f, header{FormatVersion, h.mode, h.kind}, opts, func(db *bbolt.DB) error {
		return run(func(Tx) error { return fill(db, change(entries(tx, h.format))) }, &boltTx{tx: tx})
	})
}

// entries yields what is in a store of a format. Called inside [run], which
// takes what panics in it.
func entries(tx *bbolt.Tx, format uint32) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		keys := uint64(0)
		for _, at := range places(tx) {
			t := &boltTx{tx: tx, name: at.name}
			all := t.All(at.bucket, nil)
			if format == formatPlain {
				all = t.stored(at.bucket, nil)
			}
			for key, value := range all {
				if !yield(Entry{at.name, at.bucket, key, value}) {
					return
				}
				keys++
			}
		}
		if format > formatPlain {
			checkKeys(tx, keys)
		}
	}
}

// place is a bucket of an authenticator.
type place struct {
	name   string
	bucket Bucket
}

// places returns all buckets that a [Tx] may see, in the order of the file.
func places(tx *bbolt.Tx) (all []place) {
	defer func() { blame(recover()) }()
	add := func(name string) func(bucket []byte) error {
		return func(bucket []byte) error {
			all = append(all, place{name, Bucket(bucket)})
			return nil
		}
	}
	_ = tx.ForEach(func(bucket []byte, _ *bbolt.Bucket) error { // fails when we do
		if isReserved(Bucket(bucket)) {
			return nil
		}
		return add("")(bucket)
	})
	if authenticators := tx.Bucket([]byte(bucketAuthenticators)); authenticators != nil {
		_ = authenticators.ForEachBucket(func(name []byte) error {
			return authenticators.Bucket(name).ForEachBucket(add(string(name)))
		})
	}
	return all
}

// finish gives the file of [writeNew] its name, in the place of the old one if
// there is one. That comes last, so that a crash leaves no half of a store. After
// an error in writing it removes the file.
func finish(f *folder, opts Options, written error) error {
	if written != nil {
		return errors.Join(written, removeNew(f))
	}
	if err := f.root.Rename(newFileName, fileName); err != nil || opts.NoSync {
		return err
	}
	return f.sync()
}

// writeNew makes a store with what fill puts into it, beside the one of f, and
// syncs it once. It is closed when writeNew returns.
func writeNew(f *folder, h header, opts Options, fill func(*bbolt.DB) error) error {
	db, err := openBolt(f, newFileName, bbolt.Options{NoSync: true, NoGrowSync: true}) // nor more than is written
	if err != nil {
		return err
	}
	err = db.Update(h.put)
	if err == nil {
		err = fill(db)
	}
	if err == nil && !opts.NoSync {
		err = db.Sync()
	}
	return errors.Join(err, db.Close())
}

// removeNew removes what is left of a store that was not completed.
func removeNew(f *folder) error {
	if err := f.root.Remove(newFileName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// fill puts entries into db, in transactions of a moderate size.
func fill(db *bbolt.DB, entries iter.Seq2[Entry, error]) error {
	w := &filler{db: db}
	defer w.rollback()
	for e, err := range entries {
		if err != nil {
			return err
		}
		if err := w.put(e); err != nil {
			return err
		}
	}
	return w.commit()
}

const fillSize = 8 << 20 // bytes in a transaction

// filler writes to a new store that nobody else has.
type filler struct {
	db   *bbolt.DB
	tx   *boltTx // nil: none is open
	size int
}

func (w *filler) put(e Entry) error {
	if w.tx == nil {
		tx, err := w.db.Begin(true)
		if err != nil {
			return err
		}
		w.tx, w.size = &boltTx{tx: tx, dense: true, name: e.Name}, 0
	}
	if w.tx.name != e.Name {
		w.tx = &boltTx{tx: w.tx.tx, dense: true, name: e.Name, keys: w.tx.keys}
	}
	if err := w.tx.Put(e.Bucket, e.Key, e.Value); err != nil {
		return err
	}
	if w.size += len(e.Key) + len(e.Value); w.size < fillSize {
		return nil
	}
	return w.commit()
}

func (w *filler) commit() error {
	if w.tx == nil {
		return nil
	}
	t := w.tx
	w.tx = nil
	return commit(t.tx, t.keys)
}

func (w *filler) rollback() {
	if w.tx != nil {
		_ = w.tx.tx.Rollback()
	}
}
