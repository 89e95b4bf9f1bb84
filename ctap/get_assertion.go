package ctap

import (
	"fmt"
	"slices"
)

// GetAssertionRequest holds the parameters of authenticatorGetAssertion (§6.2).
type GetAssertionRequest struct {
	RPID              string                 `cbor:"1,keyasint,omitempty"`
	ClientDataHash    Bytes                  `cbor:"2,keyasint,omitzero"`
	AllowList         []CredentialDescriptor `cbor:"3,keyasint,omitempty"`
	Extensions        map[string]Raw         `cbor:"4,keyasint,omitempty"`
	Options           *Options               `cbor:"5,keyasint,omitempty"`
	PinUvAuthParam    Bytes                  `cbor:"6,keyasint,omitzero"`
	PinUvAuthProtocol *uint64                `cbor:"7,keyasint,omitempty"`
}

// AppendCBOR makes the request an [Appender].
func (r *GetAssertionRequest) AppendCBOR(b []byte) ([]byte, error) {
	w := newMapWriter(slices.Grow(b, usualRequest))
	if r.RPID != "" {
		w.number(1)
		w.text(r.RPID)
	}
	if r.ClientDataHash != nil {
		w.number(2)
		w.bytes(r.ClientDataHash)
	}
	if len(r.AllowList) > 0 {
		w.number(3)
		w.b = appendList(w.b, r.AllowList)
	}
	if len(r.Extensions) > 0 {
		w.number(4)
		w.value(r.Extensions)
	}
	if r.Options != nil {
		w.number(5)
		w.b = r.Options.append(w.b)
	}
	w.pinUvAuth(6, r.PinUvAuthParam, r.PinUvAuthProtocol)
	return w.b, w.err
}

func (r *GetAssertionRequest) unmarshal(data []byte) error {
	c := newCursor(data)
	r.read(&c)
	return c.verdict(r)
}

func (r *GetAssertionRequest) read(c *cursor) {
	for m := c.object(); m.more(); {
		switch m.number() {
		case 1:
			r.RPID = c.text()
		case 2:
			r.ClientDataHash = c.bytes()
		case 3:
			r.AllowList = c.descriptors(r.AllowList)
		case 4:
			r.Extensions = c.raws()
		case 5:
			r.Options = c.options()
		case 6:
			r.PinUvAuthParam = c.bytes()
		case 7:
			r.PinUvAuthProtocol = new(c.unsigned())
		default:
			c.skip()
		}
	}
}

// ParseGetAssertionRequest decodes the parameters and checks that what is
// required is there and well formed; the error is or wraps a [Status]. The
// request shares the memory of data.
func ParseGetAssertionRequest(data []byte) (*GetAssertionRequest, error) {
	r := new(GetAssertionRequest)
	if err := r.Parse(data); err != nil {
		return nil, err
	}
	return r, nil
}

// Parse is [ParseGetAssertionRequest] into r, which is empty but for the room that
// its AllowList may have.
func (r *GetAssertionRequest) Parse(data []byte) error {
	if err := parseParameters(data, r); err != nil {
		return err
	}
	return r.check()
}

// check tells whether what is required is there and well formed.
func (r *GetAssertionRequest) check() error {
	if r.RPID == "" {
		return fmt.Errorf("rpId: %w", StatusMissingParameter)
	}
	if err := checkClientDataHash(r.ClientDataHash); err != nil {
		return err
	}
	return checkDescriptors("allowList", r.AllowList)
}

// GetAssertionResponse is the answer to authenticatorGetAssertion and
// authenticatorGetNextAssertion (§6.2, §6.3). NumberOfCredentials is 0 where
// the member is absent.
type GetAssertionResponse struct {
	Credential          *CredentialDescriptor `cbor:"1,keyasint,omitempty"`
	AuthData            []byte                `cbor:"2,keyasint"`
	Signature           []byte                `cbor:"3,keyasint"`
	User                *User                 `cbor:"4,keyasint,omitempty"`
	NumberOfCredentials uint64                `cbor:"5,keyasint,omitempty"`
	UserSelected        bool                  `cbor:"6,keyasint,omitempty"`
	LargeBlobKey        []byte                `cbor:"7,keyasint,omitempty"`

	UnsignedExtensionOutputs map[string]any `cbor:"8,keyasint,omitempty"`
}

// AppendCBOR makes the response an [Appender].
func (r *GetAssertionResponse) AppendCBOR(b []byte) ([]byte, error) {
	w := newMapWriter(slices.Grow(b, r.room()))
	if r.Credential != nil {
		w.number(1)
		w.b = r.Credential.append(w.b)
	}
	w.number(2)
	w.bytes(r.AuthData)
	w.number(3)
	w.bytes(r.Signature)
	if r.User != nil {
		w.number(4)
		w.b = r.User.append(w.b)
	}
	if r.NumberOfCredentials != 0 {
		w.number(5)
		w.unsigned(r.NumberOfCredentials)
	}
	if r.UserSelected {
		w.number(6)
		w.flag(true)
	}
	if len(r.LargeBlobKey) > 0 {
		w.number(7)
		w.bytes(r.LargeBlobKey)
	}
	if len(r.UnsignedExtensionOutputs) > 0 {
		w.number(8)
		w.value(r.UnsignedExtensionOutputs)
	}
	return w.b, w.err
}

// room is what the encoded response usually fits.
func (r *GetAssertionResponse) room() int {
	const around = 64 // the strings
	room := around + len(r.AuthData) + len(r.Signature)
	if r.Credential != nil {
		room += len(r.Credential.ID)
	}
	if r.User != nil {
		room += around + len(r.User.ID) + len(r.User.Name) + len(r.User.DisplayName)
	}
	return room
}
