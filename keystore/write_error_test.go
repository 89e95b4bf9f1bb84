package keystore_test

import (
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// brittle is a Tx in which a write fails: the last of those that are left.
type brittle struct {
	keystore.Tx
	left int
}

func (b *brittle) Put(bucket keystore.Bucket, key, value []byte) error {
	if b.left--; b.left == 0 {
		return errFull
	}
	return b.Tx.Put(bucket, key, value)
}

func (b *brittle) Delete(bucket keystore.Bucket, key []byte) error {
	if b.left--; b.left == 0 {
		return errFull
	}
	return b.Tx.Delete(bucket, key)
}

func (b *brittle) Drop(bucket keystore.Bucket) error {
	if b.left--; b.left == 0 {
		return errFull
	}
	return b.Tx.Drop(bucket)
}

// Whichever write fails, the caller learns of it, and the transaction leaves
// nothing behind.
func TestEachWriteMayFail(t *testing.T) {
	old, other := credential("example.com", "alice", 1), credential("example.com", "bob", 2)
	tests := []struct {
		name   string
		writes int // at least
		run    func(tx keystore.Tx) error
	}{
		{"PutCredential", 6, func(tx keystore.Tx) error {
			return keystore.PutCredential(tx, credential("example.org", "alice", 3), 10)
		}},
		{"PutCredential that replaces", 11, func(tx keystore.Tx) error {
			return keystore.PutCredential(tx, credential("example.com", "alice", 3), 10)
		}},
		{"PutCredentials", 9, func(tx keystore.Tx) error {
			return keystore.PutCredentials(tx, many(3, 2), 10)
		}},
		{"DeleteCredential", 5, func(tx keystore.Tx) error { return keystore.DeleteCredential(tx, old.ID) }},
		{"UpdateUser", 1, func(tx keystore.Tx) error { return keystore.UpdateUser(tx, old.ID, "a", "b") }},
		{"Reset", 9, keystore.Reset},
		{"IncrementStartCount", 1, func(tx keystore.Tx) error {
			_, err := keystore.IncrementStartCount(tx)
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := keystore.NewMemory()
			update(t, s, func(tx keystore.Tx) error {
				if err := keystore.PutCredential(tx, old, 10); err != nil {
					return err
				}
				return keystore.PutCredential(tx, other, 10)
			})
			failed := 0
			for s.Update(func(tx keystore.Tx) error { return tt.run(&brittle{tx, failed + 1}) }) == errFull {
				failed++
				view(t, s, func(tx keystore.Tx) { wantStored(t, tx, old, other) })
			}
			if failed < tt.writes {
				t.Errorf("got %d writes that failed, want %d at least", failed, tt.writes)
			}
		})
	}
}
