package keystore_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// Whichever bits of the heads of pages and of their elements flip, Open or what
// reads the store notices it, or nothing is wrong: never a crash, and never
// another number of keys.
func TestDamagedHeads(t *testing.T) {
	dir := t.TempDir()
	good := makeStore(t, dir, keystore.Options{})
	used := int(usedBytes(t, dir))
	random := rand.New(rand.NewPCG(5, 6))
	refused := 0
	for page := 2 * 4096; page < used; page += 4096 {
		for range 24 {
			bad := append([]byte{}, good...)
			bad[page+random.IntN(16+4*16)] ^= 1 << random.IntN(8)
			write(bad)(t, dir)
			s, err := keystore.Open(dir, keystore.Options{NoSync: true})
			if err != nil {
				if !errors.Is(err, keystore.ErrDamaged) {
					t.Fatalf("Open: got %v, want ErrDamaged", err)
				}
				refused++
				continue
			}
			wantAllOrDamage(t, s)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused: the test does not reach it")
	}
}

// wantAllOrDamage reads all of a store of makeStore.
func wantAllOrDamage(t *testing.T, s *keystore.Bolt) {
	t.Helper()
	n := 0
	for _, err := range s.Entries() {
		if errors.Is(err, keystore.ErrDamaged) {
			return
		}
		if n++; err != nil {
			t.Errorf("Entries: got %v, want ErrDamaged", err)
		}
	}
	const want = 50*3 + 1 + 4 // three for each credential, one for their site, the device key, its witness and two counts
	if n != want {
		t.Errorf("got %d keys, want %d", n, want)
	}
}
