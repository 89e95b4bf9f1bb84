package keystore_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// deviceKeyOf returns the first byte of a store's device key, 0 if it has none.
func deviceKeyOf(t testing.TB, s keystore.Store) (first byte) {
	t.Helper()
	view(t, s, func(tx keystore.Tx) {
		key, _ := keystore.DeviceKey(tx)
		first = key[0]
	})
	return first
}

func putDeviceKey(first byte) func(tx keystore.Tx) error {
	return func(tx keystore.Tx) error { return keystore.PutDeviceKey(tx, [32]byte{first}) }
}

// Each authenticator sees its own, also after the file was closed and opened.
func TestSharedKeepsApart(t *testing.T) {
	dir := t.TempDir()
	s := openShared(t, dir, keystore.Options{NoSync: true})
	update(t, s.Common(), putDeviceKey(100))
	for i := range 20 {
		update(t, storeOf(t, s, fmt.Sprint("name ", i)), putDeviceKey(byte(1+i)))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openShared(t, dir, keystore.Options{NoSync: true})
	if got := deviceKeyOf(t, s.Common()); got != 100 {
		t.Errorf("Common: got key %d, want 100", got)
	}
	for i := range 20 {
		if got := deviceKeyOf(t, storeOf(t, s, fmt.Sprint("name ", i))); got != byte(1+i) {
			t.Errorf("name %d: got key %d, want %d", i, got, 1+i)
		}
	}
	if got := deviceKeyOf(t, storeOf(t, s, "name 20")); got != 0 {
		t.Errorf("a new name: got key %d, want none", got)
	}
}

// A reset of one authenticator is nothing to the others.
func TestSharedReset(t *testing.T) {
	s := openShared(t, t.TempDir(), keystore.Options{NoSync: true})
	a, b := storeOf(t, s, "a"), storeOf(t, s, "b")
	c := credential("example.com", "alice", 1)
	for _, store := range []keystore.Store{a, b} {
		update(t, store, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 1) })
	}
	update(t, a, keystore.Reset)
	view(t, a, func(tx keystore.Tx) { wantStored(t, tx) })
	view(t, b, func(tx keystore.Tx) { wantStored(t, tx, c) })
}

func TestSharedNames(t *testing.T) {
	s := openShared(t, t.TempDir(), keystore.Options{NoSync: true})
	want := func(want ...string) {
		t.Helper()
		if got, err := s.Names(); err != nil || !slices.Equal(got, want) {
			t.Errorf("Names: got %q, %v; want %q", got, err, want)
		}
	}
	want()
	update(t, storeOf(t, s, "b"), putDeviceKey(1))
	update(t, storeOf(t, s, "a"), putDeviceKey(1))
	storeOf(t, s, "empty")
	want("a", "b")

	emptied := storeOf(t, s, "aa")
	update(t, emptied, func(tx keystore.Tx) error {
		return errors.Join(tx.Put("x", []byte("key"), nil), tx.Put("y", []byte("key"), nil))
	})
	update(t, emptied, func(tx keystore.Tx) error { return tx.Delete("x", []byte("key")) })
	want("a", "aa", "b")
	update(t, emptied, func(tx keystore.Tx) error { return tx.Delete("y", []byte("key")) })
	want("a", "b")
}

func TestSharedRefusesNames(t *testing.T) {
	s := openShared(t, t.TempDir(), keystore.Options{NoSync: true})
	for _, name := range []string{"", strings.Repeat("x", 256)} {
		if store, err := s.Store(name); err == nil {
			t.Errorf("Store of a name of %d bytes: got %v, want an error", len(name), store)
		}
	}
	for _, name := range []string{"\x00", strings.Repeat("x", 255), "authenticators", "softkey"} {
		update(t, storeOf(t, s, name), putDeviceKey(1))
	}
}

func TestSharedOneAtATime(t *testing.T) {
	s := openShared(t, t.TempDir(), keystore.Options{NoSync: true})
	first := storeOf(t, s, "name")
	if second, err := s.Store("name"); !errors.Is(err, keystore.ErrInUse) {
		t.Fatalf("Store of an open name: got %v, %v; want ErrInUse", second, err)
	}
	for range 2 { // the second Close must not close what was opened meanwhile
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if err := first.View(nothing); !errors.Is(err, os.ErrClosed) {
			t.Errorf("View after Close: got %v, want os.ErrClosed", err)
		}
		if again, err := s.Store("name"); err == nil {
			t.Cleanup(func() { again.Close() })
		} else if !errors.Is(err, keystore.ErrInUse) {
			t.Errorf("Store: got %v", err)
		}
	}
}

