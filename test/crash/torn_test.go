package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// sectorSize is what a disk writes as a whole, or not at all.
const sectorSize = 512

const pageSize = 4096 // of the database

// metaPages are the first pages of the file. One of the two is written last, in
// turns; until then the other one counts.
const metaPages = 2

// snapshot is a store before a commit or after it.
type snapshot struct {
	file    []byte
	content string
}

// testTorn takes the power away in each commit of each operation. Where some
// sectors of its pages are written and others not, the store has what was there
// before. Where the page that makes them count is torn, which fits a sector, it
// has what was before or after, or is refused: an older commit must not pass for
// the last.
func testTorn(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "torn writes")
	cuts := s.share(4, 60)
	random := s.random(t.Name())
	for _, o := range operations {
		p := s.base.clone(t)
		key := p.openLocal(t)
		film := &filming{Store: key.disk, dir: p.state, t: t}
		key.store.Store = film
		if err := o.run(t.Context(), key.Device, p); err != nil {
			t.Fatal(err)
		}
		key.close(t)
		for i, commit := range film.commits {
			for range cuts {
				tear(t, commit, random, fmt.Sprintf("%s, commit %d", o.name, i+1), r)
			}
		}
	}
}

// filming keeps what each commit makes of the file.
type filming struct {
	keystore.Store
	dir     string
	t       *testing.T
	commits [][2]snapshot
}

func (f *filming) Update(fn func(keystore.Tx) error) error {
	before := f.snapshot()
	err := f.Store.Update(fn)
	if err == nil {
		f.commits = append(f.commits, [2]snapshot{before, f.snapshot()})
	}
	return err
}

func (f *filming) snapshot() snapshot {
	f.t.Helper()
	content, err := dump(f.Store)
	if err != nil {
		f.t.Error(err)
	}
	return snapshot{readStore(f.t, f.dir), content}
}

// tear judges what is left of a commit that was cut short, in two ways.
func tear(t *testing.T, commit [2]snapshot, random *rand.Rand, name string, r *row) {
	t.Helper()
	before, after := commit[0], commit[1]
	v, err := judgeTorn(t, tearPages(before.file, after.file, random), before.content)
	if r.add(figures{rounds: 1, faults: 1}); v != vIntact {
		t.Errorf("%s, pages: got %s, %v; want what was there before", name, v, err)
		r.add(figures{failures: 1})
	}
	v, err = judgeTorn(t, tearMeta(before.file, after.file, random), before.content, after.content)
	if r.add(figures{rounds: 1, faults: 1}); v != vIntact && v != vRefused {
		t.Errorf("%s, meta page: got %s, %v; want what was there before, or after, or nothing", name, v, err)
		r.add(figures{failures: 1})
	}
}

// tearPages returns the file when some sectors of the new pages were written,
// but not yet the page that makes them count.
func tearPages(before, after []byte, random *rand.Rand) []byte {
	torn := append([]byte(nil), before...)
	if len(after) > len(torn) && random.IntN(2) == 0 { // it grows before anything is written
		torn = append(torn, make([]byte, len(after)-len(torn))...)
	}
	for at := metaPages * pageSize; at < min(len(torn), len(after)); at += sectorSize {
		if random.IntN(2) == 0 {
			copy(torn[at:at+sectorSize], after[at:])
		}
	}
	return torn
}

// tearMeta returns the file when all was written but the end of the page that
// makes it count.
func tearMeta(before, after []byte, random *rand.Rand) []byte {
	torn := append([]byte(nil), after...)
	const used = 80 // bytes of such a page
	kept := random.IntN(used)
	for page := range metaPages {
		copy(torn[page*pageSize+kept:(page+1)*pageSize], before[page*pageSize+kept:])
	}
	return torn
}

func judgeTorn(t *testing.T, file []byte, wanted ...string) (verdict, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, storeName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return judge(t, dir, wanted...)
}
