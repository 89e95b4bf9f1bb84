package webauthn

import (
	"context"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// read reads the authenticator data of the answer.
func (op *creation) read(context.Context) (err error) {
	op.authData, err = ctap.ParseAuthenticatorData(op.resp.AuthData)
	switch {
	case err != nil:
		return fail(UnknownError, "the key's answer has malformed authenticator data: %v", err)
	case op.authData.Credential == nil:
		return fail(UnknownError, "the key's answer has no credential")
	}
	op.outputs, err = readOutputs(op.authData)
	return err
}

// tell makes the response to the page.
func (op *creation) tell(ctx context.Context) error {
	if err := createExtensions.tell(ctx, op); err != nil {
		return err
	}
	credential := op.authData.Credential
	algorithm, spki, err := publicKey(credential.PublicKey)
	if err != nil {
		return fail(UnknownError, "the key's answer has a malformed public key: %v", err)
	}
	object, err := attestationObject(op.opts.Attestation, op.resp, credential.AAGUID)
	if err != nil {
		return err
	}
	op.response = registrationJSON{
		ID: credential.ID, RawID: credential.ID, Type: ctap.PublicKey, AuthenticatorAttachment: op.attachment(),
		Response: attestationJSON{
			ClientDataJSON: op.clientDataJSON, AuthenticatorData: op.resp.AuthData, AttestationObject: object,
			Transports: op.transports(), PublicKey: spki, PublicKeyAlgorithm: algorithm,
		},
		ClientExtensionResults: op.results,
	}
	return nil
}

// registrationJSON is RegistrationResponseJSON (§5.1).
type registrationJSON struct {
	ID                      base64URL       `json:"id"`
	RawID                   base64URL       `json:"rawId"`
	Type                    string          `json:"type"`
	AuthenticatorAttachment string          `json:"authenticatorAttachment"`
	Response                attestationJSON `json:"response"`
	ClientExtensionResults  createResults   `json:"clientExtensionResults"`
}

// attestationJSON is AuthenticatorAttestationResponseJSON. PublicKey is absent
// for an algorithm that the client does not know.
type attestationJSON struct {
	ClientDataJSON     base64URL `json:"clientDataJSON"`
	AuthenticatorData  base64URL `json:"authenticatorData"`
	Transports         []string  `json:"transports"`
	PublicKey          base64URL `json:"publicKey,omitempty"`
	PublicKeyAlgorithm int64     `json:"publicKeyAlgorithm"`
	AttestationObject  base64URL `json:"attestationObject"`
}

// transports returns what the key says of its transports, each once and sorted
// (§5.2.1.1).
func (c *ceremony) transports() []string {
	list := slices.Clone(c.info.Transports)
	if len(list) == 0 {
		return []string{ctap.TransportUSB}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
