package keystore_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// dump returns what is in a store, a line for each key.
func dump(t *testing.T, s *keystore.Bolt) string {
	t.Helper()
	var all bytes.Buffer
	for e, err := range s.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %x %x\n", e.Bucket, e.Key, e.Value)
	}
	return all.String()
}

// dumpDir is dump of the store in dir.
func dumpDir(t *testing.T, dir string) string {
	t.Helper()
	s := open(t, dir, keystore.Options{NoSync: true})
	defer s.Close()
	return dump(t, s)
}

func TestEntries(t *testing.T) {
	s := open(t, t.TempDir(), keystore.Options{NoSync: true})
	update(t, s, func(tx keystore.Tx) error {
		return errors.Join(tx.Put("b", []byte("2"), []byte("x")), tx.Put("b", []byte("1"), nil), tx.Put("a", []byte("3"), []byte("y")))
	})
	if got, want := dump(t, s), "a 33 79\nb 31 \nb 32 78\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for e, err := range s.Entries() { // a loop that ends early
		if err != nil || e.Bucket != "a" {
			t.Errorf("got %v, %v", e, err)
		}
		break
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range s.Entries() {
		if n++; !errors.Is(err, os.ErrClosed) {
			t.Errorf("Entries of a closed store: got %v, want os.ErrClosed", err)
		}
	}
	if n != 1 {
		t.Errorf("got %d errors, want 1", n)
	}
}

func TestCompact(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{NoSync: true})
	for n := 0; n < 600; n += 100 {
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, many(n, 100), 600) })
	}
	update(t, s, func(tx keystore.Tx) error {
		for i := range 590 {
			if err := keystore.DeleteCredential(tx, credentialID(i)); err != nil {
				return err
			}
		}
		return nil
	})
	want := dump(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := usedBytes(t, dir)
	if err := keystore.Compact(dir, keystore.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := dumpDir(t, dir); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if after := usedBytes(t, dir); after*4 > before {
		t.Errorf("%d bytes became %d, want a quarter at most", before, after)
	}
	wantConsistent(t, dir)
	wantMode(t, filepath.Join(dir, "softkey.db"), 0o600)
	if names := list(t, dir); names != "softkey.db softkey.lock" {
		t.Errorf("the folder holds %q, want the store and its lock", names)
	}
}

func TestCompactShared(t *testing.T) {
	dir := t.TempDir()
	s := openShared(t, dir, keystore.Options{Seeded: true, NoSync: true})
	update(t, s.Common(), putDeviceKey(1))
	update(t, storeOf(t, s, "a"), putDeviceKey(2))
	update(t, storeOf(t, s, "b"), putDeviceKey(3))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := keystore.Compact(dir, keystore.Options{}); !errors.Is(err, keystore.ErrMode) {
		t.Errorf("Compact in the other mode: got %v, want ErrMode", err)
	}
	if err := keystore.Compact(dir, keystore.Options{Seeded: true}); err != nil {
		t.Fatal(err)
	}
	s = openShared(t, dir, keystore.Options{Seeded: true, NoSync: true})
	for want, store := range []keystore.Store{1: s.Common(), 2: storeOf(t, s, "a"), 3: storeOf(t, s, "b")} {
		if store != nil && deviceKeyOf(t, store) != byte(want) {
			t.Errorf("got key %d, want %d", deviceKeyOf(t, store), want)
		}
	}
}

// changing returns a change that gives each value another first byte, in
// reverse order, and fails at the end with err.
func changing(err error) func(iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
	return func(old iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
		return func(yield func(keystore.Entry, error) bool) {
			for e := range old {
				e.Value = append([]byte{0xEE}, e.Value...)
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(keystore.Entry{}, err)
			}
		}
	}
}

func TestRewrite(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{NoSync: true})
	update(t, s, func(tx keystore.Tx) error { return tx.Put("b", []byte("key"), []byte{1}) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "softkey.db")
	before := readFile(t, file)
	if err := keystore.Rewrite(dir, keystore.Options{}, changing(errFull)); !errors.Is(err, errFull) {
		t.Errorf("Rewrite with a change that fails: got %v, want its error", err)
	}
	if !bytes.Equal(readFile(t, file), before) || list(t, dir) != "softkey.db softkey.lock" {
		t.Errorf("a Rewrite that failed left %s", list(t, dir))
	}
	if err := keystore.Rewrite(dir, keystore.Options{}, changing(nil)); err != nil {
		t.Fatal(err)
	}
	if got, want := dumpDir(t, dir), "b 6b6579 ee01\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The buckets that say what a file is are nobody's, and no change can make them.
func TestReservedBuckets(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{NoSync: true})
	for _, b := range []keystore.Bucket{"softkey", "authenticators"} {
		err := s.Update(func(tx keystore.Tx) error {
			if got := tx.Get(b, []byte("format")); got != nil {
				t.Errorf("Get from %s: got %x, want nil", b, got)
			}
			for key := range tx.All(b, nil) {
				t.Errorf("All of %s: got %x, want nothing", b, key)
			}
			return tx.Put(b, []byte("format"), []byte("mine"))
		})
		if err == nil {
			t.Errorf("Put to %s: got no error", b)
		}
	}
	if got := dump(t, s); got != "" {
		t.Errorf("got %q, want an empty store", got)
	}
}

func TestRewriteRefuses(t *testing.T) {
	if err := keystore.Compact(t.TempDir(), keystore.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Compact of no store: got %v, want fs.ErrNotExist", err)
	}
	dir := t.TempDir()
	open(t, dir, keystore.Options{})
	var locked *keystore.LockedError
	if err := keystore.Compact(dir, keystore.Options{}); !errors.As(err, &locked) {
		t.Errorf("Compact of an open store: got %v, want a LockedError", err)
	}
	for _, tt := range refusedStores {
		if errors.Is(tt.want, keystore.ErrKind) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			makeStore(t, dir, keystore.Options{})
			tt.spoil(t, dir)
			wantRefused(t, dir, tt.want, func() error { return keystore.Compact(dir, tt.opts) })
		})
	}
}

