package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

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
