package keystore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// commits returns how many transactions were committed to a file so far, and a
// constant.
func commits(t testing.TB, f *boltFile) int {
	t.Helper()
	tx, err := f.db.Begin(false)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	return tx.ID()
}

func openForGroup(t testing.TB) *Bolt {
	t.Helper()
	s, err := Open(t.TempDir(), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func putting(key, value string) func(Tx) error {
	return func(tx Tx) error { return tx.Put("test", []byte(key), []byte(value)) }
}

// together runs fns as Updates that come while another runs, and returns their
// errors, that of the other last: nothing is committed before they are all there.
func together(s *Bolt, fns ...func(Tx) error) []error {
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	first := s.Update(func(tx Tx) error {
		for i, fn := range fns {
			wg.Go(func() {
				defer func() {
					if r := recover(); r != nil {
						errs[i] = fmt.Errorf("panic: %v", r)
					}
				}()
				errs[i] = errors.New("did not return")
				errs[i] = s.Update(fn)
			})
			for s.file.group.waiting.Load() != int32(i+1) {
				runtime.Gosched()
			}
		}
		return putting("first", "1")(tx)
	})
	wg.Wait()
	return append(errs, first)
}

func content(t testing.TB, s Store) string {
	t.Helper()
	var all string
	err := s.View(func(tx Tx) error {
		for key, value := range tx.All("test", nil) {
			all += fmt.Sprintf("%s=%s ", key, value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A lone Update is one commit, and none if it writes nothing.
func TestGroupOfOne(t *testing.T) {
	s := openForGroup(t)
	tests := []struct {
		name string
		fn   func(Tx) error
		want int
	}{
		{"put", putting("a", "1"), 1},
		{"nothing", func(Tx) error { return nil }, 0},
		{"read", func(tx Tx) error { tx.Get("test", []byte("a")); return nil }, 0},
		{"failed", func(tx Tx) error { return errors.Join(putting("a", "2")(tx), errors.New("of fn")) }, 0},
	}
	for _, tt := range tests {
		before := commits(t, s.file)
		_ = s.Update(tt.fn)
		if got := commits(t, s.file) - before; got != tt.want {
			t.Errorf("%s: got %d commits, want %d", tt.name, got, tt.want)
		}
	}
	if got, want := content(t, s), "a=1 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Updates that come together are one commit, and one that fails, in whatever
// way, takes back what is its own and nothing else.
func TestGroupSharesACommit(t *testing.T) {
	ofFn := errors.New("of fn")
	spoil := func(tx Tx) error {
		return errors.Join(
			putting("old", "spoilt")(tx), putting("old", "spoilt again")(tx), putting("first", "spoilt")(tx),
			putting("new", "spoilt")(tx), tx.Delete("test", []byte("b")), tx.Put("other bucket", []byte("c"), nil))
	}
	tests := []struct {
		name string
		fail func(Tx) error
		want string // the error
	}{
		{"error", func(tx Tx) error { return errors.Join(spoil(tx), ofFn) }, "of fn"},
		{"panic", func(tx Tx) error { spoil(tx); panic("of fn") }, "panic: of fn"},
		{"exit", func(tx Tx) error { spoil(tx); runtime.Goexit(); return nil }, "did not return"},
		{"damage", func(tx Tx) error { spoil(tx); panic(damage{"found"}) }, "keystore: " + ErrDamaged.Error() + ": found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := openForGroup(t)
			if err := errors.Join(s.Update(putting("old", "kept")), s.Update(putting("b", "kept"))); err != nil {
				t.Fatal(err)
			}
			before := commits(t, s.file)
			errs := together(s, putting("second", "2"), tt.fail, putting("third", "3"), tt.fail)
			if got := commits(t, s.file) - before; got != 1 {
				t.Errorf("got %d commits, want 1", got)
			}
			if got, want := content(t, s), "b=kept first=1 old=kept second=2 third=3 "; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			for i, failed := range []bool{false, true, false, true, false} {
				if (errs[i] != nil) != failed || failed && errs[i].Error() != tt.want {
					t.Errorf("Update %d: got %v, want an error %t: %s", i, errs[i], failed, tt.want)
				}
			}
		})
	}
}

// The first of a group may fail as well: the others do without it.
func TestGroupWithoutItsFirst(t *testing.T) {
	s := openForGroup(t)
	var wg sync.WaitGroup
	var second error
	ofFn := errors.New("of fn")
	before := commits(t, s.file)
	first := s.Update(func(tx Tx) error {
		wg.Go(func() { second = s.Update(putting("b", "2")) })
		for s.file.group.waiting.Load() != 1 {
			runtime.Gosched()
		}
		return errors.Join(putting("a", "1")(tx), ofFn)
	})
	wg.Wait()
	if !errors.Is(first, ofFn) || second != nil {
		t.Errorf("got %v and %v, want the error of fn and none", first, second)
	}
	if got := content(t, s); got != "b=2 " {
		t.Errorf("got %q, want \"b=2 \"", got)
	}
	if got := commits(t, s.file) - before; got != 1 {
		t.Errorf("got %d commits, want 1", got)
	}
}

// A transaction that bbolt has spoilt is given up: whoever wrote into it learns
// of it, and the store goes on.
func TestGroupWithABrokenTransaction(t *testing.T) {
	s := openForGroup(t)
	ofFn := errors.New("of fn")
	errs := together(s, func(tx Tx) error {
		tx.(*boltTx).broken = true
		return ofFn
	})
	if !errors.Is(errs[0], ofFn) || !errors.Is(errs[1], ErrDamaged) {
		t.Errorf("got %v and %v, want the error of fn and ErrDamaged", errs[0], errs[1])
	}
	if err := s.Update(putting("b", "2")); err != nil {
		t.Errorf("Update: %v", err)
	}
	if got, want := content(t, s), "b=2 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A commit that fails is everybody's failure, and the store goes on.
func TestGroupWhoseCommitFails(t *testing.T) {
	s := openForGroup(t)
	if err := s.Update(putting("old", "kept")); err != nil {
		t.Fatal(err)
	}
	errs := together(s, putting("a", "1"), func(tx Tx) error {
		return s.file.group.batch.tx.Rollback() // so that there is nothing to commit
	})
	for i, err := range errs {
		if err == nil {
			t.Errorf("Update %d: got nil, want an error", i)
		}
	}
	if err := s.Update(putting("b", "2")); err != nil {
		t.Errorf("Update: %v", err)
	}
	if got, want := content(t, s), "b=2 old=kept "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGroupLikeMaps lets several callers do random things to keys of their own,
// and to a map each; some Updates fail.
func TestGroupLikeMaps(t *testing.T) {
	const callers, updates = 6, 80
	s := openForGroup(t)
	want := make([]map[string]string, callers)
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() { want[n] = work(t, s, n, updates) })
	}
	wg.Wait()
	var all []string
	for _, m := range want {
		for key, value := range m {
			all = append(all, key+"="+value+" ")
		}
	}
	slices.Sort(all)
	var sum string
	for _, item := range all {
		sum += item
	}
	if got := content(t, s); got != sum {
		t.Errorf("got  %q\nwant %q", got, sum)
	}
}

// work is one caller of TestGroupLikeMaps. It returns what must be stored.
func work(t *testing.T, s *Bolt, n, updates int) map[string]string {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	drop := errors.New("drop")
	model := map[string]string{}
	for range updates {
		next := map[string]string{}
		for key, value := range model {
			next[key] = value
		}
		err := s.Update(func(tx Tx) error {
			for range random.IntN(6) {
				key := fmt.Sprintf("%d-%d", n, random.IntN(8))
				if random.IntN(3) == 0 {
					delete(next, key)
					if err := tx.Delete("test", []byte(key)); err != nil {
						return err
					}
					continue
				}
				next[key] = fmt.Sprint(random.IntN(1000))
				if err := putting(key, next[key])(tx); err != nil {
					return err
				}
			}
			if random.IntN(3) == 0 {
				return drop
			}
			return nil
		})
		switch {
		case err == nil:
			model = next
		case err != drop:
			t.Error(err)
		}
	}
	return model
}

// A reset looks at no value that it erases: one that is damaged goes, too, alone
// and among others.
func TestGroupResetsDamage(t *testing.T) {
	for _, run := range []struct {
		name  string
		reset func(s *Bolt) error
	}{
		{"alone", func(s *Bolt) error { return s.Update(Reset) }},
		{"among others", func(s *Bolt) error { return errors.Join(together(s, Reset)...) }},
	} {
		s := openForGroup(t)
		err := s.Update(func(tx Tx) error {
			if err := tx.Put(bucketCredentials, sequenceKey(1), nil); err != nil {
				return err
			}
			return tx.(*boltTx).bucket(bucketCredentials).Put(sequenceKey(1), []byte("a value without its checksum"))
		})
		if err != nil {
			t.Fatal(err)
		}
		read := func(tx Tx) error { tx.Get(bucketCredentials, sequenceKey(1)); return nil }
		if err := s.View(read); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: View: got %v, want ErrDamaged", run.name, err)
		}
		if err := run.reset(s); err != nil {
			t.Errorf("%s: Reset: got %v", run.name, err)
		}
		if err := s.View(read); err != nil {
			t.Errorf("%s: View after the reset: got %v", run.name, err)
		}
	}
}

// A reset that fails is taken back, alone and among others, and the keys are
// counted right.
func TestGroupTakesBackAReset(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(func(tx Tx) error { return PutDeviceKey(tx, [32]byte{1}) }); err != nil {
		t.Fatal(err)
	}
	ofFn := errors.New("of fn")
	failing := func(tx Tx) error { return errors.Join(Reset(tx), PutDeviceKey(tx, [32]byte{2}), ofFn) }
	if err := s.Update(failing); !errors.Is(err, ofFn) {
		t.Errorf("got %v, want the error of fn", err)
	}
	if errs := together(s, failing); !errors.Is(errs[0], ofFn) || errs[1] != nil {
		t.Errorf("got %v, want the error of fn and none", errs)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir, Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.View(func(tx Tx) error {
		if key, ok := DeviceKey(tx); !ok || key != [32]byte{1} {
			t.Errorf("DeviceKey: got %x, %t; want that of before", key, ok)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
