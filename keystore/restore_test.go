package keystore_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// restored opens what becomes of the store that fill has filled.
func restored(t *testing.T, fill func(s keystore.Store)) *keystore.Bolt {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{})
	fill(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := keystore.Rewrite(dir, keystore.Options{}, func(old iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
		return func(yield func(keystore.Entry, error) bool) {
			for e := range old {
				if !yield(keystore.Restored(e)) {
					return
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return open(t, dir, keystore.Options{})
}

func TestRestoredCounts(t *testing.T) {
	var last uint32
	s := restored(t, func(s keystore.Store) {
		counter := newCounter(t, s)
		for range 3 {
			last = next(t, counter)
		}
		if err := counter.Close(); err != nil {
			t.Fatal(err)
		}
		update(t, s, func(tx keystore.Tx) error {
			if err := keystore.PutUniq(tx, "0011223344556677"); err != nil {
				return err
			}
			_, err := keystore.IncrementStartCount(tx)
			return err
		})
	})
	if got, want := next(t, newCounter(t, s)), last+keystore.RestoreMargin+1; got != want {
		t.Errorf("the first value after it: got %d, want %d", got, want)
	}
	view(t, s, func(tx keystore.Tx) {
		if got, want := keystore.StartCount(tx), uint64(1+keystore.RestoreMargin); got != want {
			t.Errorf("StartCount: got %d, want %d", got, want)
		}
		if got, want := keystore.Uniq(tx), "0011223344556677"; got != want {
			t.Errorf("Uniq: got %q, want %q", got, want)
		}
	})
}

func TestRestoredSignCount(t *testing.T) {
	tests := []struct {
		name        string
		value, want []byte
		err         error
	}{
		{"none was used", []byte{0, 0, 0, 0}, []byte{0, 0x10, 0, 0}, nil},
		{"the last that can", []byte{0xff, 0xef, 0xff, 0xff}, []byte{0xff, 0xff, 0xff, 0xff}, nil},
		{"the first that cannot", []byte{0xff, 0xf0, 0, 0}, nil, keystore.ErrCounterExhausted},
		{"the greatest", []byte{0xff, 0xff, 0xff, 0xff}, nil, keystore.ErrCounterExhausted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := keystore.Restored(keystore.Entry{Bucket: "device", Key: []byte("sign-count"), Value: tt.value})
			if !errors.Is(err, tt.err) || err == nil && string(e.Value) != string(tt.want) {
				t.Errorf("Restored(%x) = %x, %v; want %x, %v", tt.value, e.Value, err, tt.want, tt.err)
			}
		})
	}
	if _, err := keystore.Restored(keystore.Entry{Bucket: "device", Key: []byte("sign-count"), Value: []byte{1}}); err == nil {
		t.Error("a counter of one byte: got no error")
	}
}

func next(t *testing.T, c *keystore.Counter) uint32 {
	t.Helper()
	value, err := c.Next()
	if err != nil {
		t.Fatal(err)
	}
	return value
}
