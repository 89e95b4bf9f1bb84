package keystore_test

import (
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

// missing closes s, takes a key out of it and checks that this is noticed.
func missing(t *testing.T, s *keystore.Bolt, dir, bucket, key string) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucket)).Delete([]byte(key)) })
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
	edit(t, dir, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("authenticators")).Bucket([]byte("bad")).Bucket([]byte("device")).Delete([]byte("sign-count"))
	})
	s = openShared(t, dir, keystore.Options{})
	storeOf(t, s, "good")
	if store, err := s.Store("bad"); !errors.Is(err, keystore.ErrDamaged) {
		t.Errorf("Store: got %v, %v; want ErrDamaged", store, err)
	}
}
