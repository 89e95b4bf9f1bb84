// Package storetest tests what every [keystore.Store] must do. A new kind of
// store calls [Run] from its own tests.
package storetest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

const fruit, stone keystore.Bucket = "fruit", "stone"

// Run tests the stores that open makes. Each call of open returns a new, empty
// store; Run closes it.
func Run(t *testing.T, open func(t *testing.T) keystore.Store) {
	tests := []struct {
		name string
		test func(t *testing.T, s keystore.Store)
	}{
		{"get", testGet},
		{"delete", testDelete},
		{"drop", testDrop},
		{"buckets", testBuckets},
		{"order", testOrder},
		{"prefix", testPrefix},
		{"from", testFrom},
		{"stop", testStop},
		{"copies", testCopies},
		{"valid slices", testValidSlices},
		{"keys", testKeys},
		{"read only", testReadOnly},
		{"roll back on error", testRollBackOnError},
		{"roll back on panic", testRollBackOnPanic},
		{"view beside update", testViewBesideUpdate},
		{"concurrent updates", testConcurrentUpdates},
		{"like a map", testLikeMap},
		{"close", testClose},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			tt.test(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// update runs fn in an Update that must succeed.
func update(t *testing.T, s keystore.Store, fn func(tx keystore.Tx)) {
	t.Helper()
	if err := s.Update(func(tx keystore.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs fn in a View that must succeed.
func view(t *testing.T, s keystore.Store, fn func(tx keystore.Tx)) {
	t.Helper()
	if err := s.View(func(tx keystore.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put writes pairs of keys and values to b.
func put(t *testing.T, tx keystore.Tx, b keystore.Bucket, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Put(b, []byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			t.Fatalf("Put(%q): %v", pairs[i], err)
		}
	}
}

// content returns what All yields, as "key=value key=value".
func content(tx keystore.Tx, b keystore.Bucket, prefix string) string {
	var all []string
	for key, value := range tx.All(b, []byte(prefix)) {
		all = append(all, fmt.Sprintf("%s=%s", key, value))
	}
	return strings.Join(all, " ")
}

func wantContent(t *testing.T, tx keystore.Tx, b keystore.Bucket, prefix, want string) {
	t.Helper()
	if got := content(tx, b, prefix); got != want {
		t.Errorf("All(%s, %q): got %q, want %q", b, prefix, got, want)
	}
}

func testGet(t *testing.T, s keystore.Store) {
	check := func(tx keystore.Tx) {
		for key, want := range map[string]string{"apple": "green", "pear": "yellow", "empty": ""} {
			if got := tx.Get(fruit, []byte(key)); string(got) != want || got == nil {
				t.Errorf("Get(%q): got %#v, want %q", key, got, want)
			}
		}
		for _, key := range []string{"appl", "apples", "zebra"} {
			if got := tx.Get(fruit, []byte(key)); got != nil {
				t.Errorf("Get(%q): got %q, want nil", key, got)
			}
		}
	}
	view(t, s, func(tx keystore.Tx) {
		if got := tx.Get(fruit, []byte("apple")); got != nil {
			t.Errorf("Get in an empty store: got %q, want nil", got)
		}
	})
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "apple", "red", "pear", "yellow", "apple", "green", "empty", "")
		check(tx)
	})
	view(t, s, check)
}

func testDelete(t *testing.T, s keystore.Store) {
	del := func(tx keystore.Tx, key string) {
		if err := tx.Delete(fruit, []byte(key)); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
	}
	update(t, s, func(tx keystore.Tx) {
		del(tx, "nothing at all")
		put(t, tx, fruit, "a", "1", "b", "2", "c", "3")
		del(tx, "b")
		wantContent(t, tx, fruit, "", "a=1 c=3")
	})
	update(t, s, func(tx keystore.Tx) {
		del(tx, "b")
		del(tx, "a")
		del(tx, "c")
		wantContent(t, tx, fruit, "", "")
		put(t, tx, fruit, "b", "4")
	})
	view(t, s, func(tx keystore.Tx) { wantContent(t, tx, fruit, "", "b=4") })
}

func testDrop(t *testing.T, s keystore.Store) {
	drop := func(tx keystore.Tx, b keystore.Bucket) {
		if err := tx.Drop(b); err != nil {
			t.Errorf("Drop(%s): %v", b, err)
		}
	}
	update(t, s, func(tx keystore.Tx) {
		drop(tx, "never written")
		put(t, tx, fruit, "a", "1", "b", "2")
		put(t, tx, fruit+"s", "a", "3")
	})
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "c", "4")
		drop(tx, fruit)
		wantContent(t, tx, fruit, "", "")
		drop(tx, fruit)
		put(t, tx, fruit, "b", "5")
	})
	view(t, s, func(tx keystore.Tx) {
		wantContent(t, tx, fruit, "", "b=5")
		wantContent(t, tx, fruit+"s", "", "a=3")
	})
}

func testBuckets(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "peach", "soft")
		put(t, tx, stone, "peach", "hard")
		put(t, tx, fruit+"s", "peach", "many")
	})
	view(t, s, func(tx keystore.Tx) {
		wantContent(t, tx, fruit, "", "peach=soft")
		wantContent(t, tx, stone, "", "peach=hard")
		wantContent(t, tx, "never written", "", "")
	})
}

