package keystore_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/keystore"
)

// A store is whole, of whichever mode, kind and format, and is not touched.
func TestCheck(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
		keys uint64
	}{
		{"empty", func(t *testing.T, dir string) { open(t, dir, keystore.Options{}).Close() }, 0},
		{"some", func(t *testing.T, dir string) { makeStore(t, dir, keystore.Options{}) }, keysOfStore},
		{"deterministic", func(t *testing.T, dir string) { makeStore(t, dir, keystore.Options{Seeded: true}) }, keysOfStore},
		{"large", func(t *testing.T, dir string) { makeLarge(t, dir) }, keysOfLarge},
		{"shared", func(t *testing.T, dir string) {
			s := openShared(t, dir, keystore.Options{})
			for _, name := range []string{"a", "b"} {
				update(t, storeOf(t, s, name), func(tx keystore.Tx) error { return keystore.PutDeviceKey(tx, [32]byte{1}) })
			}
			s.Close()
		}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, told := t.TempDir(), []float64{0}
			tt.make(t, dir)
			file := filepath.Join(dir, "softkey.db")
			before := readFile(t, file)
			keys, err := keystore.Check(dir, func(done float64) { told = append(told, done) })
			if keys != tt.keys || err != nil {
				t.Errorf("Check = %d, %v; want %d", keys, err, tt.keys)
			}
			if !slices.IsSorted(told) || told[len(told)-1] > 1 {
				t.Errorf("told %v, want parts that rise to 1", told)
			}
			if !bytes.Equal(readFile(t, file), before) || list(t, dir) != "softkey.db softkey.lock" {
				t.Errorf("Check has changed the folder: %s", list(t, dir))
			}
		})
	}
}

// The older formats have no checksums and no count, but pages.
func TestCheckFormat1(t *testing.T) {
	if keys, err := keystore.Check(unpackFormat1(t), nil); keys == 0 || err != nil {
		t.Errorf("Check = %d, %v; want some keys", keys, err)
	}
}

const (
	keysOfStore = 50*3 + 1 + 4 // of makeStore: three for each credential, one for their site, the device key, its witness and two counts
	largeCount  = 2100
	keysOfLarge = largeCount*3 + 7 + 2 // and seven sites, two counts
)

// makeLarge makes a store that is too large to be surveyed when it is opened.
func makeLarge(t *testing.T, dir string) (content []byte) {
	t.Helper()
	s := open(t, dir, keystore.Options{NoSync: true})
	update(t, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, many(0, largeCount), largeCount) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if used := usedBytes(t, dir); used <= 1<<20 {
		t.Fatalf("the store has %d bytes, want more than a mebibyte", used)
	}
	return readFile(t, filepath.Join(dir, "softkey.db"))
}

// Whichever bits of a large store flip, in the heads of pages, in the list of free
// ones and anywhere, Check notices it, or nothing is wrong, and the next commit
// takes no page that is in use.
func TestCheckFindsDamage(t *testing.T) {
	dir := t.TempDir()
	good := makeLarge(t, dir)
	want, pages := dumpDir(t, dir), int(usedBytes(t, dir)/4096)
	random := rand.New(rand.NewPCG(7, 8))
	flip := func(b []byte) { b[random.IntN(len(b))] ^= 1 << random.IntN(8) }
	found := 0
	for round := range 120 {
		bad := bytes.Clone(good)
		page := bad[random.IntN(pages)*4096:][:4096]
		switch round % 4 {
		case 0:
			flip(pageOf(t, bad, 16)[:16+8*3])
		case 1:
			flip(page[:16+4*16])
		default:
			flip(page)
		}
		write(bad)(t, dir)
		_, err := keystore.Check(dir, nil)
		if isRefusal(err, keystore.ErrDamaged) || errors.As(err, new(*keystore.FormatError)) {
			found++
			continue
		}
		if err != nil {
			t.Errorf("Check: got %v, want ErrDamaged", err)
		}
		if got := dumpDir(t, dir); got != want {
			t.Fatalf("round %d: Check finds nothing, but the store holds %d bytes of text, want %d", round, len(got), len(want))
		}
		wantConsistent(t, dir)
	}
	if found < 40 {
		t.Errorf("%d of 120 were found: the test does not reach it", found)
	}
}

func TestCheckRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, dir string)
	}{
		{"a key missing", editing(loseKey)},
		{"a value without its checksum", editing(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("settings")).Put([]byte("credentials"), []byte{9})
		})},
		{"the device key missing, though the number is right", func(t *testing.T, dir string) {
			s := open(t, dir, keystore.Options{})
			update(t, s, func(tx keystore.Tx) error { return tx.Delete("settings", []byte("device-key")) })
			s.Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			makeStore(t, dir, keystore.Options{})
			tt.spoil(t, dir)
			wantRefused(t, dir, keystore.ErrDamaged, func() error { _, err := keystore.Check(dir, nil); return err })
		})
	}
	dir := t.TempDir()
	if _, err := keystore.Check(dir, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Check of no store: got %v, want fs.ErrNotExist", err)
	}
	open(t, dir, keystore.Options{})
	if _, err := keystore.Check(dir, nil); !errors.As(err, new(*keystore.LockedError)) {
		t.Errorf("Check of an open store: got %v, want a LockedError", err)
	}
}
