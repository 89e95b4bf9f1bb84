package floor

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"

	"go.etcd.io/bbolt"
)

// Store is a bbolt file with records under random keys.
type Store struct {
	db     *bbolt.DB
	bucket []byte
}

// OpenStore makes a store of n records of size bytes each in the file path.
func OpenStore(path string, n, size int) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	s := &Store{db, []byte("records")}
	if err := s.fill(n, size); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// filledAtOnce is how many records one transaction of fill has in memory.
const filledAtOnce = 50_000

// fill goes by the order of the keys: in any other it takes the square of n.
func (s *Store) fill(n, size int) error {
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = randomKey()
	}
	slices.SortFunc(keys, bytes.Compare)
	err := s.db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(s.bucket)
		return err
	})
	for some := range slices.Chunk(keys, filledAtOnce) {
		err = errors.Join(err, s.db.Update(func(tx *bbolt.Tx) error { return putAll(tx.Bucket(s.bucket), some, size) }))
	}
	return err
}

func putAll(b *bbolt.Bucket, keys [][]byte, size int) error {
	for _, key := range keys {
		if err := b.Put(key, make([]byte, size)); err != nil {
			return err
		}
	}
	return nil
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key)
	return key
}

// Put adds a record, and returns when it is on the disk.
func (s *Store) Put(value []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(s.bucket).Put(randomKey(), value) })
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }
