package ctap

import "fmt"

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

// ParseMakeCredentialRequest decodes the parameters and checks that what is
// required is there and well formed; the error is or wraps a [Status].
func ParseMakeCredentialRequest(data []byte) (*MakeCredentialRequest, error) {
	var r MakeCredentialRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, err
	}
	if err := checkClientDataHash(r.ClientDataHash); err != nil {
		return nil, err
	}
	if r.RP == nil || r.RP.ID == "" {
		return nil, fmt.Errorf("rp or rp.id: %w", StatusMissingParameter)
	}
	if r.User == nil {
		return nil, fmt.Errorf("user: %w", StatusMissingParameter)
	}
	if err := r.User.check(); err != nil {
		return nil, err
	}
	if err := r.checkParams(); err != nil {
		return nil, err
	}
	return &r, checkDescriptors("excludeList", r.ExcludeList)
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

// AttestationObject is what WebAuthn makes of a [MakeCredentialResponse]
// (WebAuthn §6.5.4).
type AttestationObject struct {
	Format   string `cbor:"fmt"`
	AttStmt  any    `cbor:"attStmt"`
	AuthData []byte `cbor:"authData"`
}
