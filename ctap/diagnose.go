package ctap

import (
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// A Member says what an integer key of a message stands for.
type Member struct {
	Name string                    // the specification's, such as "clientDataHash"
	Note func(value []byte) string // more about the value, an encoded item; nil: nothing
}

// Diagnose returns data, one item of CTAP2 canonical CBOR, in the diagnostic
// notation of RFC 8949 §8, with what members says as comments (RFC 8610 §G.6):
//
//	{1 / clientDataHash /: h'00…',
//	 2 / rp /: {"id": "example.com"}}
//
// Each member of the outermost map has a line of its own. The text is ASCII and
// has no control characters but those line breaks, whatever data is; a Note
// must keep to that, and must have no "/". The error is that of
// [CheckCanonical].
func Diagnose(data []byte, members map[int64]Member) (string, error) {
	if err := CheckCanonical(data); err != nil {
		return "", err
	}
	d := diagnosis{cursor: newCursor(data)}
	d.outermost(members)
	return d.text.String(), nil
}

// diagnosis writes what a cursor comes across. The data were checked before, so
// that the cursor cannot fail.
type diagnosis struct {
	cursor
	text strings.Builder
}

func (d *diagnosis) outermost(members map[int64]Member) {
	if d.data[0]>>5 != majorMap {
		d.write()
		return
	}
	_, count := d.head()
	d.list("{}", ",\n ", count, func() { d.member(members) })
}

// write writes one item.
func (d *diagnosis) write() {
	switch d.data[d.pos] >> 5 {
	case majorArray:
		_, count := d.head()
		d.list("[]", ", ", count, d.write)
	case majorMap:
		_, count := d.head()
		d.list("{}", ", ", count, func() { d.member(nil) })
	default:
		start := d.pos
		d.skip()
		leaf, _ := cbor.Diagnose(d.data[start:d.pos])
		d.text.WriteString(leaf)
	}
}

// list writes count elements between brackets.
func (d *diagnosis) list(brackets, separator string, count uint64, element func()) {
	d.text.WriteByte(brackets[0])
	for i := range count {
		if i > 0 {
			d.text.WriteString(separator)
		}
		element()
	}
	d.text.WriteByte(brackets[1])
}

// member writes a key and its value.
func (d *diagnosis) member(members map[int64]Member) {
	start := d.pos
	d.write()
	var key int64
	var known Member
	if UnmarshalLax(d.data[start:d.pos], &key) == nil {
		known = members[key]
	}
	d.comment(known.Name)
	d.text.WriteString(": ")
	start = d.pos
	d.write()
	if known.Note != nil {
		d.comment(known.Note(d.data[start:d.pos]))
	}
}

func (d *diagnosis) comment(text string) {
	if text != "" {
		d.text.WriteString(" / " + text + " /")
	}
}
