package webauthn

import (
	"context"

	"github.com/softkey-project/softkey/ctap"
)

// createExtension is one row of the table of extensions of creations. Each of
// its functions may be nil, and finds out by itself whether the page asked.
type createExtension struct {
	// check refuses what cannot be, before the user is bothered.
	check func(op *creation) error

	// ask adds to the request.
	ask func(ctx context.Context, op *creation) error

	// tell adds to the results, when the key has answered.
	tell func(op *creation) error
}

// createExtensions is the table: an extension is a file and a line here.
var createExtensions = []createExtension{
	appIDExclude, createCredBlob, credProps, credProtect, hmacCreateSecret, createLargeBlob, minPINLength, createPayment, createPRF,
}

// getExtension is the same for authentications.
type getExtension struct {
	check func(op *authentication) error
	ask   func(ctx context.Context, op *authentication) error
	tell  func(ctx context.Context, op *authentication) error
}

var getExtensions = []getExtension{getAppID, getCredBlob, getLargeBlob, getPayment, getPRF}

// createInputs are the client extension inputs of a creation. Others are
// ignored.
type createInputs struct {
	AppIDExclude                      *string          `json:"appidExclude"`
	CredBlob                          base64URL        `json:"credBlob"`
	CredProps                         bool             `json:"credProps"`
	CredentialProtectionPolicy        string           `json:"credentialProtectionPolicy"`
	EnforceCredentialProtectionPolicy bool             `json:"enforceCredentialProtectionPolicy"`
	HMACCreateSecret                  bool             `json:"hmacCreateSecret"`
	LargeBlob                         *largeBlobInputs `json:"largeBlob"`
	MinPINLength                      bool             `json:"minPinLength"`
	Payment                           *paymentInputs   `json:"payment"`
	PINComplexityPolicy               bool             `json:"pinComplexityPolicy"`
	PRF                               *prfInputs       `json:"prf"`
}

// createResults are the client extension outputs of a creation, in JSON. A
// member that is nil is absent.
type createResults struct {
	AppIDExclude     *bool             `json:"appidExclude,omitempty"`
	CredBlob         *bool             `json:"credBlob,omitempty"`
	CredProps        *credPropsOutputs `json:"credProps,omitempty"`
	HMACCreateSecret *bool             `json:"hmacCreateSecret,omitempty"`
	LargeBlob        *largeBlobOutputs `json:"largeBlob,omitempty"`
	PRF              *prfOutputs       `json:"prf,omitempty"`
}

// getInputs are the client extension inputs of an authentication. Others are
// ignored.
type getInputs struct {
	AppID       *string          `json:"appid"`
	GetCredBlob bool             `json:"getCredBlob"`
	LargeBlob   *largeBlobInputs `json:"largeBlob"`
	Payment     *paymentInputs   `json:"payment"`
	PRF         *prfInputs       `json:"prf"`
}

// getResults are the client extension outputs of an authentication, in JSON.
type getResults struct {
	AppID       *bool             `json:"appid,omitempty"`
	GetCredBlob *base64URL        `json:"getCredBlob,omitempty"`
	LargeBlob   *largeBlobOutputs `json:"largeBlob,omitempty"`
	PRF         *prfOutputs       `json:"prf,omitempty"`
}

// extension adds an extension to those of a request.
func extension(extensions map[string]ctap.Raw, name string, input any) (map[string]ctap.Raw, error) {
	encoded, err := ctap.Marshal(input)
	if err != nil {
		return nil, err
	}
	if extensions == nil {
		extensions = map[string]ctap.Raw{}
	}
	extensions[name] = encoded
	return extensions, nil
}

// outputs are what extensions say in authenticator data.
type outputs map[string]ctap.Raw

// readOutputs decodes the extensions of authenticator data.
func readOutputs(data *ctap.AuthenticatorData) (outputs, error) {
	if len(data.Extensions) == 0 {
		return nil, nil
	}
	var o outputs
	if err := ctap.UnmarshalLax(data.Extensions, &o); err != nil {
		return nil, fail(UnknownError, "the key's answer has malformed extensions: %v", err)
	}
	return o, nil
}

// read decodes the output of an extension into v, and tells whether there is
// one.
func (o outputs) read(name string, v any) (bool, error) {
	output, ok := o[name]
	if !ok {
		return false, nil
	}
	if err := ctap.UnmarshalLax(output, v); err != nil {
		return false, fail(UnknownError, "the key's output of %s is malformed: %v", name, err)
	}
	return true, nil
}

// isTrue tells whether an extension says true.
func (o outputs) isTrue(name string) (yes bool, err error) {
	_, err = o.read(name, &yes)
	return yes, err
}
