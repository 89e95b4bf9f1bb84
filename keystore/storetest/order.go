package storetest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

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
