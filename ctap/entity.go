package ctap

import "fmt"

// RelyingParty is a PublicKeyCredentialRpEntity.
type RelyingParty struct {
	ID   string `cbor:"id,omitempty"`
	Name string `cbor:"name,omitempty"`
}

// User is a PublicKeyCredentialUserEntity. ID is the user handle, 1 to 64
// bytes.
type User struct {
	ID          Bytes  `cbor:"id,omitzero"`
	Name        string `cbor:"name,omitempty"`
	DisplayName string `cbor:"displayName,omitempty"`
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

// CredentialDescriptor is a PublicKeyCredentialDescriptor.
type CredentialDescriptor struct {
	ID         Bytes    `cbor:"id,omitzero"`
	Type       string   `cbor:"type,omitempty"`
	Transports []string `cbor:"transports,omitempty"`
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

// Options are the request options of authenticatorMakeCredential and
// authenticatorGetAssertion; nil means absent.
type Options struct {
	RK *bool `cbor:"rk,omitempty"`
	UP *bool `cbor:"up,omitempty"`
	UV *bool `cbor:"uv,omitempty"`
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
