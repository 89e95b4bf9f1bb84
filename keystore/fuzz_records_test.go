package keystore_test

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// recordBuckets are those whose values are records.
var recordBuckets = []keystore.Bucket{"settings", "credentials", "index", "handles", "device"}

// withRecords returns a store that has some of everything.
func withRecords(t *testing.T) *keystore.Memory {
	t.Helper()
	s := keystore.NewMemory()
	update(t, s, func(tx keystore.Tx) error {
		for n, rp := range []string{"example.com", "example.com", "example.org"} {
			if err := keystore.PutCredential(tx, credential(rp, string(rune('a'+n)), n), 10); err != nil {
				return err
			}
		}
		if err := keystore.PutPolicy(tx, keystore.Policy{PINHash: make([]byte, 16), PINFailures: 3}); err != nil {
			return err
		}
		if err := keystore.PutTemplates(tx, []keystore.Template{{ID: []byte{1}, Name: "thumb"}}); err != nil {
			return err
		}
		if err := keystore.PutDeviceKey(tx, [32]byte{1}); err != nil {
			return err
		}
		return keystore.PutKeyHandle(tx, sha256.Sum256([]byte("example.com")), []byte("id"), []byte("handle"), 1)
	})
	counter, err := keystore.NewCounter(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := counter.Next(); err != nil {
		t.Fatal(err)
	}
	if err := counter.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzRecords puts any bytes in the place of one record of a store. Whoever reads
// the store gets an error or something sound: nothing panics, a credential has
// the ID that was asked for, the counter does not give what it gave before.
func FuzzRecords(f *testing.F) {
	for b := range recordBuckets {
		for n := range byte(3) {
			f.Add(byte(b), n, []byte{})
			f.Add(byte(b), n, []byte{0xa0})
			f.Add(byte(b), n, []byte{0, 0, 0, 1})
		}
	}
	f.Add(byte(1), byte(0), ctap.MustMarshal(credential("example.com", "eve", 9)))
	f.Add(byte(0), byte(3), ctap.MustMarshal(keystore.Policy{PINHash: []byte{1}, PINFailures: 1 << 40}))
	f.Fuzz(func(t *testing.T, bucket, n byte, record []byte) {
		s := withRecords(t)
		update(t, s, func(tx keystore.Tx) error {
			return overwrite(tx, recordBuckets[int(bucket)%len(recordBuckets)], int(n), record)
		})
		view(t, s, func(tx keystore.Tx) {
			for id := range 3 {
				c, err := keystore.CredentialByID(tx, credentialID(id))
				if err == nil && c != nil && !bytes.Equal(c.ID, credentialID(id)) {
					t.Errorf("asked for %x, got %x", credentialID(id), c.ID)
				}
			}
			readAll(t, tx)
		})
		_ = s.Update(func(tx keystore.Tx) error { return keystore.PutCredential(tx, credential("example.com", "zoe", 7), 10) })
		_ = s.Update(func(tx keystore.Tx) error { return keystore.DeleteCredential(tx, credentialID(0)) })
		if counter, err := keystore.NewCounter(s); err == nil {
			was := counter.Last()
			if next, err := counter.Next(); err == nil && next <= was {
				t.Errorf("counter %d after %d", next, was)
			}
		}
	})
}

// overwrite replaces the nth record of a bucket.
func overwrite(tx keystore.Tx, b keystore.Bucket, n int, record []byte) error {
	var keys [][]byte
	for key := range tx.All(b, nil) {
		keys = append(keys, bytes.Clone(key))
	}
	if len(keys) == 0 {
		return nil
	}
	return tx.Put(b, keys[n%len(keys)], record)
}

// readAll reads in every way that there is.
func readAll(t *testing.T, tx keystore.Tx) {
	t.Helper()
	for rp, err := range keystore.RPs(tx) {
		if err == nil && rp.Count < 0 {
			t.Errorf("%d credentials of %q", rp.Count, rp.ID)
		}
	}
	hash := sha256.Sum256([]byte("example.com"))
	list, err := keystore.Credentials(tx, hash)
	if err == nil && len(list) > 3 {
		t.Errorf("%d credentials, 3 were put", len(list))
	}
	_, _ = keystore.NextRP(tx, nil)
	_ = keystore.CountRPs(tx)
	_, _ = keystore.GetPolicy(tx)
	_, _ = keystore.Templates(tx)
	_, _ = keystore.DeviceKey(tx)
	_ = keystore.CredentialCount(tx)
	_ = keystore.LargeBlobArray(tx)
	_ = keystore.KeyHandle(tx, hash, []byte("id"))
}
