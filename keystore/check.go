package keystore

import (
	"errors"

	"go.etcd.io/bbolt"
)

// Check reads the whole store in dir, of either mode and kind, and returns how
// many keys it has. It fails with [ErrDamaged] unless every page, every checksum
// and the number of keys are right: then nothing that was stored is missing or
// another. [Open] knows as much of the pages and the number for stores up to a
// mebibyte, and of a value when it is read. The other errors are those of Open.
//
// Check changes nothing, and holds the lock of the folder meanwhile. told, if not
// nil, is called again and again with the part that is done, from 0 to 1.
func Check(dir string, told func(done float64)) (keys uint64, err error) {
	err = withFolder(dir, func(f *folder) error {
		keys, err = checkFile(f, told)
		return err
	})
	return keys, err
}

// checkFile surveys the pages, which bbolt may trust then, and reads the values.
func checkFile(f *folder, told progress) (keys uint64, err error) {
	size, err := fileSize(f)
	if err != nil {
		return 0, err
	}
	if keys, err = checkAllPages(f, size, told.half(0)); err != nil {
		return 0, err
	}
	db, h, err := inspect(f, "", "", bbolt.Options{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return keys, checkValues(db, h, keys, told.half(0.5))
}

// checkValues reads all values, of which there should be so many.
func checkValues(db *bbolt.DB, h header, keys uint64, told progress) error {
	tx, err := begin(db, false)
	if err != nil {
		return err
	}
	defer guard(tx.Rollback)
	return run(func(Tx) error {
		read := uint64(0)
		for range entries(tx, h.format) {
			read++
			told.tell(read, keys)
		}
		if h.format == formatPlain {
			return nil // nor was there a witness
		}
		return checkAllVitals(tx)
	}, &boltTx{tx: tx})
}

// checkAllVitals is [checkVitals] for each authenticator in the file.
func checkAllVitals(tx *bbolt.Tx) error {
	last := ""
	if err := checkVitals(&boltTx{tx: tx}); err != nil {
		return err
	}
	for _, at := range places(tx) {
		if at.name == last {
			continue
		}
		last = at.name
		if err := checkVitals(&boltTx{tx: tx, name: at.name}); err != nil {
			return err
		}
	}
	return nil
}

// progress is told which part is done; nil is nobody.
type progress func(done float64)

func (p progress) tell(done, of uint64) {
	if p != nil {
		p(float64(done) / float64(max(of, 1)))
	}
}

// half returns the progress of the half that begins at a part.
func (p progress) half(begin float64) progress {
	if p == nil {
		return nil
	}
	return func(done float64) { p(begin + done/2) }
}
