package keystore

import (
	"bytes"
	"reflect"
	"testing"
)

func TestPolicy(t *testing.T) {
	store := NewMemory()
	want := Policy{
		PINHash: []byte{1, 2}, PINLength: 4, PINFailures: 3, ForcePINChange: true, UVFailures: 1, UVSincePIN: 9,
		MinPINLength: 6, MinPINLengthRPIDs: []string{"example.com"}, PINComplexity: true, ToggledAlwaysUv: true,
		EnterpriseAttestation: true, LongTouchForReset: true,
		PersistentToken: []byte{3}, PersistentTokenGranted: true, DeviceIdentifier: []byte{4}, CredStoreState: []byte{5},
	}
	check := func(want Policy) {
		t.Helper()
		err := store.View(func(tx Tx) error {
			got, err := GetPolicy(tx)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check(Policy{})
	if err := store.Update(func(tx Tx) error { return PutPolicy(tx, want) }); err != nil {
		t.Fatal(err)
	}
	check(want)
	if err := store.Update(Reset); err != nil {
		t.Fatal(err)
	}
	check(Policy{})
}

func TestLargeBlobsAndTemplatesEndWithReset(t *testing.T) {
	store := NewMemory()
	templates := []Template{{ID: []byte{1}, Name: "thumb"}, {ID: []byte{2}}}
	err := store.Update(func(tx Tx) error {
		if got := LargeBlobArray(tx); got != nil {
			t.Errorf("large blobs of a new store: %x, want none", got)
		}
		if err := PutLargeBlobArray(tx, []byte("array")); err != nil {
			return err
		}
		if err := PutTemplates(tx, templates); err != nil {
			return err
		}
		if got := LargeBlobArray(tx); !bytes.Equal(got, []byte("array")) {
			t.Errorf("large blobs %q, want what was put", got)
		}
		if got, err := Templates(tx); err != nil || !reflect.DeepEqual(got, templates) {
			t.Errorf("templates %+v, %v; want %+v", got, err, templates)
		}
		if err := Reset(tx); err != nil {
			return err
		}
		if got, err := Templates(tx); err != nil || got != nil || LargeBlobArray(tx) != nil {
			t.Errorf("after a reset: templates %v, %v, large blobs %q", got, err, LargeBlobArray(tx))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