func nothing(keystore.Tx) error { return nil }

// What is open when the file is closed is closed with it.
func TestSharedClose(t *testing.T) {
	s := openShared(t, t.TempDir(), keystore.Options{NoSync: true})
	store := storeOf(t, s, "name")
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for name, run := range map[string]func() error{
		"View":           func() error { return store.View(nothing) },
		"Update":         func() error { return store.Update(nothing) },
		"Common, View":   func() error { return s.Common().View(nothing) },
		"Common, Update": func() error { return s.Common().Update(nothing) },
		"Store":          func() error { _, err := s.Store("other"); return err },
		"Names":          func() error { _, err := s.Names(); return err },
	} {
		if err := run(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: got %v, want os.ErrClosed", name, err)
		}
	}
	if err := store.Close(); err != nil {
		t.Errorf("Close of a store whose file is closed: %v", err)
	}
}

// Each kind is refused where the other is wanted, and not changed.
func TestKinds(t *testing.T) {
	single, shared := t.TempDir(), t.TempDir()
	makeStore(t, single, keystore.Options{})
	s := openShared(t, shared, keystore.Options{NoSync: true})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := keystore.Open(shared, keystore.Options{}); !errors.Is(err, keystore.ErrKind) {
		t.Errorf("Open of a shared store: got %v, want ErrKind", err)
	}
	if _, err := keystore.OpenShared(single, keystore.Options{}); !errors.Is(err, keystore.ErrKind) {
		t.Errorf("OpenShared of a store of one: got %v, want ErrKind", err)
	}
	if _, err := keystore.OpenShared(shared, keystore.Options{Seeded: true}); !errors.Is(err, keystore.ErrMode) {
		t.Errorf("OpenShared in the other mode: got %v, want ErrMode", err)
	}
	openShared(t, shared, keystore.Options{})
}

// The same guards hold for the shared file as for the single one.
func TestOpenSharedRefuses(t *testing.T) {
	for _, tt := range refusedStores {
		t.Run(tt.name, func(t *testing.T) {
			if errors.Is(tt.want, keystore.ErrKind) {
				t.Skip("that is what it is to be")
			}
			dir := t.TempDir()
			s := openShared(t, dir, keystore.Options{NoSync: true})
			for i := range 50 {
				update(t, storeOf(t, s, fmt.Sprint(i)), putDeviceKey(1))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, dir)
			wantRefused(t, dir, tt.want, func() error {
				_, err := keystore.OpenShared(dir, tt.opts)
				return err
			})
		})
	}
}

// Authenticators work side by side.
func TestSharedConcurrently(t *testing.T) {
	const names, each = 16, 20
	dir := t.TempDir()
	s := openShared(t, dir, keystore.Options{NoSync: true})
	var wg sync.WaitGroup
	for n := range names {
		store := storeOf(t, s, fmt.Sprint(n))
		wg.Go(func() {
			counter, err := keystore.NewCounter(store)
			if err != nil {
				t.Error(err)
				return
			}
			for i := range each {
				if value, err := counter.Next(); err != nil || value != uint32(i+1) {
					t.Errorf("Next: got %d, %v; want %d", value, err, i+1)
				}
				c := credential("example.com", fmt.Sprint(i), n*each+i)
				if err := store.Update(func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, each) }); err != nil {
					t.Error(err)
				}
			}
			if err := errors.Join(counter.Close(), store.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for n := range names {
		store := storeOf(t, s, fmt.Sprint(n))
		view(t, store, func(tx keystore.Tx) {
			if got := keystore.CredentialCount(tx); got != each {
				t.Errorf("%d: got %d credentials, want %d", n, got, each)
			}
		})
		if got := newCounter(t, store).Last(); got != each {
			t.Errorf("%d: the counter is at %d, want %d", n, got, each)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantConsistent(t, dir)
}
