package keystore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// Two kinds of damage read as an older or a smaller store, with nothing wrong in
// it: a first page that bbolt does without, and keys that are not found.

// surveyedSize is up to which size, in bytes, all pages of a file are surveyed
// and its keys counted when it is opened, which takes a millisecond then. Those of
// a larger one are by [Check]; its keys are counted, too, when all of them are
// read, by [Rewrite] or [Bolt.Entries].
const surveyedSize = 1 << 20

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

// meta is one of the first two pages of bbolt, in the machine's byte order. The
// commits go to one and the other in turn, and if one is broken the other
// counts: the store of one commit ago. A disk writes a sector of 512 bytes or
// does not, so a crash breaks none.
//
//	page = header (16) || magic (4) || version (4) || page size (4) || 4 || root (8) || 8 ||
//	       list of free pages (8) || number of pages (8) || commit (8) || FNV-1a (8), over what is after the header
type meta struct {
	pageSize                      int
	root, freelist, pages, commit uint64
}

const (
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaSize    = 64
	metaSumAt   = metaSize - 8
	maxPageSize = 1 << 16

	noFreelist = 1<<64 - 1 // instead of its page: bbolt would write to such a file when it opens it
)

// readMetas returns the meta page of the last commit. It fails with
// [ErrDamaged] unless both are whole.
func readMetas(file io.ReaderAt) (meta, error) {
	first, err := readMeta(file, 0)
	if err != nil {
		return meta{}, err
	}
	second, err := readMeta(file, int64(first.pageSize))
	if err != nil {
		return meta{}, err
	}
	if second.commit > first.commit {
		return second, nil
	}
	return first, nil
}

func readMeta(file io.ReaderAt, page int64) (m meta, err error) {
	var b [metaSize]byte
	if _, err := file.ReadAt(b[:], page+pageHeader); err != nil {
		return m, fmt.Errorf("%w: page at %d: %w", ErrDamaged, page, err)
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSumAt])
	m = meta{
		pageSize: int(binary.NativeEndian.Uint32(b[8:])), root: binary.NativeEndian.Uint64(b[16:]),
		freelist: binary.NativeEndian.Uint64(b[32:]), pages: binary.NativeEndian.Uint64(b[40:]),
		commit: binary.NativeEndian.Uint64(b[48:]),
	}
	if binary.NativeEndian.Uint32(b[:]) != metaMagic || binary.NativeEndian.Uint32(b[4:]) != metaVersion ||
		binary.NativeEndian.Uint64(b[metaSumAt:]) != sum.Sum64() || m.pageSize < 1024 || m.pageSize > maxPageSize || m.pages < 4 || m.freelist == noFreelist {
		return m, fmt.Errorf("%w: page at %d", ErrDamaged, page)
	}
	return m, nil
}

// checkPages surveys the pages of the file in f, which has size bytes, and
// returns how many keys they have. If there are too many pages, ok is false, and
// only the list of the free ones is surveyed.
func checkPages(f *folder, size int64) (keys uint64, ok bool, err error) {
	file, m, used, err := openPages(f, size)
	if err != nil {
		return 0, false, err
	}
	defer file.Close()
	if used > surveyedSize {
		return 0, false, surveyFree(readEach(file), m)
	}
	data := make([]byte, used)
	defer clear(data) // the keys in it
	if _, err := file.ReadAt(data, 0); err != nil {
		return 0, false, err
	}
	keys, err = surveyPages(func(at, size int64) ([]byte, error) { return data[at : at+size], nil }, m, nil)
	return keys, err == nil, err
}

// checkAllPages is checkPages for a file of any size, page by page.
func checkAllPages(f *folder, size int64, p progress) (keys uint64, err error) {
	file, m, _, err := openPages(f, size)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return surveyPages(readEach(file), m, p)
}

// readEach reads the pages of a file one by one.
func readEach(file io.ReaderAt) pageReader {
	return func(at, size int64) ([]byte, error) {
		b := make([]byte, size)
		_, err := file.ReadAt(b, at)
		return b, err
	}
}

// openPages opens the file in f, which has size bytes, and tells how many of them
// are pages of the last commit.
func openPages(f *folder, size int64) (file *os.File, m meta, used uint64, err error) {
	if file, err = f.openFile(fileName, os.O_RDONLY, 0); err != nil {
		return nil, m, 0, err
	}
	m, err = readMetas(file)
	if used = m.pages * uint64(m.pageSize); err == nil && (m.pages > uint64(size) || used > uint64(size)) {
		err = fmt.Errorf("%w: %d bytes of %d pages", ErrDamaged, size, m.pages)
	}
	if err != nil {
		return nil, m, 0, errors.Join(err, file.Close())
	}
	return file, m, used, nil
}
