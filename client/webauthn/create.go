package webauthn

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// Create makes a credential, as navigator.credentials.create does (§5.1.3). It
// takes PublicKeyCredentialCreationOptionsJSON, by itself or as the member
// publicKey, and returns RegistrationResponseJSON. Errors are of type [*Error].
//
// Of the extensions, credProps is processed; others are ignored.
func (c *Client) Create(ctx context.Context, optionsJSON []byte) (responseJSON []byte, err error) {
	var opts creationOptions
	if err := parseOptions(optionsJSON, &opts); err != nil {
		return nil, err
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	cer, err := c.begin(typeCreate, opts.RP.ID, *opts.Challenge)
	if err != nil {
		return nil, err
	}
	req, err := cer.creationRequest(&opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, opts.Timeout.lifetime(), errLifetime)
	defer cancel()
	if req.ExcludeList, err = cer.excludeList(ctx, descriptors(opts.ExcludeCredentials)); err != nil {
		return nil, keyError(ctx, err)
	}
	resp, err := cer.key.makeCredential(ctx, req)
	if err != nil {
		return nil, keyError(ctx, err)
	}
	return cer.registration(&opts, req, resp)
}

// creationRequest returns what to ask of the key, but for the excludeList.
func (c *ceremony) creationRequest(opts *creationOptions) (*ctap.MakeCredentialRequest, error) {
	algorithms, err := opts.algorithms()
	if err != nil {
		return nil, err
	}
	selection := &opts.AuthenticatorSelection
	if err := c.checkAttachment(selection.AuthenticatorAttachment); err != nil {
		return nil, err
	}
	rk, err := c.residentKey(selection.residentKey())
	if err != nil {
		return nil, err
	}
	uv, ok := c.userVerification(selection.UserVerification)
	if !ok {
		return nil, fail(ConstraintError, "user verification is required, and the key cannot verify the user by itself")
	}
	return &ctap.MakeCredentialRequest{
		ClientDataHash:   c.clientDataHash(),
		RP:               &ctap.RelyingParty{ID: c.rpID, Name: *opts.RP.Name},
		User:             &ctap.User{ID: opts.User.ID, Name: *opts.User.Name, DisplayName: *opts.User.DisplayName},
		PubKeyCredParams: algorithms,
		Options:          options(rk, uv),
	}, nil
}

// checkAttachment refuses a key that is attached in another way than asked for.
// Unknown ways are ignored, as browsers do.
func (c *ceremony) checkAttachment(wanted string) error {
	if (wanted == "platform" || wanted == "cross-platform") && wanted != c.attachment() {
		return fail(NotAllowedError, "authenticatorAttachment is %s, and the key is %s", wanted, c.attachment())
	}
	return nil
}

// residentKey returns the option rk for a requirement.
func (c *ceremony) residentKey(requirement string) (*bool, error) {
	can := c.key.info().Options[ctap.OptionRK]
	switch {
	case requirement == discouraged:
		return nil, nil
	case can:
		return &can, nil
	case requirement == required:
		return nil, fail(ConstraintError, "a discoverable credential is required, and the key cannot keep one")
	}
	return nil, nil
}

// options returns request options, nil if there are none: keys of CTAP 2.0
// refuse some that have no effect.
func options(rk, uv *bool) *ctap.Options {
	if rk == nil && uv == nil {
		return nil
	}
	return &ctap.Options{RK: rk, UV: uv}
}

// excludeList returns the part of list that the key is to see. Where it cannot
// take all at once, that is the part with a credential of its own.
func (c *ceremony) excludeList(ctx context.Context, list []ctap.CredentialDescriptor) ([]ctap.CredentialDescriptor, error) {
	batches := c.batches(list)
	if len(batches) == 1 {
		return batches[0], nil
	}
	for _, batch := range batches {
		if held, err := c.key.holds(ctx, c.rpID, batch); err != nil || held {
			return batch, err
		}
	}
	return nil, nil
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

// registration returns the response to the page.
func (c *ceremony) registration(opts *creationOptions, req *ctap.MakeCredentialRequest, resp *ctap.MakeCredentialResponse) ([]byte, error) {
	authData, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil || authData.Credential == nil {
		return nil, fail(UnknownError, "the key's answer has no credential: %v", err)
	}
	algorithm, spki, err := publicKey(authData.Credential.PublicKey)
	if err != nil {
		return nil, fail(UnknownError, "the key's answer has a malformed public key: %v", err)
	}
	object, err := ctap.Marshal(attestationObject(opts.Attestation, resp, authData.Credential.AAGUID))
	if err != nil {
		return nil, fail(UnknownError, "the key's attestation statement is malformed: %v", err)
	}
	registration := registrationJSON{
		ID: authData.Credential.ID, RawID: authData.Credential.ID,
		Type: ctap.PublicKey, AuthenticatorAttachment: c.attachment(),
		Response: attestationJSON{
			ClientDataJSON: c.clientDataJSON, AuthenticatorData: resp.AuthData, AttestationObject: object,
			Transports: c.transports(), PublicKey: spki, PublicKeyAlgorithm: algorithm,
		},
		ClientExtensionResults: opts.Extensions.results(req),
	}
	return json.Marshal(registration)
}

// transports returns what the key says of its transports, each once and sorted
// (§5.2.1.1).
func (c *ceremony) transports() []string {
	list := slices.Clone(c.key.info().Transports)
	if len(list) == 0 {
		return []string{ctap.TransportUSB}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
