package floor

import (
	"crypto/rand"
	"errors"

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

func (s *Store) fill(n, size int) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(s.bucket)
		for range n {
			err = errors.Join(err, b.Put(randomKey(), make([]byte, size)))
		}
		return err
	})
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
