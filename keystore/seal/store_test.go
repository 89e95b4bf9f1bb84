package seal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/storetest"
)

func TestStore(t *testing.T) {
	t.Run("in memory", func(t *testing.T) {
		storetest.Run(t, func(*testing.T) keystore.Store { return NewKey().open(keystore.NewMemory()) })
	})
	t.Run("in a file", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) keystore.Store { return NewKey().open(openBolt(t, t.TempDir())) })
	})
}

// Nothing that is secret is in the file of a sealed store, neither in what it
// holds nor in what it held.
func TestNothingSecretInFile(t *testing.T) {
	dir := t.TempDir()
	inner := openBolt(t, dir)
	s := NewKey().open(inner)
	fill(t, s)
	update(t, s, func(tx keystore.Tx) error { return keystore.UpdateUser(tx, []byte("sixteen bytes, or more"), "x", "y") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "softkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("the file has %q in it", secret)
		}
	}
	if public := "0123456789abcdef"; !bytes.Contains(file, []byte(public)) {
		t.Errorf("the file does not have %q in it: the search is broken", public)
	}
}

// A value that was changed, or brought to another place, is damage.
func TestDamage(t *testing.T) {
	const b = keystore.Bucket("settings")
	tests := []struct {
		name  string
		alter func(tx keystore.Tx) error
	}{
		{"flipped", func(tx keystore.Tx) error {
			value := bytes.Clone(tx.Get(b, []byte("policy")))
			value[20] ^= 1
			return tx.Put(b, []byte("policy"), value)
		}},
		{"cut", func(tx keystore.Tx) error { return tx.Put(b, []byte("policy"), tx.Get(b, []byte("policy"))[:10]) }},
		{"empty", func(tx keystore.Tx) error { return tx.Put(b, []byte("policy"), nil) }},
		{"of another key", func(tx keystore.Tx) error { return tx.Put(b, []byte("policy"), tx.Get(b, []byte("other"))) }},
		{"of another bucket", func(tx keystore.Tx) error {
			return tx.Put(b, []byte("policy"), tx.Get("credentials", []byte("policy")))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name+", in memory", func(t *testing.T) { testDamage(t, keystore.NewMemory(), tt.alter) })
		t.Run(tt.name+", in a file", func(t *testing.T) { testDamage(t, openBolt(t, t.TempDir()), tt.alter) })
	}
}

// testDamage has alter change what is in inner, behind the back of the sealed
// store on it.
func testDamage(t *testing.T, inner keystore.Store, alter func(keystore.Tx) error) {
	const b = keystore.Bucket("settings")
	s := NewKey().open(inner)
	update(t, s, func(tx keystore.Tx) error {
		return errors.Join(
			tx.Put(b, []byte("policy"), []byte("value")),
			tx.Put(b, []byte("other"), []byte("value")),
			tx.Put("credentials", []byte("policy"), []byte("value")),
		)
	})
	update(t, inner, alter)
	get := func(tx keystore.Tx) error { tx.Get(b, []byte("policy")); return nil }
	all := func(tx keystore.Tx) error {
		for range tx.All(b, nil) {
		}
		return nil
	}
	for name, err := range map[string]error{"Get": s.View(get), "All": s.View(all), "Get in Update": s.Update(get)} {
		if !errors.Is(err, keystore.ErrDamaged) {
			t.Errorf("%s: got %v, want %v", name, err, keystore.ErrDamaged)
		}
	}
	update(t, s, func(tx keystore.Tx) error { return tx.Put(b, []byte("policy"), []byte("again")) })
}

// A reset needs nothing of what it erases: what cannot be decrypted goes, too.
func TestResetOfDamage(t *testing.T) {
	for name, inner := range map[string]keystore.Store{"in memory": keystore.NewMemory(), "in a file": openBolt(t, t.TempDir())} {
		s := NewKey().open(inner)
		fill(t, s)
		buckets := []keystore.Bucket{"settings", "credentials", "index", "handles"}
		update(t, inner, func(tx keystore.Tx) error {
			for _, b := range buckets {
				keys := slices.Collect(tx.Keys(b, nil))
				if len(keys) == 0 {
					return fmt.Errorf("nothing in %s", b)
				}
				if err := tx.Put(b, keys[0], []byte("damaged")); err != nil {
					return err
				}
			}
			return nil
		})
		if err := s.Update(keystore.Reset); err != nil {
			t.Errorf("%s: Reset: got %v", name, err)
		}
		view(t, s, func(tx keystore.Tx) error {
			for _, b := range buckets[1:] { // Reset puts witnesses into the settings
				for key := range tx.Keys(b, nil) {
					t.Errorf("%s: %s: key %x survived a reset", name, b, key)
				}
			}
			return nil
		})
	}
}

func TestOpen(t *testing.T) {
	inner := keystore.NewMemory()
	refuse := errors.New("refused")
	s, err := Open(inner, nil)
	if s != keystore.Store(inner) || err != nil {
		t.Errorf("Open of a plain store = %v, %v; want the store itself", s, err)
	}
	if _, err := Open(inner, func(slots []Slot) (*Key, error) { return nil, refuse }); err != refuse {
		t.Errorf("Open of a plain store that unlock refuses: got %v, want %v", err, refuse)
	}
	key := NewKey()
	put(t, inner, sealWith(t, key, passphrase("correct horse")))
	fill(t, key.open(inner))

	if _, err := Open(inner, nil); !errors.Is(err, ErrSealed) {
		t.Errorf("Open without a key: got %v, want %v", err, ErrSealed)
	}
	if _, err := Open(inner, func([]Slot) (*Key, error) { return nil, refuse }); err != refuse {
		t.Errorf("Open with an unlock that fails: got %v, want %v", err, refuse)
	}
	var opened *Key
	s, err = Open(inner, func(slots []Slot) (_ *Key, err error) {
		if len(slots) != 1 || slots[0].Kind != KindPassphrase {
			t.Errorf("slots: got %+v, want one of a passphrase", slots)
		}
		opened, err = slots[0].Open(passphrase("correct horse"))
		return opened, err
	})
	if err != nil {
		t.Fatal(err)
	}
	checkFilled(t, s)
	if *opened != (Key{}) {
		t.Error("the key is not wiped")
	}
}

// A store whose slots cannot be read is refused: it is no plain one.
func TestDamagedSlots(t *testing.T) {
	tests := []struct {
		name       string
		key, value []byte
	}{
		{"no CBOR", []byte{0}, []byte("x")},
		{"empty", []byte{0}, nil},
		{"a long number", []byte{0, 0}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := keystore.NewMemory()
			update(t, s, func(tx keystore.Tx) error { return tx.Put(bucket, tt.key, tt.value) })
			if got, err := Open(s, nil); !errors.Is(err, errSlot) || got != nil {
				t.Errorf("Open = %v, %v; want %v", got, err, errSlot)
			}
		})
	}
}
