package ctap

import (
	"fmt"
	"slices"
)

// MakeCredentialRequest holds the parameters of authenticatorMakeCredential
// (§6.1).
type MakeCredentialRequest struct {
	ClientDataHash               Bytes                  `cbor:"1,keyasint,omitzero"`
	RP                           *RelyingParty          `cbor:"2,keyasint,omitempty"`
	User                         *User                  `cbor:"3,keyasint,omitempty"`
	PubKeyCredParams             []CredentialParameters `cbor:"4,keyasint,omitzero"`
	ExcludeList                  []CredentialDescriptor `cbor:"5,keyasint,omitempty"`
	Extensions                   map[string]Raw         `cbor:"6,keyasint,omitempty"`
	Options                      *Options               `cbor:"7,keyasint,omitempty"`
	PinUvAuthParam               Bytes                  `cbor:"8,keyasint,omitzero"`
	PinUvAuthProtocol            *uint64                `cbor:"9,keyasint,omitempty"`
	EnterpriseAttestation        *uint64                `cbor:"10,keyasint,omitempty"`
	AttestationFormatsPreference []string               `cbor:"11,keyasint,omitempty"`
}

// AppendCBOR makes the request an [Appender].
func (r *MakeCredentialRequest) AppendCBOR(b []byte) ([]byte, error) {
	w := newMapWriter(slices.Grow(b, usualRequest))
	if r.ClientDataHash != nil {
		w.number(1)
		w.bytes(r.ClientDataHash)
	}
	if r.RP != nil {
		w.number(2)
		w.b = r.RP.append(w.b)
	}
	if r.User != nil {
		w.number(3)
		w.b = r.User.append(w.b)
	}
	if r.PubKeyCredParams != nil {
		w.number(4)
		w.b = appendList(w.b, r.PubKeyCredParams)
	}
	if len(r.ExcludeList) > 0 {
		w.number(5)
		w.b = appendList(w.b, r.ExcludeList)
	}
	if len(r.Extensions) > 0 {
		w.number(6)
		w.value(r.Extensions)
	}
	if r.Options != nil {
		w.number(7)
		w.b = r.Options.append(w.b)
	}
	w.pinUvAuth(8, r.PinUvAuthParam, r.PinUvAuthProtocol)
	if r.EnterpriseAttestation != nil {
		w.number(10)
		w.unsigned(*r.EnterpriseAttestation)
	}
	if len(r.AttestationFormatsPreference) > 0 {
		w.number(11)
		w.value(r.AttestationFormatsPreference)
	}
	return w.b, w.err
}

func (r *MakeCredentialRequest) unmarshal(data []byte) error {
	c := newCursor(data)
	r.read(&c)
	return c.verdict(r)
}

func (r *MakeCredentialRequest) read(c *cursor) {
	for m := c.object(); m.more(); {
		switch m.number() {
		case 1:
			r.ClientDataHash = c.bytes()
		case 2:
			r.RP = c.relyingParty()
		case 3:
			r.User = c.user()
		case 4:
			r.PubKeyCredParams = c.parameters()
		case 5:
			r.ExcludeList = c.descriptors(nil)
		case 6:
			r.Extensions = c.raws()
		case 7:
			r.Options = c.options()
		case 8:
			r.PinUvAuthParam = c.bytes()
		case 9:
			r.PinUvAuthProtocol = new(c.unsigned())
		case 10:
			r.EnterpriseAttestation = new(c.unsigned())
		case 11:
			r.AttestationFormatsPreference = c.words()
		default:
			c.skip()
		}
	}
}

// ParseMakeCredentialRequest decodes the parameters and checks that what is
// required is there and well formed; the error is or wraps a [Status]. The
// request shares the memory of data.
func ParseMakeCredentialRequest(data []byte) (*MakeCredentialRequest, error) {
	var r MakeCredentialRequest
	if err := parseParameters(data, &r); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return &r, nil
}

// check tells whether what is required is there and well formed.
func (r *MakeCredentialRequest) check() error {
	if err := checkClientDataHash(r.ClientDataHash); err != nil {
		return err
	}
	if r.RP == nil || r.RP.ID == "" {
		return fmt.Errorf("rp or rp.id: %w", StatusMissingParameter)
	}
	if r.User == nil {
		return fmt.Errorf("user: %w", StatusMissingParameter)
	}
	if err := r.User.check(); err != nil {
		return err
	}
	if err := r.checkParams(); err != nil {
		return err
	}
	return checkDescriptors("excludeList", r.ExcludeList)
}

func (r *MakeCredentialRequest) checkParams() error {
	if r.PubKeyCredParams == nil {
		return fmt.Errorf("pubKeyCredParams: %w", StatusMissingParameter)
	}
	for i, p := range r.PubKeyCredParams {
		if p.Type == "" || p.Algorithm == 0 { // 0 is reserved by COSE
			return fmt.Errorf("pubKeyCredParams[%d] lacks type or alg: %w", i, StatusInvalidCBOR) // §6.1.2, step 3
		}
	}
	return nil
}

// MakeCredentialResponse is the answer to authenticatorMakeCredential (§6.1).
type MakeCredentialResponse struct {
	Format   string `cbor:"1,keyasint"`
	AuthData []byte `cbor:"2,keyasint"`
	AttStmt  any    `cbor:"3,keyasint"`

	EnterpriseAttestation    bool           `cbor:"4,keyasint,omitempty"`
	LargeBlobKey             []byte         `cbor:"5,keyasint,omitempty"`
	UnsignedExtensionOutputs map[string]any `cbor:"6,keyasint,omitempty"`
}

// AppendCBOR makes the response an [Appender].
func (r *MakeCredentialResponse) AppendCBOR(b []byte) ([]byte, error) {
	const others = 700 // bytes of the members but authData, usually: a signature and a certificate
	w := newMapWriter(slices.Grow(b, len(r.AuthData)+others))
	w.number(1)
	w.text(r.Format)
	w.number(2)
	w.bytes(r.AuthData)
	w.number(3)
	w.value(r.AttStmt)
	if r.EnterpriseAttestation {
		w.number(4)
		w.flag(true)
	}
	if len(r.LargeBlobKey) > 0 {
		w.number(5)
		w.bytes(r.LargeBlobKey)
	}
	if len(r.UnsignedExtensionOutputs) > 0 {
		w.number(6)
		w.value(r.UnsignedExtensionOutputs)
	}
	return w.b, w.err
}

// AttestationObject is what WebAuthn makes of a [MakeCredentialResponse]
// (WebAuthn §6.5.4).
type AttestationObject struct {
	Format   string `cbor:"fmt"`
	AttStmt  any    `cbor:"attStmt"`
	AuthData []byte `cbor:"authData"`
}