func testOrder(t *testing.T, s keystore.Store) {
	var keys []string
	for i := range 1000 {
		keys = append(keys, string([]byte{byte(i * 7), byte(i >> 8), 0xFF, byte(i)}))
	}
	update(t, s, func(tx keystore.Tx) {
		for _, key := range keys {
			put(t, tx, fruit, key, key)
		}
	})
	slices.Sort(keys)
	view(t, s, func(tx keystore.Tx) {
		i := 0
		for key, value := range tx.All(fruit, nil) {
			if string(key) != keys[i] || string(value) != keys[i] {
				t.Fatalf("item %d: got %x=%x, want %x", i, key, value, keys[i])
			}
			i++
		}
		if i != len(keys) {
			t.Errorf("All: got %d items, want %d", i, len(keys))
		}
	})
}

func testPrefix(t *testing.T, s keystore.Store) {
	tests := []struct{ prefix, want string }{
		{"a", "a=1 a\x00=2 ab=3 a\xff=4 a\xff\xff=5"},
		{"ab", "ab=3"},
		{"a\xff", "a\xff=4 a\xff\xff=5"},
		{"aa", ""},
		{"c", ""},
		{"\xff", ""},
		{"b", "b=6"},
	}
	check := func(tx keystore.Tx) {
		for _, tt := range tests {
			wantContent(t, tx, fruit, tt.prefix, tt.want)
		}
	}
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "a", "1", "a\x00", "2", "ab", "3", "a\xff", "4", "a\xff\xff", "5", "b", "6", "`", "0")
		put(t, tx, stone, "a", "7", "c", "8")
		check(tx)
	})
	view(t, s, check)
}

func testFrom(t *testing.T, s keystore.Store) {
	tests := []struct{ from, want string }{
		{"", "a a\x00 b\xff c"},
		{"a", "a a\x00 b\xff c"},
		{"a\x00", "a\x00 b\xff c"},
		{"a\x00\x00", "b\xff c"},
		{"b\xff", "b\xff c"},
		{"c\x00", ""},
		{"\xff", ""},
	}
	check := func(tx keystore.Tx) {
		for _, tt := range tests {
			var got [][]byte
			for key := range tx.Keys(fruit, []byte(tt.from)) {
				got = append(got, key)
			}
			if got := string(bytes.Join(got, []byte(" "))); got != tt.want {
				t.Errorf("Keys from %q: got %q, want %q", tt.from, got, tt.want)
			}
		}
		for key := range tx.Keys("never written", nil) {
			t.Errorf("Keys of a bucket that was never written: got %q", key)
		}
	}
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "a", "1", "a\x00", "2", "b\xff", "3", "c", "4")
		put(t, tx, fruit+"s", "a", "5")
		put(t, tx, stone, "d", "6")
		check(tx)
	})
	view(t, s, check)
}

func testStop(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "a", "1", "b", "2", "c", "3", "d", "4")
	})
	view(t, s, func(tx keystore.Tx) {
		var got []byte
		for key := range tx.All(fruit, nil) {
			if got = append(got, key...); len(got) == 2 {
				break
			}
		}
		for key := range tx.Keys(fruit, []byte("b")) {
			if got = append(got, key...); len(got) == 4 {
				break
			}
		}
		if string(got) != "abbc" {
			t.Errorf("got %q before the breaks, want \"ab\" of All and \"bc\" of Keys", got)
		}
	})
}

