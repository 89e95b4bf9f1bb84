package crash

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
)

// refuses starts a key that must not come up: it says why, gives a hint, and
// leaves its store as it is.
func refuses(t *testing.T, m machine, why string) {
	t.Helper()
	before := readStore(t, m.state)
	p := m.launch(t)
	line, _ := p.stdout.ReadString('\n')
	err := p.wait()
	if code := p.cmd.ProcessState.ExitCode(); code != 1 || line != "" {
		t.Errorf("got exit code %d, %v, and %q; want 1 and nothing", code, err, line)
	}
	if said := p.stderr.String(); !strings.Contains(said, why) || !strings.Contains(said, "softkey: hint: ") {
		t.Errorf("got the message %q, want %q and a hint", said, why)
	}
	if !bytes.Equal(readStore(t, m.state), before) {
		t.Error("the store is another one afterwards")
	}
}

// testRefused has `softkey run` meet files that are no store of its own.
func testRefused(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "files refused")
	const notOurs = "softkey.db is not a softkey store, or a damaged one"
	good := readStore(t, s.base.state)
	tests := []struct {
		name, why string
		file      []byte
	}{
		{"empty", notOurs, nil},
		{"text", notOurs, []byte(strings.Repeat("dear diary\n", 5000))},
		{"another program's database", notOurs, append([]byte("SQLite format 3\x00"), make([]byte, 1<<16)...)},
		{"half", notOurs, good[:len(good)/2]},
		{"one page short", notOurs, good[:usedPages(t, s.base.state)*pageSize-1]},
		{"no meta page", notOurs, slices.Concat(make([]byte, metaPages*pageSize), good[metaPages*pageSize:])},
		{"another bbolt database", notOurs, changed(t, good, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("softkey")) })},
		{"newer", "store has format 99, this softkey knows formats up to", changed(t, good, func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("softkey")).Put([]byte("format"), binary.BigEndian.AppendUint32(nil, 99))
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := s.base.clone(t)
			if err := os.WriteFile(filepath.Join(p.state, storeName), tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			refuses(t, p.machine, tt.why)
			r.add(figures{rounds: 1})
		})
	}
}

// usedPages returns how many pages the database has; its file may be longer.
func usedPages(t *testing.T, dir string) (pages int) {
	t.Helper()
	withBolt(t, filepath.Join(dir, storeName), func(db *bbolt.DB) error {
		return db.View(func(tx *bbolt.Tx) error {
			pages = int(tx.Size() / pageSize)
			return nil
		})
	})
	return pages
}

// changed returns a store in which something was written behind softkey's back.
func changed(t *testing.T, file []byte, change func(*bbolt.Tx) error) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), storeName)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	withBolt(t, path, func(db *bbolt.DB) error { return db.Update(change) })
	return readStore(t, filepath.Dir(path))
}

func withBolt(t *testing.T, path string, use func(*bbolt.DB) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := use(db); err != nil {
		t.Fatal(err)
	}
}
