package ctap

import "fmt"

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

// ParseGetAssertionRequest decodes the parameters and checks that what is
// required is there and well formed; the error is or wraps a [Status].
func ParseGetAssertionRequest(data []byte) (*GetAssertionRequest, error) {
	var r GetAssertionRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, err
	}
	if r.RPID == "" {
		return nil, fmt.Errorf("rpId: %w", StatusMissingParameter)
	}
	if err := checkClientDataHash(r.ClientDataHash); err != nil {
		return nil, err
	}
	return &r, checkDescriptors("allowList", r.AllowList)
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