// Damage in the middle of a store stops a Rewrite of it.
func TestRewriteDamaged(t *testing.T) {
	dir := t.TempDir()
	makeStore(t, dir, keystore.Options{})
	file := filepath.Join(dir, "softkey.db")
	content := readFile(t, file)
	at := bytes.Index(content, []byte("e@example.com"))
	content[at] ^= 1
	write(content)(t, dir)
	if err := keystore.Compact(dir, keystore.Options{}); !errors.Is(err, keystore.ErrDamaged) {
		t.Errorf("Compact: got %v, want ErrDamaged", err)
	}
	if !bytes.Equal(readFile(t, file), content) || list(t, dir) != "softkey.db softkey.lock" {
		t.Errorf("a Rewrite that failed left %s", list(t, dir))
	}
}

// What a crash has left of a Rewrite is removed: it may hold secrets.
func TestOpenRemovesHalfOfARewrite(t *testing.T) {
	dir := t.TempDir()
	makeStore(t, dir, keystore.Options{})
	half := filepath.Join(dir, "softkey.db.new")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, keystore.Options{})
	if names := list(t, dir); names != "softkey.db softkey.lock" {
		t.Errorf("the folder holds %q, want the store and its lock", names)
	}
}

// testdata/format1.db.gz was made by softkey before format 2.
func unpackFormat1(t *testing.T) (dir string) {
	t.Helper()
	packed, err := os.Open("testdata/format1.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	write(content)(t, dir)
	return dir
}

func TestOpenFormat1(t *testing.T) {
	dir := unpackFormat1(t)
	before := readFile(t, filepath.Join(dir, "softkey.db"))
	wantRefused(t, dir, keystore.ErrMode, func() error {
		_, err := keystore.Open(dir, keystore.Options{Seeded: true})
		return err
	})
	wantRefused(t, dir, keystore.ErrKind, func() error {
		_, err := keystore.OpenShared(dir, keystore.Options{})
		return err
	})
	s := open(t, dir, keystore.Options{})
	var want []*keystore.Credential
	for i := range 12 {
		c := credential(fmt.Sprintf("rp%d.example", i%3), fmt.Sprint("user", i), i)
		c.Created = uint64(i + 1)
		want = append(want, c)
	}
	view(t, s, func(tx keystore.Tx) {
		wantStored(t, tx, want...)
		if key, ok := keystore.DeviceKey(tx); !ok || key != [32]byte{1} {
			t.Errorf("DeviceKey: got %x, %t", key, ok)
		}
		if policy, err := keystore.GetPolicy(tx); err != nil || policy.PINLength != 4 {
			t.Errorf("GetPolicy: got %v, %v", policy, err)
		}
		if got := keystore.KeyHandle(tx, [32]byte{2}, []byte("id")); string(got) != "handle" {
			t.Errorf("KeyHandle: got %q", got)
		}
		if got := keystore.Attestation(tx, "root"); string(got) != "certificate" {
			t.Errorf("Attestation: got %q", got)
		}
	})
	if got := newCounter(t, s).Last(); got != 7 {
		t.Errorf("the counter is at %d, want 7", got)
	}
	if bytes.Equal(readFile(t, filepath.Join(dir, "softkey.db")), before) {
		t.Error("the file was not rewritten")
	}
	missing(t, s, dir, "settings", "device-key") // as for a store of today
}
