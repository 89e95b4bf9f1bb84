package ctap

import (
	"bytes"
	"fmt"
)

// CredentialDescriptor is a PublicKeyCredentialDescriptor.
type CredentialDescriptor struct {
	ID         Bytes    `cbor:"id,omitzero"`
	Type       string   `cbor:"type,omitempty"`
	Transports []string `cbor:"transports,omitempty"`
}

func (d *CredentialDescriptor) append(b []byte) []byte {
	w := newMapWriter(b)
	if d.ID != nil {
		w.name("id")
		w.bytes(d.ID)
	}
	if d.Type != "" {
		w.name("type")
		w.text(d.Type)
	}
	if len(d.Transports) > 0 {
		w.name("transports")
		w.value(d.Transports)
	}
	return w.b
}

// descriptors reads a list into room, where there is enough.
func (c *cursor) descriptors(room []CredentialDescriptor) []CredentialDescriptor {
	l := c.list()
	list := room[:0]
	if n := l.capacity(); room == nil || cap(room) < n {
		list = make([]CredentialDescriptor, 0, n)
	}
	for l.more() {
		list = append(list, CredentialDescriptor{})
		c.descriptor(&list[len(list)-1])
	}
	return list
}

func (c *cursor) descriptor(d *CredentialDescriptor) {
	if c.usualDescriptor(d) {
		return
	}
	for m := c.object(); m.more(); {
		switch string(m.name()) {
		case "id":
			d.ID = c.bytes()
		case "type":
			d.Type = c.word()
		case "transports":
			d.Transports = c.words()
		default:
			c.skip()
		}
	}
}

// The usual descriptor is {"id": 24 to 255 bytes, "type": "public-key"}: these are
// what comes before the length of its ID, and after the ID.
const (
	beforeID = "\xa2\x62id\x58"
	afterID  = "\x64type\x6apublic-key"
)

// usualDescriptor reads a descriptor at one look, if it is a usual one. In a long
// allowList they take more time than a tenth of the signature otherwise.
func (c *cursor) usualDescriptor(d *CredentialDescriptor) bool {
	rest, found := bytes.CutPrefix(c.data[c.pos:], []byte(beforeID))
	if !found || len(rest) == 0 || rest[0] < 24 || c.depth == 0 {
		return false
	}
	size := int(rest[0])
	if rest = rest[1:]; len(rest) < size || !bytes.HasPrefix(rest[size:], []byte(afterID)) {
		return false
	}
	c.pos = len(c.data) - len(rest) + size + len(afterID)
	d.ID, d.Type = rest[:size:size], PublicKey
	return true
}

// checkDescriptors refuses a list in which a descriptor lacks a member. Unknown
// types are no error: who walks the list skips them.
func checkDescriptors(name string, list []CredentialDescriptor) error {
	for i, d := range list {
		if d.Type == "" || d.ID == nil {
			return fmt.Errorf("%s[%d] lacks type or id: %w", name, i, StatusCBORUnexpectedType)
		}
	}
	return nil
}
