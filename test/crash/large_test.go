package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// countedSize is up to which size of a file its keys are counted whenever it is
// opened (package keystore).
const countedSize = 1 << 20

// testLarge flips bits in the heads of the pages of a store that is too large to
// be counted when it is opened. Keys may be hidden there. A Compact and a copy find
// that some are missing; a check finds all that is wrong. Each leaves the store as
// it is.
func testLarge(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "damaged large files")
	p := s.base.clone(t)
	enlarge(t, p.state, 4000)
	want, good := contentsOf(t, p.state), readStore(t, p.state)
	if len(good) <= countedSize {
		t.Fatalf("the file has %d bytes, want more than %d", len(good), countedSize)
	}
	random, pages := s.random(t.Name()), usedPages(t, p.state)
	hidden := 0
	for range 10 * s.share(1, 10) {
		page := random.IntN(pages)
		bad := slices.Clone(good)
		bad[page*pageSize+random.IntN(16)] ^= 1 << random.IntN(8)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, storeName), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := judge(t, dir, want)
		r.add(figures{rounds: 1, faults: 1})
		if v == vLost {
			hidden++
			wantFound(t, dir)
		}
		if v == vUnclear || v == vRewritten {
			t.Errorf("page %d: got %s, %v", page, v, err)
		}
		if _, err := keystore.Check(dir, nil); v != vIntact && !errors.Is(err, keystore.ErrDamaged) {
			t.Errorf("page %d: got %s, and from Check %v; want ErrDamaged", page, v, err)
		}
		if after := readStore(t, dir); !slices.Equal(after, bad) {
			t.Errorf("page %d: the file is another one afterwards", page)
		}
	}
	r.note = fmt.Sprintf("%d found only by a check, a Compact or a copy", hidden)
}

// wantFound has all that reads a whole store find that keys are missing: a
// Compact, and Entries, of which state export makes its copy.
func wantFound(t *testing.T, dir string) {
	t.Helper()
	if err := keystore.Compact(dir, keystore.Options{NoSync: true}); !errors.Is(err, keystore.ErrDamaged) {
		t.Errorf("Compact: got %v, want ErrDamaged", err)
	}
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, err = range s.Entries() { // an error is the last
	}
	if !errors.Is(err, keystore.ErrDamaged) {
		t.Errorf("Entries: got %v, want ErrDamaged", err)
	}
}
