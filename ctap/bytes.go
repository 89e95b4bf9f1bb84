package ctap

import "github.com/fxamacker/cbor/v2"

// Bytes is a byte string of a message. To Go it is a []byte; the type is there
// because the CBOR library would read an array of small numbers as one too.
type Bytes []byte

// UnmarshalCBOR reads a byte string, and nothing else.
func (b *Bytes) UnmarshalCBOR(data []byte) error {
	if len(data) == 0 || data[0]>>5 != majorBytes {
		return &cbor.UnmarshalTypeError{CBORType: "no byte string", GoType: "ctap.Bytes"}
	}
	c := newCursor(data)
	if _, length := c.head(); c.err == nil && uint64(len(data)-c.pos) == length {
		*b = append(Bytes{}, data[c.pos:]...)
		return nil
	}
	return codec.dec.Unmarshal(data, (*[]byte)(b)) // of another form than the canonical one
}
