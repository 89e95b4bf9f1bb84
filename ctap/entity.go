package ctap

import "fmt"

// RelyingParty is a PublicKeyCredentialRpEntity.
type RelyingParty struct {
	ID   string `cbor:"id,omitempty"`
	Name string `cbor:"name,omitempty"`
}

func (c *cursor) relyingParty() *RelyingParty {
	rp := new(RelyingParty)
	for m := c.object(); m.more(); {
		switch string(m.name()) {
		case "id":
			rp.ID = c.text()
		case "name":
			rp.Name = c.text()
		default:
			c.skip()
		}
	}
	return rp
}

func (rp *RelyingParty) append(b []byte) []byte {
	w := newMapWriter(b)
	if rp.ID != "" {
		w.name("id")
		w.text(rp.ID)
	}
	if rp.Name != "" {
		w.name("name")
		w.text(rp.Name)
	}
	return w.b
}

// User is a PublicKeyCredentialUserEntity. ID is the user handle, 1 to 64
// bytes.
type User struct {
	ID          Bytes  `cbor:"id,omitzero"`
	Name        string `cbor:"name,omitempty"`
	DisplayName string `cbor:"displayName,omitempty"`
}

func (c *cursor) user() *User {
	user := new(User)
	for m := c.object(); m.more(); {
		switch string(m.name()) {
		case "id":
			user.ID = c.bytes()
		case "name":
			user.Name = c.text()
		case "displayName":
			user.DisplayName = c.text()
		default:
			c.skip()
		}
	}
	return user
}

func (u *User) append(b []byte) []byte {
	w := newMapWriter(b)
	if u.ID != nil {
		w.name("id")
		w.bytes(u.ID)
	}
	if u.Name != "" {
		w.name("name")
		w.text(u.Name)
	}
	if u.DisplayName != "" {
		w.name("displayName")
		w.text(u.DisplayName)
	}
	return w.b
}

// maxUserID is the longest user handle (WebAuthn §5.4.3).
const maxUserID = 64

func (u *User) check() error {
	switch {
	case u.ID == nil:
		return fmt.Errorf("user.id: %w", StatusMissingParameter)
	case len(u.ID) == 0:
		return fmt.Errorf("user.id is empty: %w", StatusInvalidParameter)
	case len(u.ID) > maxUserID:
		return fmt.Errorf("user.id of %d bytes: %w", len(u.ID), StatusInvalidLength)
	}
	return nil
}

// CredentialParameters is a PublicKeyCredentialParameters: a credential type
// and a COSE algorithm number.
type CredentialParameters struct {
	Algorithm int64  `cbor:"alg"`
	Type      string `cbor:"type,omitempty"`
}

func (p *CredentialParameters) append(b []byte) []byte {
	w := newMapWriter(b)
	w.name("alg")
	w.b = AppendInt(w.b, p.Algorithm)
	if p.Type != "" {
		w.name("type")
		w.text(p.Type)
	}
	return w.b
}

func (c *cursor) parameters() []CredentialParameters {
	l := c.list()
	list := make([]CredentialParameters, 0, l.capacity())
	for l.more() {
		list = append(list, c.parameter())
	}
	return list
}

func (c *cursor) parameter() (p CredentialParameters) {
	for m := c.object(); m.more(); {
		switch string(m.name()) {
		case "alg":
			p.Algorithm = c.integer()
		case "type":
			p.Type = c.word()
		default:
			c.skip()
		}
	}
	return p
}

// Options are the request options of authenticatorMakeCredential and
// authenticatorGetAssertion; nil means absent.
type Options struct {
	RK *bool `cbor:"rk,omitempty"`
	UP *bool `cbor:"up,omitempty"`
	UV *bool `cbor:"uv,omitempty"`
}

func (o *Options) append(b []byte) []byte {
	w := newMapWriter(b)
	for _, option := range [...]struct {
		name string
		on   *bool
	}{{"rk", o.RK}, {"up", o.UP}, {"uv", o.UV}} {
		if option.on != nil {
			w.name(option.name)
			w.flag(*option.on)
		}
	}
	return w.b
}

func (c *cursor) options() *Options {
	options := new(Options)
	for m := c.object(); m.more(); {
		switch string(m.name()) {
		case "rk":
			options.RK = new(c.flag())
		case "up":
			options.UP = new(c.flag())
		case "uv":
			options.UV = new(c.flag())
		default:
			c.skip()
		}
	}
	return options
}

const clientDataHashSize = 32

func checkClientDataHash(hash []byte) error {
	if hash == nil {
		return fmt.Errorf("clientDataHash: %w", StatusMissingParameter)
	}
	if len(hash) != clientDataHashSize {
		return fmt.Errorf("clientDataHash of %d bytes: %w", len(hash), StatusInvalidParameter)
	}
	return nil
}
