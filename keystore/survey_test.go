package keystore_test

import (
	"bytes"
	"encoding/binary"
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

// The list of free pages must have all that are not in use, and no other.
func TestFreePages(t *testing.T) {
	dir := t.TempDir()
	content := makeStore(t, dir, keystore.Options{})
	const freelist, branches = 16, 1
	list := pageOf(t, content, freelist)
	count := binary.NativeEndian.Uint16(list[10:])
	inUse := binary.NativeEndian.Uint64(pageOf(t, content, branches))
	binary.NativeEndian.PutUint64(list[16+8*int(count):], inUse)
	for _, wrong := range []uint16{count + 1, count - 1} {
		binary.NativeEndian.PutUint16(list[10:], wrong)
		write(content)(t, dir)
		wantDamaged(t, dir)
	}
}

// That list is looked at in a large store, too, before a commit writes to what is
// free: its numbers ascend, and are those of pages.
func TestFreePagesOfLargeStore(t *testing.T) {
	dir := t.TempDir()
	good := makeLarge(t, dir)
	const freelist, header = 16, 16
	tests := []struct {
		name  string
		spoil func(first []byte)
	}{
		{"twice the same", func(first []byte) { copy(first[8:16], first) }},
		{"not ascending", func(first []byte) { first[8], first[0] = first[0], first[8] }},
		{"no page", func(first []byte) { first[7] = 1 }},
		{"the first page of the file", func(first []byte) { clear(first[:8]) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := bytes.Clone(good)
			list := pageOf(t, bad, freelist)
			if count := binary.NativeEndian.Uint16(list[10:]); count < 2 {
				t.Fatalf("%d pages are free, want some", count)
			}
			tt.spoil(list[header:])
			write(bad)(t, dir)
			wantDamaged(t, dir)
		})
	}
}

// The keys of a page are less than the first of the next.
func TestKeyBeyondItsPage(t *testing.T) {
	dir := t.TempDir()
	content := makeStore(t, dir, keystore.Options{})
	const branches, header, element = 1, 16, 16
	child := binary.NativeEndian.Uint64(pageOf(t, content, branches)[header+8:])
	leaf := content[child*4096:][:4096]
	last := leaf[header+element*(int(binary.NativeEndian.Uint16(leaf[10:]))-1):]
	last[binary.NativeEndian.Uint32(last[4:])] = 0xFF // the first byte of the key
	write(content)(t, dir)
	wantDamaged(t, dir)
}

// Numbers that are below 0 where an int has 32 bits: GOARCH=386 shows it.
func TestSurveyLargeNumbers(t *testing.T) {
	dir := t.TempDir()
	good := makeStore(t, dir, keystore.Options{})
	const branches, leaves, header = 1, 2, 16
	tests := []struct {
		name string
		kind byte // of the page
		at   int
	}{
		{"where a key of a branch is", branches, header},
		{"length of a key of a branch", branches, header + 4},
		{"where a key of a leaf is", leaves, header + 4},
		{"length of a key of a leaf", leaves, header + 8},
		{"length of a value", leaves, header + 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad := bytes.Clone(good)
			binary.NativeEndian.PutUint32(pageOf(t, bad, tt.kind)[tt.at:], 0xFFFFFF00)
			write(bad)(t, dir)
			wantDamaged(t, dir)
		})
	}
}

// The count of a long list of free pages has 64 bits, and each of them counts.
func TestSurveyLargeCount(t *testing.T) {
	dir := t.TempDir()
	content := makeStore(t, dir, keystore.Options{})
	const freelist, header = 16, 16
	list := pageOf(t, content, freelist)
	count := binary.NativeEndian.Uint16(list[10:])
	copy(list[header+8:], list[header:header+8*int(count)])
	binary.NativeEndian.PutUint16(list[10:], 0xFFFF)
	binary.NativeEndian.PutUint64(list[header:], uint64(count))
	write(content)(t, dir)
	open(t, dir, keystore.Options{NoSync: true}).Close() // no damage so far

	binary.NativeEndian.PutUint64(list[header:], 1<<32|uint64(count))
	write(content)(t, dir)
	wantDamaged(t, dir)
}

func wantDamaged(t *testing.T, dir string) {
	t.Helper()
	wantRefused(t, dir, keystore.ErrDamaged, func() error {
		_, err := keystore.Open(dir, keystore.Options{})
		return err
	})
}

// pageOf returns the last page of a kind. The older ones of a kind may be free.
func pageOf(t *testing.T, content []byte, kind byte) (found []byte) {
	t.Helper()
	for at := 2 * 4096; at < len(content); at += 4096 {
		if page := content[at : at+4096]; page[8] == kind {
			found = page
		}
	}
	if found == nil {
		t.Fatalf("the store has no page of kind %d", kind)
	}
	return found
}