func testCopies(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) {
		key, value := []byte("key"), []byte("value")
		if err := tx.Put(fruit, key, value); err != nil {
			t.Fatal(err)
		}
		copy(key, "XXX")
		copy(value, "XXXXX")
		wantContent(t, tx, fruit, "", "key=value")
	})
	view(t, s, func(tx keystore.Tx) { wantContent(t, tx, fruit, "", "key=value") })
}

func testValidSlices(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "old", "b", "old") })
	update(t, s, func(tx keystore.Tx) {
		a := tx.Get(fruit, []byte("a"))
		var b, key []byte
		for k, v := range tx.All(fruit, []byte("b")) {
			key, b = k, v
		}
		put(t, tx, fruit, "a", "new")
		for i := range 1000 { // enough to move things about
			put(t, tx, fruit, fmt.Sprint("a", i), strings.Repeat("x", 100))
		}
		if err := tx.Delete(fruit, key); err != nil {
			t.Fatal(err)
		}
		if string(a) != "old" || string(b) != "old" || string(key) != "b" {
			t.Errorf("got %q, %q=%q after writes, want \"old\", \"b\"=\"old\"", a, key, b)
		}
	})
}

func testKeys(t *testing.T, s keystore.Store) {
	tests := []struct {
		size int
		ok   bool
	}{{0, false}, {1, true}, {32768, true}, {32769, false}}
	update(t, s, func(tx keystore.Tx) {
		for _, tt := range tests {
			if err := tx.Put(fruit, make([]byte, tt.size), nil); (err == nil) != tt.ok {
				t.Errorf("Put of a key of %d bytes: got %v, want success %t", tt.size, err, tt.ok)
			}
			if err := tx.Delete(fruit, make([]byte, tt.size)); err != nil {
				t.Errorf("Delete of a key of %d bytes: got %v, want nil", tt.size, err)
			}
			if got := tx.Get(fruit, make([]byte, tt.size)); got != nil {
				t.Errorf("Get of a key of %d bytes: got %x, want nil", tt.size, got)
			}
		}
	})
}

func testReadOnly(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1") })
	view(t, s, func(tx keystore.Tx) {
		for _, b := range []keystore.Bucket{fruit, "never written"} {
			if err := tx.Put(b, []byte("a"), nil); !errors.Is(err, keystore.ErrReadOnly) {
				t.Errorf("Put in a View: got %v, want ErrReadOnly", err)
			}
			if err := tx.Delete(b, []byte("a")); !errors.Is(err, keystore.ErrReadOnly) {
				t.Errorf("Delete in a View: got %v, want ErrReadOnly", err)
			}
			if err := tx.Drop(b); !errors.Is(err, keystore.ErrReadOnly) {
				t.Errorf("Drop in a View: got %v, want ErrReadOnly", err)
			}
		}
		wantContent(t, tx, fruit, "", "a=1")
	})
	want := errors.New("of fn")
	if err := s.View(func(keystore.Tx) error { return want }); err != want {
		t.Errorf("View: got %v, want the error of fn", err)
	}
}

// spoil makes changes of all kinds, which are then to be undone.
func spoil(t *testing.T, tx keystore.Tx) {
	put(t, tx, fruit, "a", "changed", "c", "added")
	put(t, tx, stone, "new", "bucket")
	if err := tx.Delete(fruit, []byte("b")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, tx, fruit, "", "a=changed c=added")
	if err := tx.Drop(fruit); err != nil {
		t.Fatal(err)
	}
}

// wantUnspoilt checks that nothing is left of spoil, and that the store works.
func wantUnspoilt(t *testing.T, s keystore.Store) {
	t.Helper()
	view(t, s, func(tx keystore.Tx) {
		wantContent(t, tx, fruit, "", "a=1 b=2")
		wantContent(t, tx, stone, "", "")
	})
	update(t, s, func(tx keystore.Tx) { put(t, tx, stone, "d", "4") })
	view(t, s, func(tx keystore.Tx) { wantContent(t, tx, stone, "", "d=4") })
}

func testRollBackOnError(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1", "b", "2") })
	want := errors.New("of fn")
	err := s.Update(func(tx keystore.Tx) error {
		spoil(t, tx)
		return want
	})
	if err != want {
		t.Errorf("Update: got %v, want the error of fn", err)
	}
	wantUnspoilt(t, s)
}

