package ctap

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"
)

// Reading a value that is what its reader wants, and one that is not.
func TestCursorValues(t *testing.T) {
	tests := []struct {
		name   string
		read   func(c *cursor) any
		data   string
		want   any
		misfit bool
	}{
		{"bytes", bytesOf, "42 0102", Bytes{1, 2}, false},
		{"bytes, none", bytesOf, "40", Bytes{}, false},
		{"bytes, text", bytesOf, "62 6162", Bytes(nil), true},
		{"text", textOf, "62 c3a4", "ä", false},
		{"text, none", textOf, "60", "", false},
		{"text, bytes", textOf, "41 61", "", true},
		{"word", wordOf, "6a 7075626c69632d6b6579", "public-key", false},
		{"word, usb", wordOf, "63 757362", "usb", false},
		{"word, nfc", wordOf, "63 6e6663", "nfc", false},
		{"word, internal", wordOf, "68 696e7465726e616c", "internal", false},
		{"word, another", wordOf, "63 626c65", "ble", false},
		{"word, number", wordOf, "01", "", true},
		{"words", wordsOf, "82 63 757362 61 78", []string{"usb", "x"}, false},
		{"words, none", wordsOf, "80", []string{}, false},
		{"words, one a number", wordsOf, "82 01 61 78", []string{"", "x"}, true},
		{"words, a map", wordsOf, "a1 01 02", []string{}, true},
		{"unsigned", unsignedOf, "1b ffffffffffffffff", uint64(math.MaxUint64), false},
		{"unsigned, negative", unsignedOf, "20", uint64(0), true},
		{"unsigned, float", unsignedOf, "f9 3c00", uint64(0), true},
		{"integer", integerOf, "1b 7fffffffffffffff", int64(math.MaxInt64), false},
		{"integer, negative", integerOf, "26", int64(-7), false},
		{"integer, least", integerOf, "3b 7fffffffffffffff", int64(math.MinInt64), false},
		{"integer, text", integerOf, "61 37", int64(0), true},
		{"flag, false", flagOf, "f4", false, false},
		{"flag, true", flagOf, "f5", true, false},
		{"flag, one", flagOf, "01", false, true},
		{"raw", rawOf, "a1 01 82 02 03", Raw{0xa1, 1, 0x82, 2, 3}, false},
		{"raws", rawsOf, "a1 61 78 82 02 03", map[string]Raw{"x": {0x82, 2, 3}}, false},
		{"raws, none", rawsOf, "a0", map[string]Raw{}, false},
		{"raws, one with a number", rawsOf, "a2 01 02 61 78 03", map[string]Raw{"x": {3}}, true},
		{"raws, an array", rawsOf, "81 01", map[string]Raw{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCursor(unhex(t, tt.data))
			got := tt.read(&c)
			if c.end(); c.err != nil {
				t.Fatal(c.err)
			}
			if !reflect.DeepEqual(got, tt.want) || c.misfit != tt.misfit {
				t.Errorf("got %#v, misfit %v; want %#v, %v", got, c.misfit, tt.want, tt.misfit)
			}
		})
	}
}

func bytesOf(c *cursor) any    { return c.bytes() }
func textOf(c *cursor) any     { return c.text() }
func wordOf(c *cursor) any     { return c.word() }
func wordsOf(c *cursor) any    { return c.words() }
func unsignedOf(c *cursor) any { return c.unsigned() }
func integerOf(c *cursor) any  { return c.integer() }
func flagOf(c *cursor) any     { return c.flag() }
func rawOf(c *cursor) any      { return c.raw() }
func rawsOf(c *cursor) any     { return c.raws() }

// An integer that no int64 holds is a misfit, whatever its value then is.
func TestCursorIntegerTooLong(t *testing.T) {
	for _, data := range []string{"1b 8000000000000000", "3b 8000000000000000", "3b ffffffffffffffff"} {
		c := newCursor(unhex(t, data))
		if c.integer(); c.err != nil || !c.misfit {
			t.Errorf("%s: got %v, misfit %v; want a misfit", data, c.err, c.misfit)
		}
	}
}

// Behind a failure there is nothing: reading goes on to the end of the code, not
// of the data, and the first failure is the one that is told.
func TestCursorAfterFailure(t *testing.T) {
	c := newCursor(unhex(t, "18 01 a1 01 81 61 78"))
	c.skip()
	want := fmt.Sprint(c.err)
	for _, read := range []func(*cursor) any{bytesOf, textOf, unsignedOf, integerOf, flagOf, rawOf} {
		if got := read(&c); !reflect.ValueOf(got).IsZero() {
			t.Errorf("got %#v, want zero", got)
		}
	}
	for m := c.object(); m.more(); {
		t.Error("got a member")
	}
	for l := c.list(); l.more(); {
		t.Error("got an element")
	}
	c.end()
	if got := fmt.Sprint(c.err); got != want || want == "<nil>" {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The levels that a list opens are closed after it, and those of a misfit never
// were opened.
func TestCursorDepth(t *testing.T) {
	tests := []struct{ name, data string }{
		{"array", "81 81 81 81 01"},
		{"map", "a1 01 a1 01 a1 01 a1 01 02"},
		{"number", "01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, read := range []func(*cursor){(*cursor).skip, readList, readObject} {
				c := newCursor(unhex(t, tt.data))
				if read(&c); c.depth != maxDepth || c.err != nil {
					t.Errorf("got depth %d, %v; want %d", c.depth, c.err, maxDepth)
				}
			}
		})
	}
}

func readList(c *cursor) {
	for l := c.list(); l.more(); {
		c.skip()
	}
}

func readObject(c *cursor) {
	for m := c.object(); m.more(); {
		c.skip()
	}
}

// What is not a list or a map is skipped even where neither could open.
func TestCursorMisfitAtDepthZero(t *testing.T) {
	for _, read := range []func(*cursor){readList, readObject} {
		c := cursor{data: []byte{1}}
		if read(&c); c.err != nil || !c.misfit || c.pos != 1 {
			t.Errorf("got %v, misfit %v at %d; want a misfit", c.err, c.misfit, c.pos)
		}
	}
}

// A list that claims to be long makes no room for it.
func TestCursorCapacity(t *testing.T) {
	c := newCursor(unhex(t, "9b ffffffffffffffff"))
	if l := c.list(); l.capacity() > 100 {
		t.Errorf("got room for %d elements", l.capacity())
	}
}

// The parts of a message that are strings share the memory of the data, and one
// cannot be appended to over the next.
func TestCursorSharesMemory(t *testing.T) {
	data := unhex(t, "41 01 41 02")
	c := newCursor(data)
	b := c.bytes()
	data[1] = 3
	if _ = append(b, 9); !bytes.Equal(b, []byte{3}) || data[2] != 0x41 {
		t.Errorf("got %x, and data %x", b, data)
	}
}
