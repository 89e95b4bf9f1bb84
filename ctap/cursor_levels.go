package ctap

import "bytes"

// A level is an array or a map that is being read:
//
//	for l := c.open(count); l.more(); {
//		… // read an element
//	}
type level struct {
	*cursor
	left  uint64 // elements to come, or members; as it was claimed, so that it may be anything
	outer int    // depth around it
}

// open begins to read an array whose head was read.
func (c *cursor) open(count uint64) level {
	l := level{c, count, c.depth}
	if c.depth == 0 {
		c.fail("nested too deep")
	}
	c.depth--
	return l
}

// more tells whether there is a further element. It ends with the data, since
// each element takes a byte at least.
func (l *level) more() bool {
	if l.err != nil || l.left == 0 {
		l.depth = l.outer
		return false
	}
	l.left--
	return true
}

// members is a map that is being read. Each of its members has a key that is
// read, and a value that must be:
//
//	for m := c.openMap(count); m.more(); {
//		… // look at the key, read the value
//	}
type members struct {
	level
	encoded []byte // the key; nil: there was none yet

	// The key's major type, and its value or its text.
	major byte
	value uint64
	text  []byte // or bytes
}

// openMap begins to read a map whose head was read.
func (c *cursor) openMap(count uint64) members { return members{level: c.open(count)} }

// more reads the key of the next member, if there is one: keys are numbers or
// strings, unique and in order.
func (m *members) more() bool {
	if !m.level.more() {
		return false
	}
	start := m.pos
	if start < len(m.data) && m.data[start]>>5 > majorText {
		m.fail("a map key that is neither number nor string")
		return false
	}
	m.major, m.value = m.head()
	if m.major == majorBytes || m.major == majorText {
		m.text = m.content(m.major, m.value)
	}
	if m.err != nil {
		return false
	}
	encoded := m.data[start:m.pos]
	if m.encoded != nil && !keyLess(m.encoded, encoded) {
		m.pos = start
		m.fail("map keys out of order or repeated")
		return false
	}
	m.encoded = encoded
	return true
}

// keyLess is the order of encoded map keys: by major type, then by length, then
// by their bytes.
func keyLess(a, b []byte) bool {
	if a[0]>>5 != b[0]>>5 {
		return a[0]>>5 < b[0]>>5
	}
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return bytes.Compare(a, b) < 0
}
