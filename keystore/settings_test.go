package keystore_test

import (
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

func TestSettings(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		view(t, s, func(tx keystore.Tx) {
			if key, ok := keystore.DeviceKey(tx); ok || key != [32]byte{} {
				t.Errorf("DeviceKey of a new store: got %x, %t; want none", key, ok)
			}
			if got := keystore.Uniq(tx); got != "" {
				t.Errorf("Uniq of a new store: got %q, want none", got)
			}
			if got := keystore.Attestation(tx, "root"); got != nil {
				t.Errorf("Attestation of a new store: got %x, want nil", got)
			}
		})
		material := []byte("key and certificate")
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.PutDeviceKey(tx, [32]byte{1, 2, 3}); err != nil {
				return err
			}
			if err := keystore.PutUniq(tx, "0123456789abcdef"); err != nil {
				return err
			}
			if err := keystore.PutAttestation(tx, "leaf/1", []byte("of an AAGUID")); err != nil {
				return err
			}
			return keystore.PutAttestation(tx, "root", material)
		})
		var kept []byte
		view(t, s, func(tx keystore.Tx) {
			if key, ok := keystore.DeviceKey(tx); !ok || key != [32]byte{1, 2, 3} {
				t.Errorf("DeviceKey: got %x, %t; want 010203…", key, ok)
			}
			if got := keystore.Uniq(tx); got != "0123456789abcdef" {
				t.Errorf("Uniq: got %q, want 0123456789abcdef", got)
			}
			if got := string(keystore.Attestation(tx, "leaf/1")); got != "of an AAGUID" {
				t.Errorf("Attestation: got %q, want what was put", got)
			}
			kept = keystore.Attestation(tx, "root")
		})
		kept[0]++ // it is ours
		view(t, s, func(tx keystore.Tx) {
			if got := keystore.Attestation(tx, "root"); string(got) != string(material) {
				t.Errorf("Attestation: got %q, want %q", got, material)
			}
		})
	})
}

func TestCounts(t *testing.T) {
	onEach(t, func(t *testing.T, s keystore.Store) {
		for want := range uint64(3) {
			view(t, s, func(tx keystore.Tx) {
				if got := keystore.StartCount(tx); got != want {
					t.Errorf("StartCount: got %d, want %d", got, want)
				}
				if got := keystore.ResetCount(tx); got != 0 {
					t.Errorf("ResetCount: got %d, want 0", got)
				}
			})
			update(t, s, func(tx keystore.Tx) error {
				got, err := keystore.IncrementStartCount(tx)
				if got != want+1 {
					t.Errorf("IncrementStartCount: got %d, want %d", got, want+1)
				}
				return err
			})
		}
	})
}
