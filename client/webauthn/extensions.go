package webauthn

import (
	"context"

	"github.com/softkey-project/softkey/ctap"
)

// clientExtension is one row of a table of extensions, of creations or of
// authentications. Each of its functions may be nil, and finds out by itself
// whether the page asked.
type clientExtension[Op any] struct {
	check hook[Op] // refuses what cannot be, before the user is bothered
	ask   hook[Op] // adds to the request
	tell  hook[Op] // adds to the results, when the key has answered
}

type hook[Op any] func(ctx context.Context, op Op) error

// extensionTable is such a table: an extension is a file and a line here.
type extensionTable[Op any] []clientExtension[Op]

var createExtensions = extensionTable[*creation]{
	appIDExclude, createCredBlob, credProps, credProtect, hmacCreateSecret, createLargeBlob, minPINLength, createPayment, createPRF,
}

var getExtensions = extensionTable[*authentication]{getAppID, getCredBlob, getLargeBlob, getPayment, getPRF}

func (t extensionTable[Op]) check(ctx context.Context, op Op) error {
	return t.run(ctx, op, func(e clientExtension[Op]) hook[Op] { return e.check })
}

func (t extensionTable[Op]) ask(ctx context.Context, op Op) error {
	return t.run(ctx, op, func(e clientExtension[Op]) hook[Op] { return e.ask })
}

func (t extensionTable[Op]) tell(ctx context.Context, op Op) error {
	return t.run(ctx, op, func(e clientExtension[Op]) hook[Op] { return e.tell })
}

// run runs one of the functions of each extension.
func (t extensionTable[Op]) run(ctx context.Context, op Op, which func(clientExtension[Op]) hook[Op]) error {
	for _, e := range t {
		f := which(e)
		if f == nil {
			continue
		}
		if err := f(ctx, op); err != nil {
			return err
		}
	}
	return nil
}

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
