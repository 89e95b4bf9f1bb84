package ctap

import "fmt"

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

func (c *cursor) descriptors() []CredentialDescriptor {
	l := c.list()
	list := make([]CredentialDescriptor, 0, l.capacity())
	for l.more() {
		list = append(list, c.descriptor())
	}
	return list
}

func (c *cursor) descriptor() (d CredentialDescriptor) {
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
	return d
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
