package ctap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep maps and arrays of a message may nest (§8). The deepest
// of the specification is a COSE_Key in an extension's input.
const maxDepth = 4

// CBOR major types (RFC 8949 §3.1).
const (
	majorUint = iota
	majorNegInt
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// CheckCanonical tells whether data is exactly one item of CTAP2 canonical
// CBOR (§8): shortest integers and lengths, nothing of indefinite length, no
// tags, map keys unique and in order, text in UTF-8, at most four levels of
// nesting. If not, the error says where, and is a [StatusInvalidCBOR].
//
// The CBOR library, in its strictest mode, lets long integers and unsorted maps
// pass; that is why this walk exists. Null and undefined are refused with
// [StatusCBORUnexpectedType]: no member of any CTAP message takes them, and the
// library would read them as an absent member.
func CheckCanonical(data []byte) error {
	w := walker{data: data}
	if err := w.item(maxDepth); err != nil {
		return err
	}
	if w.pos != len(data) {
		return w.fail("bytes after the item")
	}
	return nil
}

// walker reads CBOR from front to back, checking as it goes.
type walker struct {
	data []byte
	pos  int
}

func (w *walker) fail(what string) error {
	return fmt.Errorf("CBOR at byte %d: %s: %w", w.pos, what, StatusInvalidCBOR)
}

// item walks over one item, in which maps and arrays may nest depth levels.
func (w *walker) item(depth int) error {
	major, arg, err := w.head()
	if err != nil {
		return err
	}
	switch major {
	case majorBytes, majorText:
		return w.stringOf(major, arg)
	case majorArray, majorMap:
		if depth == 0 {
			return w.fail("nested too deep")
		}
		if major == majorMap {
			return w.mapOf(arg, depth-1)
		}
		return w.arrayOf(arg, depth-1)
	case majorTag:
		return w.fail("a tag")
	}
	return nil
}

// head reads the initial byte of an item and its argument: a value, a length
// or a count.
func (w *walker) head() (major byte, arg uint64, err error) {
	if w.pos == len(w.data) {
		return 0, 0, w.fail("ends too early")
	}
	major, info := w.data[w.pos]>>5, w.data[w.pos]&0x1f
	if major == majorSimple {
		return major, 0, w.simple(info)
	}
	w.pos++
	if info < 24 {
		return major, uint64(info), nil
	}
	if info > 27 {
		return 0, 0, w.fail("indefinite or reserved length")
	}
	arg, err = w.argument(1 << (info - 24))
	return major, arg, err
}

// argument reads an argument of size bytes, which must not fit fewer.
func (w *walker) argument(size int) (uint64, error) {
	if len(w.data)-w.pos < size {
		return 0, w.fail("ends too early")
	}
	var wide [8]byte
	copy(wide[8-size:], w.data[w.pos:w.pos+size])
	arg := binary.BigEndian.Uint64(wide[:])
	if arg < 24 || size > 1 && arg>>(4*size) == 0 {
		return 0, w.fail("not the shortest form")
	}
	w.pos += size
	return arg, nil
}

// simple reads false, true or a float; floats keep their width (§8).
func (w *walker) simple(info byte) error {
	size := 1
	switch info {
	case 20, 21:
	case 22, 23:
		return fmt.Errorf("CBOR at byte %d: null or undefined: %w", w.pos, StatusCBORUnexpectedType)
	case 25, 26, 27:
		size += 1 << (info - 24)
	default:
		return w.fail("an unknown simple value")
	}
	if len(w.data)-w.pos < size {
		return w.fail("ends too early")
	}
	w.pos += size
	return nil
}

func (w *walker) stringOf(major byte, length uint64) error {
	if uint64(len(w.data)-w.pos) < length {
		return w.fail("ends too early")
	}
	s := w.data[w.pos : w.pos+int(length)]
	if major == majorText && !utf8.Valid(s) {
		return w.fail("text is not UTF-8")
	}
	w.pos += int(length)
	return nil
}

func (w *walker) arrayOf(count uint64, depth int) error {
	for range count { // ends with the data: each item takes a byte at least
		if err := w.item(depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) mapOf(count uint64, depth int) error {
	var last []byte
	for i := range count {
		start := w.pos
		if start < len(w.data) && w.data[start]>>5 > majorText {
			return w.fail("a map key that is neither number nor string")
		}
		if err := w.item(depth); err != nil {
			return err
		}
		key := w.data[start:w.pos]
		if i > 0 && !keyLess(last, key) {
			w.pos = start
			return w.fail("map keys out of order or repeated")
		}
		last = key
		if err := w.item(depth); err != nil {
			return err
		}
	}
	return nil
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
