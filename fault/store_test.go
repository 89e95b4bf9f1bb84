package fault

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/storetest"
)

// A store whose rules never strike is as any other.
func TestStoreUnharmed(t *testing.T) {
	storetest.Run(t, func(t *testing.T) keystore.Store {
		return inject(t, "put-fails:at=1000000", "read-fails:at=1000000").Store(keystore.NewMemory())
	})
}

const one, other keystore.Bucket = "credentials", "index"

// change makes a store that holds a=old in one bucket hold b=new there, and c=new in
// the other.
func change(tx keystore.Tx) error {
	if err := tx.Put(one, []byte("b"), []byte("new")); err != nil {
		return err
	}
	if err := tx.Put(other, []byte("c"), []byte("new")); err != nil {
		return err
	}
	return tx.Delete(one, []byte("a"))
}

// contents lists what a store holds.
func contents(t *testing.T, s keystore.Store) string {
	t.Helper()
	var all []string
	err := s.View(func(tx keystore.Tx) error {
		for _, b := range []keystore.Bucket{one, other} {
			for key, value := range tx.All(b, nil) {
				all = append(all, string(b)+" "+string(key)+"="+string(value))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

func TestStore(t *testing.T) {
	const before, after = "credentials a=old", "credentials b=new, index c=new"
	tests := []struct {
		rule string
		err  error
		want string
	}{
		{"put-fails", syscall.EIO, before},
		{"put-fails:at=2,error=ENOSPC", syscall.ENOSPC, before},
		{"put-fails:bucket=index,error=EDQUOT", syscall.EDQUOT, before},
		{"put-fails:bucket=index,at=2", nil, after},
		{"put-fails:at=3", nil, after},
		{"delete-fails", syscall.EIO, before},
		{"delete-fails:bucket=index", nil, after},
		{"commit-fails", syscall.EIO, before},
		{"commit-torn:error=ENOSPC", syscall.ENOSPC, after},
		{"commit-lost", nil, before},
		{"read-only", syscall.EROFS, before},
		{"read-fails:at=2", nil, after},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			memory := keystore.NewMemory()
			if err := memory.Update(func(tx keystore.Tx) error { return tx.Put(one, []byte("a"), []byte("old")) }); err != nil {
				t.Fatal(err)
			}
			if err := inject(t, tt.rule).Store(memory).Update(change); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if got := contents(t, memory); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// A fault passes: the next transaction is as any other.
func TestStoreAfterwards(t *testing.T) {
	for _, rule := range []string{"put-fails", "delete-fails", "commit-fails", "commit-torn", "commit-lost", "read-only:times=1"} {
		s := inject(t, rule).Store(keystore.NewMemory())
		_ = s.Update(change)
		if err := s.Update(change); err != nil {
			t.Errorf("%s: got %v", rule, err)
		}
		if got, want := contents(t, s), "credentials b=new, index c=new"; got != want {
			t.Errorf("%s: got %s, want %s", rule, got, want)
		}
	}
}

// To drop a bucket is to delete each of its keys.
func TestDrop(t *testing.T) {
	tests := []struct {
		rule string
		err  error
		want string
	}{
		{"delete-fails:bucket=credentials,at=2", syscall.EIO, "credentials a=old, credentials b=old, index c=old"},
		{"delete-fails:bucket=credentials,at=3", nil, "index c=old"},
		{"delete-fails:bucket=index", nil, "index c=old"},
		{"commit-lost", nil, "credentials a=old, credentials b=old, index c=old"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			memory := keystore.NewMemory()
			err := memory.Update(func(tx keystore.Tx) error {
				return errors.Join(
					tx.Put(one, []byte("a"), []byte("old")), tx.Put(one, []byte("b"), []byte("old")),
					tx.Put(other, []byte("c"), []byte("old")),
				)
			})
			if err != nil {
				t.Fatal(err)
			}
			drop := func(tx keystore.Tx) error { return tx.Drop(one) }
			if err := inject(t, tt.rule).Store(memory).Update(drop); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if got := contents(t, memory); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	s := inject(t, "read-fails:at=2").Store(keystore.NewMemory())
	read := func(keystore.Tx) error { return nil }
	for i, want := range []error{nil, syscall.EIO, nil} {
		if err := s.View(read); !errors.Is(err, want) {
			t.Errorf("View %d: got %v, want %v", i+1, err, want)
		}
	}
}

// The error of the caller is his own, and no commit.
func TestStoreCallerFails(t *testing.T) {
	in := inject(t, "commit-lost")
	want := errors.New("mistake")
	if err := in.Store(keystore.NewMemory()).Update(func(keystore.Tx) error { return want }); err != want {
		t.Errorf("got %v, want %v", err, want)
	}
	if got := in.Struck(); !slices.Equal(got, []int{0}) {
		t.Errorf("Struck: got %v, want 0", got)
	}
}

// Of two rules that are about an event the first strikes; the other does not
// learn of it.
func TestOrderOfRules(t *testing.T) {
	in := inject(t, "put-fails:error=EIO", "put-fails:error=ENOSPC")
	s := in.Store(keystore.NewMemory())
	for i, want := range []error{syscall.EIO, syscall.ENOSPC, nil} {
		if err := s.Update(change); !errors.Is(err, want) {
			t.Errorf("Update %d: got %v, want %v", i+1, err, want)
		}
	}
	if got := in.Struck(); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("Struck: got %v, want one each", got)
	}
}
