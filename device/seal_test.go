package device

import (
	"bytes"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

var phrase = seal.Passphrase{Phrase: []byte("correct horse"), Cost: seal.Cost{Passes: 1, Memory: 8, Lanes: 1}}

// sealed makes a device in a folder, and seals its store.
func sealed(t *testing.T) (cfg Config, chain []byte) {
	t.Helper()
	p, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	cfg = Config{Profile: p, Dir: t.TempDir()}
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	chain = chainOf(t, d)[0].Raw
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	key := seal.NewKey()
	slot, err := key.Seal(phrase)
	if err != nil {
		t.Fatal(err)
	}
	err = keystore.Rewrite(cfg.Dir, keystore.Options{}, func(old iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
		return seal.Change(old, nil, nil, key, []seal.Slot{slot})
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg, chain
}

// A sealed store is refused where nobody opens it, and not changed.
func TestSealedIsRefused(t *testing.T) {
	cfg, _ := sealed(t)
	file := filepath.Join(cfg.Dir, "softkey.db")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(cfg); !errors.Is(err, seal.ErrSealed) {
		t.Errorf("New: got %v, want %v", err, seal.ErrSealed)
	}
	refused := errors.New("refused")
	cfg.Unseal = func([]seal.Slot) (*seal.Key, error) { return nil, refused }
	if _, err := New(cfg); !errors.Is(err, refused) { // and not that the store is locked still
		t.Errorf("New with an Unseal that fails: got %v, want %v", err, refused)
	}
	after, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the store is another one, or cannot be read: %v", err)
	}
}

func TestSealedIsOpened(t *testing.T) {
	cfg, chain := sealed(t)
	cfg.Unseal = func(slots []seal.Slot) (*seal.Key, error) { return slots[0].Open(phrase) }
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(chainOf(t, d)[0].Raw, chain) {
		t.Error("the device has another certificate than before")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
