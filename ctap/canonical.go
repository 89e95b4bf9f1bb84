package ctap

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

// Simple values, encoded.
const (
	simpleFalse = 0xf4
	simpleTrue  = 0xf5
	simpleNull  = 0xf6
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
	c := newCursor(data)
	c.skip()
	c.end()
	return c.err
}
