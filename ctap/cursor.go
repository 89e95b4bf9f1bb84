package ctap

import (
	"fmt"
	"unicode/utf8"
)

// A cursor reads one item of CTAP2 canonical CBOR (§8) from front to back and
// checks it on the way. [CheckCanonical] skips a whole item with it, requests
// are decoded with it in the same pass, [Diagnose] writes what it comes across.
//
// It ends at the first thing that is not canonical: err says what and where, and
// whatever is read after that is zero. An item of another type than its reader
// wants is no such end. It is skipped and remembered as a misfit, because a
// message that is not canonical further on is refused for that.
type cursor struct {
	data   []byte
	pos    int
	depth  int   // levels of maps and arrays that may still open
	err    error // wraps a Status
	misfit bool  // an item was not of the type that its reader wants
}

func newCursor(data []byte) cursor { return cursor{data: data, depth: maxDepth} }

func (c *cursor) fail(what string) { c.refuse(what, StatusInvalidCBOR) }

// refuse ends the reading: there is nothing behind the place of a failure.
func (c *cursor) refuse(what string, status Status) {
	if c.err == nil {
		c.err = fmt.Errorf("CBOR at byte %d: %s: %w", c.pos, what, status)
	}
	c.pos = len(c.data)
}

// end checks that all is read.
func (c *cursor) end() {
	if c.pos != len(c.data) {
		c.fail("bytes after the item")
	}
}

// at tells whether the next item is of a major type.
func (c *cursor) at(major byte) bool {
	return c.pos < len(c.data) && c.data[c.pos]>>5 == major
}

// skip reads one item, whatever it is.
func (c *cursor) skip() {
	switch major, arg := c.head(); major {
	case majorBytes, majorText:
		c.content(major, arg)
	case majorArray:
		for l := c.open(arg); l.more(); {
			c.skip()
		}
	case majorMap:
		for m := c.openMap(arg); m.more(); {
			c.skip()
		}
	case majorTag:
		c.fail("a tag")
	}
}

// head reads the initial byte of an item and its argument: a value, a length
// or a count. Of a simple value, that is the whole item.
func (c *cursor) head() (major byte, arg uint64) {
	if c.pos == len(c.data) {
		c.fail("ends too early")
		return 0, 0
	}
	major, info := c.data[c.pos]>>5, c.data[c.pos]&0x1f
	if major == majorSimple {
		c.simple(info)
		return major, 0
	}
	c.pos++
	if info < 24 {
		return major, uint64(info)
	}
	if info > 27 {
		c.fail("indefinite or reserved length")
		return 0, 0
	}
	return major, c.argument(1 << (info - 24))
}

// argument reads an argument of size bytes, which must not fit fewer.
func (c *cursor) argument(size int) (arg uint64) {
	if len(c.data)-c.pos < size {
		c.fail("ends too early")
		return 0
	}
	for _, b := range c.data[c.pos : c.pos+size] {
		arg = arg<<8 | uint64(b)
	}
	if arg < 24 || size > 1 && arg>>(4*size) == 0 {
		c.fail("not the shortest form")
		return 0
	}
	c.pos += size
	return arg
}

// simple reads false, true or a float; floats keep their width (§8).
func (c *cursor) simple(info byte) {
	size := 1
	switch info {
	case 20, 21:
	case 22, 23:
		c.refuse("null or undefined", StatusCBORUnexpectedType)
		return
	case 25, 26, 27:
		size += 1 << (info - 24)
	default:
		c.fail("an unknown simple value")
		return
	}
	if len(c.data)-c.pos < size {
		c.fail("ends too early")
		return
	}
	c.pos += size
}

// content reads what follows the head of a string. It shares the memory of the
// data.
func (c *cursor) content(major byte, length uint64) []byte {
	if uint64(len(c.data)-c.pos) < length {
		c.fail("ends too early")
		return nil
	}
	end := c.pos + int(length)
	s := c.data[c.pos:end:end]
	if major == majorText && !utf8.Valid(s) {
		c.fail("text is not UTF-8")
		return nil
	}
	c.pos = end
	return s
}
