package seal

import (
	"bytes"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// rewrite changes the seals of the store in dir.
func rewrite(dir string, before []Slot, from, to *Key, after []Slot) error {
	return keystore.Rewrite(dir, keystore.Options{}, func(old iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
		return Change(old, before, from, to, after)
	})
}

// filled makes a store in a new folder.
func filled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s := openBolt(t, dir)
	fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkSeals opens the store in dir by a keeper, and looks at what is in it; a nil
// keeper stands for a store that is not sealed.
func checkSeals(t *testing.T, dir string, keeper Keeper, want int) {
	t.Helper()
	inner := openBolt(t, dir)
	defer inner.Close()
	slots, err := Slots(inner)
	if err != nil || len(slots) != want {
		t.Fatalf("Slots = %+v, %v; want %d", slots, err, want)
	}
	s := keystore.Store(inner)
	if keeper != nil {
		s, err = Open(inner, func(slots []Slot) (key *Key, err error) {
			for _, slot := range slots {
				if key, err = slot.Open(keeper); err == nil {
					return key, nil
				}
			}
			return nil, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	checkFilled(t, s)
}

// A store is sealed, gets a second seal, loses the first and is plain again: it
// holds the same all the time, and in between no secret is in the file.
func TestChange(t *testing.T) {
	dir := filled(t)
	key := NewKey()
	first := sealWith(t, key, passphrase("correct horse"))
	second := sealWith(t, key, passphrase("battery staple"))
	second.Number = 1
	steps := []struct {
		name          string
		before, after []Slot
		from, to      *Key
		keeper        Keeper
		secret        bool
	}{
		{"seal", nil, []Slot{first}, nil, key, passphrase("correct horse"), true},
		{"add", []Slot{first}, []Slot{first, second}, key, key, passphrase("correct horse"), true},
		{"by the other", []Slot{first, second}, []Slot{first, second}, key, key, passphrase("battery staple"), true},
		{"remove", []Slot{first, second}, []Slot{second}, key, key, passphrase("battery staple"), true},
		{"unseal", []Slot{second}, nil, key, nil, nil, false},
	}
	for _, step := range steps {
		if err := rewrite(dir, step.before, step.from, step.to, step.after); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		checkSeals(t, dir, step.keeper, len(step.after))
		if got := hasSecrets(t, dir); got == step.secret {
			t.Errorf("%s: secrets in the file: got %v, want %v", step.name, got, !step.secret)
		}
	}
}

// hasSecrets tells whether any file of a folder has a secret in it.
func hasSecrets(t *testing.T, dir string) bool {
	t.Helper()
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := os.ReadFile(filepath.Join(dir, name.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(file, []byte(secret)) {
				return true
			}
		}
	}
	return false
}

// A seal that was taken away is not in the file any more, not even in a page that
// is free.
func TestRemovedSlotIsGone(t *testing.T) {
	dir := filled(t)
	key := NewKey()
	first, second := sealWith(t, key, passphrase("correct horse")), sealWith(t, key, passphrase("battery staple"))
	second.Number = 1
	if err := rewrite(dir, nil, nil, key, []Slot{first, second}); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(dir, []Slot{first, second}, key, key, []Slot{second}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "softkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, first.Wrapped) || !bytes.Contains(file, second.Wrapped) {
		t.Error("the first seal is in the file, or the second is not")
	}
}

// What fails leaves the store as it was, byte for byte.
func TestChangeThatFails(t *testing.T) {
	dir := filled(t)
	key := NewKey()
	slot := sealWith(t, key, passphrase("correct horse"))
	if err := rewrite(dir, nil, nil, key, []Slot{slot}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "softkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	other := sealWith(t, key, passphrase("battery staple"))
	tests := []struct {
		name   string
		before []Slot
		from   *Key
		want   error
	}{
		{"the wrong key", []Slot{slot}, NewKey(), keystore.ErrDamaged},
		{"other slots meanwhile", []Slot{other}, key, errChanged},
		{"a slot more meanwhile", nil, key, errChanged},
		{"a slot less meanwhile", []Slot{slot, other}, key, errChanged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := rewrite(dir, tt.before, tt.from, key, []Slot{slot}); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			after, err := os.ReadFile(filepath.Join(dir, "softkey.db"))
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file is another one, or cannot be read: %v", err)
			}
		})
	}
}

func TestSharedFile(t *testing.T) {
	one := func(yield func(keystore.Entry) bool) {
		yield(keystore.Entry{Name: "a", Bucket: "settings", Key: []byte("k")})
	}
	var got error
	for _, err := range Change(one, nil, nil, NewKey(), nil) {
		got = err
	}
	if got != errShared {
		t.Errorf("got %v, want %v", got, errShared)
	}
}

func TestFree(t *testing.T) {
	var slots []Slot
	for n := range maxSlots {
		if n != 3 {
			slots = append(slots, Slot{Number: n})
		}
	}
	if got, err := Free(slots); got != 3 || err != nil {
		t.Errorf("Free = %d, %v; want 3", got, err)
	}
	if got, err := Free(append(slots, Slot{Number: 3})); err == nil {
		t.Errorf("Free of none = %d, want an error", got)
	}
}
