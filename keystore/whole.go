package keystore

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// Two kinds of damage read as an older or a smaller store, with nothing wrong in
// it: a first page that bbolt does without, and keys that are not found.

// countedSize is up to which size, in bytes, the keys of a file are counted when
// it is opened, which takes two milliseconds then. Those of a larger one are
// counted when all of them are read, by [Rewrite] or [Bolt.Entries].
const countedSize = 1 << 20

// commit commits a transaction that has so many more keys than there were.
func commit(tx *bbolt.Tx, more int) error {
	if more != 0 {
		info := tx.Bucket([]byte(bucketInfo))
		keys := binary.BigEndian.AppendUint64(nil, storedKeys(tx)+uint64(more))
		if err := info.Put([]byte(keyKeys), keys); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// storedKeys returns how many keys the file says that it has.
func storedKeys(tx *bbolt.Tx) uint64 {
	keys := tx.Bucket([]byte(bucketInfo)).Get([]byte(keyKeys))
	if len(keys) != 8 {
		panic(damage{fmt.Sprintf("count of keys %x", keys)})
	}
	return binary.BigEndian.Uint64(keys)
}

// checkKeys panics with [damage] unless the file has so many keys.
func checkKeys(tx *bbolt.Tx, keys uint64) {
	if stored := storedKeys(tx); keys != stored {
		panic(damage{fmt.Sprintf("%d of %d keys", keys, stored)})
	}
}

// countKeys returns how many keys can be found. To come by is not enough: a
// page further up may send who looks for one elsewhere.
func countKeys(tx *bbolt.Tx) (keys uint64) {
	for _, at := range places(tx) {
		t := &boltTx{tx: tx, name: at.name}
		for key := range t.stored(at.bucket, nil) {
			if t.bucket(at.bucket).Get(key) != nil {
				keys++
			}
		}
	}
	return keys
}

// The first two pages of bbolt, in the machine's byte order. The commits go to
// one and the other in turn, and if one is broken the other counts: the store
// of one commit ago. A disk writes a sector of 512 bytes or does not, so a crash
// breaks none.
//
//	page = header (16) || magic (4) || version (4) || page size (4) || … || FNV-1a (8), over what is after the header
const (
	metaAt      = 16
	metaSize    = 64
	metaMagic   = 0xED0CDAED
	metaSumAt   = metaSize - 8
	metaPagesAt = 8 // the page size
)

// checkMetas fails with [ErrDamaged] unless both first pages are whole.
func checkMetas(f *folder) error {
	file, err := f.openFile(fileName, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	first, err := readMeta(file, 0)
	if err != nil {
		return err
	}
	_, err = readMeta(file, int64(binary.NativeEndian.Uint32(first[metaPagesAt:])))
	return err
}

func readMeta(file io.ReaderAt, page int64) (meta [metaSize]byte, err error) {
	if _, err := file.ReadAt(meta[:], page+metaAt); err != nil {
		return meta, fmt.Errorf("%w: page at %d: %w", ErrDamaged, page, err)
	}
	sum := fnv.New64a()
	sum.Write(meta[:metaSumAt])
	if binary.NativeEndian.Uint32(meta[:]) != metaMagic || binary.NativeEndian.Uint64(meta[metaSumAt:]) != sum.Sum64() {
		return meta, fmt.Errorf("%w: page at %d", ErrDamaged, page)
	}
	return meta, nil
}
