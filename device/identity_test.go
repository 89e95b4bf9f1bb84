package device

import (
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// replaceLeaf puts other bytes into the place of the default model's leaf, and
// returns what was there.
func replaceLeaf(t *testing.T, store keystore.Store, with []byte) (before []byte) {
	t.Helper()
	err := store.Update(func(tx keystore.Tx) error {
		name := (&Model{profile: defaultProfile()}).leafName()
		before = keystore.Attestation(tx, name)
		return keystore.PutAttestation(tx, name, with)
	})
	if err != nil || before == nil {
		t.Fatalf("leaf %x, %v", before, err)
	}
	return before
}

// A key that starts again reads its certificates when it needs them. If it cannot,
// it says so each time, and works again when the store does.
func TestCertificatesAreReadLate(t *testing.T) {
	dir := t.TempDir()
	d := open(t, Config{Dir: dir})
	want := chainOf(t, d)[0]
	leaf := replaceLeaf(t, d.store, []byte("no leaf"))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	d = open(t, Config{Dir: dir})
	for range 2 {
		if _, err := d.Chain(); err == nil || !strings.Contains(err.Error(), "stored certificate leaf/") {
			t.Fatalf("Chain: got %v, want that the leaf is none", err)
		}
		if _, err := ctap.ParseResponseAPDU(send(t, d, ctap.CTAP1, register)); err == nil {
			t.Fatal("register: got no error, and there is no certificate")
		}
	}
	replaceLeaf(t, d.store, leaf)
	registerKey(t, d)
	if got := chainOf(t, d)[0]; !got.Equal(want) {
		t.Errorf("got leaf %v, want %v", got.Subject, want.Subject)
	}
}