func testRollBackOnPanic(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1", "b", "2") })
	func() {
		defer func() {
			if got := recover(); got != "of fn" {
				t.Errorf("recovered %v, want the panic of fn", got)
			}
		}()
		_ = s.Update(func(tx keystore.Tx) error {
			spoil(t, tx)
			panic("of fn")
		})
	}()
	wantUnspoilt(t, s)
}

func testViewBesideUpdate(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "old") })
	update(t, s, func(tx keystore.Tx) {
		put(t, tx, fruit, "a", "new")
		var wg sync.WaitGroup
		wg.Go(func() {
			err := s.View(func(tx keystore.Tx) error {
				wantContent(t, tx, fruit, "", "a=old")
				return nil
			})
			if err != nil {
				t.Errorf("View beside an Update: %v", err)
			}
		})
		wg.Wait()
	})
	view(t, s, func(tx keystore.Tx) { wantContent(t, tx, fruit, "", "a=new") })
}

func testConcurrentUpdates(t *testing.T, s keystore.Store) {
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := countUp(s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	view(t, s, func(tx keystore.Tx) {
		if got := count(tx); got != workers*each {
			t.Errorf("got %d updates, want %d", got, workers*each)
		}
	})
}

// countUp adds one to the count, which must not have fallen meanwhile.
func countUp(s keystore.Store) error {
	var read uint64
	if err := s.View(func(tx keystore.Tx) error { read = count(tx); return nil }); err != nil {
		return err
	}
	return s.Update(func(tx keystore.Tx) error {
		n := count(tx)
		if n < read {
			return fmt.Errorf("count fell from %d to %d", read, n)
		}
		return tx.Put(fruit, []byte("count"), binary.AppendUvarint(nil, n+1))
	})
}

func count(tx keystore.Tx) uint64 {
	n, _ := binary.Uvarint(tx.Get(fruit, []byte("count")))
	return n
}

// testLikeMap does the same random things to the store and to a map.
func testLikeMap(t *testing.T, s keystore.Store) {
	random := rand.New(rand.NewPCG(1, 2))
	model := map[string]string{}
	for range 60 {
		next := maps.Clone(model)
		drop := errors.New("rolled back")
		err := s.Update(func(tx keystore.Tx) error {
			for range random.IntN(40) {
				step(t, random, tx, next)
			}
			wantModel(t, tx, next)
			if random.IntN(3) == 0 {
				return drop
			}
			return nil
		})
		switch {
		case err == nil:
			model = next
		case err != drop:
			t.Fatalf("Update: %v", err)
		}
		view(t, s, func(tx keystore.Tx) { wantModel(t, tx, model) })
	}
}

// step puts or deletes one of 300 keys.
func step(t *testing.T, random *rand.Rand, tx keystore.Tx, model map[string]string) {
	key := fmt.Sprint(random.IntN(300))
	if random.IntN(3) > 0 {
		model[key] = strings.Repeat(key, random.IntN(200))
		put(t, tx, fruit, key, model[key])
		return
	}
	delete(model, key)
	if err := tx.Delete(fruit, []byte(key)); err != nil {
		t.Fatal(err)
	}
}

func wantModel(t *testing.T, tx keystore.Tx, model map[string]string) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(model))
	for key, value := range tx.All(fruit, nil) {
		if len(keys) == 0 || string(key) != keys[0] || string(value) != model[keys[0]] {
			t.Fatalf("got %q, want the first of %q", key, keys)
		}
		if !bytes.Equal(tx.Get(fruit, key), value) {
			t.Fatalf("Get(%q) and All differ", key)
		}
		keys = keys[1:]
	}
	if len(keys) > 0 {
		t.Fatalf("All ended before %q", keys)
	}
}

func testClose(t *testing.T, s keystore.Store) {
	update(t, s, func(tx keystore.Tx) { put(t, tx, fruit, "a", "1") })
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	run := func(keystore.Tx) error {
		t.Error("a closed store ran a transaction")
		return nil
	}
	if err := s.View(run); !errors.Is(err, os.ErrClosed) {
		t.Errorf("View of a closed store: got %v, want os.ErrClosed", err)
	}
	if err := s.Update(run); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Update of a closed store: got %v, want os.ErrClosed", err)
	}
}
