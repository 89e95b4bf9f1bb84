package webauthn

import (
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// creationOptions is PublicKeyCredentialCreationOptionsJSON (§5.1.8), as far as
// this client acts upon it.
type creationOptions struct {
	RP *struct {
		ID   string  `json:"id"`
		Name *string `json:"name"`
	} `json:"rp"`
	User *struct {
		ID          base64URL `json:"id"`
		Name        *string   `json:"name"`
		DisplayName *string   `json:"displayName"`
	} `json:"user"`
	Challenge              *string                `json:"challenge"`
	PubKeyCredParams       []credentialParameters `json:"pubKeyCredParams"`
	Timeout                milliseconds           `json:"timeout"`
	ExcludeCredentials     []descriptor           `json:"excludeCredentials"`
	AuthenticatorSelection authenticatorSelection `json:"authenticatorSelection"`
	Attestation            string                 `json:"attestation"`
	AttestationFormats     []string               `json:"attestationFormats"`
	Extensions             createInputs           `json:"extensions"`
}

type credentialParameters struct {
	Type      string `json:"type"`
	Algorithm int64  `json:"alg"`
}

type authenticatorSelection struct {
	AuthenticatorAttachment string `json:"authenticatorAttachment"`
	ResidentKey             string `json:"residentKey"`
	RequireResidentKey      bool   `json:"requireResidentKey"`
	UserVerification        string `json:"userVerification"`
}

// requestOptions is PublicKeyCredentialRequestOptionsJSON (§5.1.9), as far as
// this client acts upon it.
type requestOptions struct {
	Challenge        *string      `json:"challenge"`
	Timeout          milliseconds `json:"timeout"`
	RPID             string       `json:"rpId"`
	AllowCredentials []descriptor `json:"allowCredentials"`
	UserVerification string       `json:"userVerification"`
	Extensions       getInputs    `json:"extensions"`
}

type descriptor struct {
	Type string    `json:"type"`
	ID   base64URL `json:"id"`
}

// check refuses options that lack what WebIDL requires, and a user handle of
// the wrong length (§5.1.3, step 4).
func (o *creationOptions) check() error {
	switch {
	case o.RP == nil || o.RP.Name == nil:
		return fail(TypeError, "rp or rp.name is missing")
	case o.User == nil || o.User.ID == nil || o.User.Name == nil || o.User.DisplayName == nil:
		return fail(TypeError, "user or one of its members id, name and displayName is missing")
	case len(o.User.ID) < 1 || len(o.User.ID) > 64:
		return fail(TypeError, "user.id has %d bytes, not 1 to 64", len(o.User.ID))
	case o.Challenge == nil:
		return fail(TypeError, "challenge is missing")
	}
	for i, p := range o.PubKeyCredParams {
		if p.Type == "" || p.Algorithm == 0 {
			return fail(TypeError, "pubKeyCredParams[%d] lacks its type or alg", i)
		}
	}
	return checkDescriptors("excludeCredentials", o.ExcludeCredentials)
}

func (o *requestOptions) check() error {
	if o.Challenge == nil {
		return fail(TypeError, "challenge is missing")
	}
	return checkDescriptors("allowCredentials", o.AllowCredentials)
}

func checkDescriptors(name string, list []descriptor) error {
	for i, d := range list {
		if d.ID == nil || d.Type == "" {
			return fail(TypeError, "%s[%d] lacks its id or type", name, i)
		}
	}
	return nil
}

// algorithms returns the algorithms that the relying party takes, in its order
// (§5.1.3, step 10).
func (o *creationOptions) algorithms() ([]ctap.CredentialParameters, error) {
	if len(o.PubKeyCredParams) == 0 {
		return []ctap.CredentialParameters{
			{Algorithm: int64(cose.ES256), Type: ctap.PublicKey},
			{Algorithm: int64(cose.RS256), Type: ctap.PublicKey},
		}, nil
	}
	var list []ctap.CredentialParameters
	for _, p := range o.PubKeyCredParams {
		if p.Type == ctap.PublicKey {
			list = append(list, ctap.CredentialParameters{Algorithm: p.Algorithm, Type: p.Type})
		}
	}
	if list == nil {
		return nil, fail(NotSupportedError, "pubKeyCredParams has no entry of type %s", ctap.PublicKey)
	}
	return list, nil
}

// residentKey returns the requirement for a discoverable credential, for which
// Level 1 has a member of its own (§5.4.4).
func (s *authenticatorSelection) residentKey() string {
	fallback := discouraged
	if s.RequireResidentKey {
		fallback = required
	}
	switch s.ResidentKey {
	case required, preferred, discouraged:
		return s.ResidentKey
	}
	return fallback
}

// The values of residentKey and userVerification.
const (
	required    = "required"
	preferred   = "preferred"
	discouraged = "discouraged"
)

// descriptors returns the credentials of a list in CTAP's form, without those of
// unknown types.
func descriptors(list []descriptor) []ctap.CredentialDescriptor {
	var known []ctap.CredentialDescriptor
	for _, d := range list {
		if d.Type == ctap.PublicKey {
			known = append(known, ctap.CredentialDescriptor{ID: ctap.Bytes(d.ID), Type: d.Type})
		}
	}
	return known
}
