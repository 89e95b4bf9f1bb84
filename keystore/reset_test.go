package keystore_test

import (
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

func TestReset(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		update(t, s, func(tx keystore.Tx) error {
			for _, err := range []error{
				keystore.PutDeviceKey(tx, [32]byte{1}),
				keystore.PutUniq(tx, "0123456789abcdef"),
				keystore.PutAttestation(tx, "root", []byte("root")),
				keystore.PutCredential(tx, credential("example.com", "alice", 1), 10),
				keystore.PutCredential(tx, credential("example.org", "alice", 2), 10),
			} {
				if err != nil {
					return err
				}
			}
			_, err := keystore.IncrementStartCount(tx)
			return err
		})
		c := newCounter(t, s)
		wantNext(t, c, 1, 5)
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.Reset(tx); err != nil {
				return err
			}
			if _, ok := keystore.DeviceKey(tx); ok {
				t.Error("the device key survived a reset")
			}
			if got := keystore.ResetCount(tx); got != 1 {
				t.Errorf("ResetCount in the transaction: got %d, want 1", got)
			}
			return keystore.PutDeviceKey(tx, [32]byte{2})
		})
		wantNext(t, c, 6, 2)
		view(t, s, func(tx keystore.Tx) { wantResetStore(t, tx) })

		c1 := credential("example.com", "alice", 3)
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c1, 1) })
		view(t, s, func(tx keystore.Tx) { wantStored(t, tx, c1) })
		update(t, s, keystore.Reset)
		view(t, s, func(tx keystore.Tx) {
			if got := keystore.ResetCount(tx); got != 2 {
				t.Errorf("ResetCount: got %d, want 2", got)
			}
		})
	})
}

// wantResetStore checks what is gone, and what is left, after a reset.
func wantResetStore(t *testing.T, tx keystore.Tx) {
	wantStored(t, tx)
	for i, rpID := range []string{"example.com", "example.org"} {
		c := credential(rpID, "alice", i+1)
		if got, err := keystore.FindCredential(tx, c.RPIDHash, c.ID); got != nil || err != nil {
			t.Errorf("FindCredential after a reset: got %v, %v; want nil", got, err)
		}
	}
	if key, _ := keystore.DeviceKey(tx); key != [32]byte{2} {
		t.Errorf("DeviceKey: got %x, want the new one", key)
	}
	if got := keystore.Uniq(tx); got != "0123456789abcdef" {
		t.Errorf("Uniq: got %q, want it kept", got)
	}
	if got := keystore.Attestation(tx, "root"); string(got) != "root" {
		t.Errorf("Attestation: got %q, want it kept", got)
	}
	if got := keystore.StartCount(tx); got != 1 {
		t.Errorf("StartCount: got %d, want 1", got)
	}
	for _, b := range []keystore.Bucket{"credentials", "index"} {
		for key := range tx.All(b, nil) {
			t.Errorf("bucket %s: key %x survived a reset", b, key)
		}
	}
}

// A reset that cannot be committed has not happened.
func TestResetIsAtomic(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		c := credential("example.com", "alice", 1)
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.PutDeviceKey(tx, [32]byte{1}); err != nil {
				return err
			}
			return keystore.PutCredential(tx, c, 10)
		})
		broken := &watched{Store: s, err: errFull}
		if err := broken.Update(keystore.Reset); err != errFull {
			t.Errorf("Update: got %v, want %v", err, errFull)
		}
		view(t, s, func(tx keystore.Tx) {
			wantStored(t, tx, c)
			if key, ok := keystore.DeviceKey(tx); !ok || key != [32]byte{1} {
				t.Errorf("DeviceKey: got %x, %t; want the old one", key, ok)
			}
			if got := keystore.ResetCount(tx); got != 0 {
				t.Errorf("ResetCount: got %d, want 0", got)
			}
		})
	})
}
