package ctap

import "math"

// This file reads items of which the reader knows what they should be. Any other
// item is skipped, and the message is a misfit.

// expect reads the head of an item of a major type, and returns its argument.
func (c *cursor) expect(major byte) (arg uint64, ok bool) {
	if !c.at(major) {
		c.misfit = true
		c.skip()
		return 0, false
	}
	_, arg = c.head()
	return arg, c.err == nil
}

// list begins to read an array.
func (c *cursor) list() level {
	count, ok := c.expect(majorArray)
	if !ok {
		return level{cursor: c, outer: c.depth}
	}
	return c.open(count)
}

// object begins to read a map.
func (c *cursor) object() members {
	count, ok := c.expect(majorMap)
	if !ok {
		return members{level: level{cursor: c, outer: c.depth}}
	}
	return c.openMap(count)
}

// bytes reads a byte string, which shares the memory of the data.
func (c *cursor) bytes() Bytes {
	length, ok := c.expect(majorBytes)
	if !ok {
		return nil
	}
	return c.content(majorBytes, length)
}

// chars reads text. It shares the memory of the data.
func (c *cursor) chars() []byte {
	length, ok := c.expect(majorText)
	if !ok {
		return nil
	}
	return c.content(majorText, length)
}

// text reads text.
func (c *cursor) text() string { return string(c.chars()) }

// word reads text that is nearly always one of few words, which take no memory.
func (c *cursor) word() string {
	switch chars := c.chars(); string(chars) {
	case PublicKey:
		return PublicKey
	case TransportUSB:
		return TransportUSB
	case TransportNFC:
		return TransportNFC
	case TransportInternal:
		return TransportInternal
	default:
		return string(chars)
	}
}

// words reads an array of them.
func (c *cursor) words() []string {
	l := c.list()
	list := make([]string, 0, l.capacity())
	for l.more() {
		list = append(list, c.word())
	}
	return list
}

// unsigned reads an integer from 0.
func (c *cursor) unsigned() uint64 {
	value, _ := c.expect(majorUint)
	return value
}

// integer reads an integer.
func (c *cursor) integer() int64 {
	negative := c.at(majorNegInt)
	major := byte(majorUint)
	if negative {
		major = majorNegInt
	}
	value, _ := c.expect(major)
	if value > math.MaxInt64 {
		c.misfit = true
	}
	if negative {
		return -1 - int64(value)
	}
	return int64(value)
}

// flag reads false or true.
func (c *cursor) flag() bool {
	if c.pos < len(c.data) && (c.data[c.pos] == simpleFalse || c.data[c.pos] == simpleTrue) {
		c.pos++
		return c.data[c.pos-1] == simpleTrue
	}
	c.misfit = true
	c.skip()
	return false
}

// raw reads one item as it is. It shares the memory of the data.
func (c *cursor) raw() Raw {
	start := c.pos
	c.skip()
	if c.err != nil {
		return nil
	}
	return Raw(c.data[start:c.pos:c.pos])
}

// raws reads a map of items with names.
func (c *cursor) raws() map[string]Raw {
	m := c.object()
	all := make(map[string]Raw, m.capacity())
	for m.more() {
		if m.major != majorText {
			c.misfit = true
			c.skip()
			continue
		}
		all[string(m.text)] = c.raw()
	}
	return all
}

// capacity is how many elements to make room for at once: what a message claims
// is no measure.
func (l *level) capacity() int { return int(min(l.left, 32)) }

// number returns the key of the member, if it may be one of a message's; 0, which
// none has, for any other.
func (m *members) number() uint64 {
	m.checkKey()
	if m.major != majorUint {
		return 0
	}
	return m.value
}

// name is number for maps whose keys are names.
func (m *members) name() []byte {
	m.checkKey()
	if m.major != majorText {
		return nil
	}
	return m.text
}

// checkKey finds the keys that the library cannot compare with a name or number,
// and refuses: byte strings, and numbers that are no int64.
func (m *members) checkKey() {
	if m.major == majorBytes || m.value > math.MaxInt64 {
		m.misfit = true
	}
}
