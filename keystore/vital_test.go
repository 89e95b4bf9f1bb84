package keystore_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/keystore"
)

// vital are the keys that a store does not lose unnoticed.
var vital = []struct{ bucket, key string }{
	{"settings", "device-key"}, {"settings", "policy"}, {"device", "sign-count"}, {"device", "uniq"},
}

// lessKeys makes the count of all keys one that fits after so many were deleted.
func lessKeys(tx *bbolt.Tx, n uint64) error {
	info := tx.Bucket([]byte("softkey"))
	count := binary.BigEndian.Uint64(info.Get([]byte("keys")))
	return info.Put([]byte("keys"), binary.BigEndian.AppendUint64(nil, count-n))
}

// missing closes s, takes a key out of it and checks that this is noticed.
func missing(t *testing.T, s *keystore.Bolt, dir, bucket, key string) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, func(tx *bbolt.Tx) error {
		return errors.Join(tx.Bucket([]byte(bucket)).Delete([]byte(key)), lessKeys(tx, 1))
	})
	wantRefused(t, dir, keystore.ErrDamaged, func() error {
		_, err := keystore.Open(dir, keystore.Options{})
		return err
	})
}

// putVitals puts all vital keys.
func putVitals(t *testing.T, s keystore.Store) {
	t.Helper()
	counter := newCounter(t, s)
	wantNext(t, counter, 1, 1)
	update(t, s, func(tx keystore.Tx) error {
		return errors.Join(keystore.PutDeviceKey(tx, [32]byte{1}), keystore.PutUniq(tx, "0123456789abcdef"),
			keystore.PutPolicy(tx, keystore.Policy{PINLength: 4}))
	})
}

func TestVitalKeyMissing(t *testing.T) {
	for _, v := range vital {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprint(v.key, " reset ", reset), func(t *testing.T) {
				dir := t.TempDir()
				s := open(t, dir, keystore.Options{NoSync: true})
				putVitals(t, s)
				if reset {
					update(t, s, func(tx keystore.Tx) error {
						return errors.Join(keystore.Reset(tx), keystore.PutDeviceKey(tx, [32]byte{2}),
							keystore.PutPolicy(tx, keystore.Policy{}))
					})
				}
				missing(t, s, dir, v.bucket, v.key)
			})
		}
	}
}

// After a reset alone, what it has erased is not missed.
func TestVitalKeysAfterReset(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{NoSync: true})
	putVitals(t, s)
	update(t, s, keystore.Reset)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, keystore.Options{NoSync: true})
}

func TestVitalKeyMissingFromShared(t *testing.T) {
	dir := t.TempDir()
	s := openShared(t, dir, keystore.Options{NoSync: true})
	for _, name := range []string{"good", "bad"} {
		store := storeOf(t, s, name)
		putVitals(t, store)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, func(tx *bbolt.Tx) (err error) {
		bad := tx.Bucket([]byte("authenticators")).Bucket([]byte("bad"))
		for _, v := range vital {
			err = errors.Join(err, bad.Bucket([]byte(v.bucket)).Delete([]byte(v.key)))
		}
		return errors.Join(err, lessKeys(tx, uint64(len(vital))))
	})
	s = openShared(t, dir, keystore.Options{})
	newCounter(t, storeOf(t, s, "good"))
	bad := storeOf(t, s, "bad")
	for what, use := range map[string]func(tx keystore.Tx) error{
		"LoadCounter":  func(tx keystore.Tx) error { _, err := keystore.LoadCounter(tx, bad); return err },
		"GetPolicy":    func(tx keystore.Tx) error { _, err := keystore.GetPolicy(tx); return err },
		"PutPolicy":    func(tx keystore.Tx) error { return keystore.PutPolicy(tx, keystore.Policy{}) },
		"PutDeviceKey": putDeviceKey(3),
		"PutUniq":      func(tx keystore.Tx) error { return keystore.PutUniq(tx, "fedcba9876543210") },
	} {
		if err := bad.Update(use); !errors.Is(err, keystore.ErrDamaged) {
			t.Errorf("%s: got %v, want ErrDamaged", what, err)
		}
	}
}
