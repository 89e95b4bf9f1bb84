package webauthn

import (
	"context"
	"encoding/json"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// Get signs in with a credential, as navigator.credentials.get does (§5.1.4).
// It takes PublicKeyCredentialRequestOptionsJSON, by itself or as the member
// publicKey, and returns AuthenticationResponseJSON. Errors are of type
// [*Error].
//
// The user is verified as in [Client.Create].
//
// Of the extensions, appid, getCredBlob, largeBlob and prf are processed;
// payment is refused, others are ignored. Prf is evaluated for a verified user
// alone, unless the key cannot verify any.
func (c *Client) Get(ctx context.Context, optionsJSON []byte) (responseJSON []byte, err error) {
	op := &authentication{}
	if err := parseOptions(optionsJSON, &op.opts); err != nil {
		return nil, err
	}
	if err := op.opts.check(); err != nil {
		return nil, err
	}
	if op.ceremony, err = c.begin(typeGet, op.opts.RPID, *op.opts.Challenge); err != nil {
		return nil, err
	}
	err = run(ctx, op.opts.Timeout.lifetime(),
		op.meetKey, op.checkExtensions, op.chooseRelyingParty, op.verifyUser, op.chooseCredentials, op.assert, op.read, op.tell,
	)
	if err != nil {
		return nil, err
	}
	return json.Marshal(op.response)
}

// authentication is one run of Get.
type authentication struct {
	*ceremony
	opts      requestOptions
	asked     string // for which relying party, or U2F application, the key is asked
	allowList []ctap.CredentialDescriptor
	req       *ctap.GetAssertionRequest
	prf       *client.HMACSecret // nil: nothing is evaluated

	assertion *ctap.GetAssertionResponse
	outputs   outputs
	results   getResults
	response  authenticationJSON
}

func (op *authentication) checkExtensions(ctx context.Context) error {
	return getExtensions.check(ctx, op)
}

// chooseRelyingParty decides whom the key is asked for: where the page names a
// U2F application besides, that for which it has a credential.
func (op *authentication) chooseRelyingParty(ctx context.Context) error {
	op.asked = op.rpID
	appID := op.opts.Extensions.AppID
	if appID == nil {
		return nil
	}
	for _, rpID := range []string{op.rpID, *appID} {
		for _, batch := range op.batches(descriptors(op.opts.AllowCredentials)) {
			held, err := op.key.find(ctx, rpID, batch, nil)
			if err != nil {
				return err
			}
			if held != nil {
				op.asked = rpID
				return nil
			}
		}
	}
	return nil
}

func (op *authentication) verifyUser(ctx context.Context) error {
	requirement := op.opts.UserVerification
	w := wish{
		required:    requirement == required,
		wanted:      requirement != discouraged || op.info.Options[ctap.OptionAlwaysUv] || op.wantsPRF(),
		permissions: ctap.PermissionGetAssertion,
		rpID:        op.asked,
		failure:     NotAllowedError,
	}
	if op.writesBlobArray() {
		w.wanted = true
		w.permissions |= ctap.PermissionLargeBlobWrite
	}
	return op.verify(ctx, w)
}

// chooseCredentials gives the key the part of the list of allowed credentials
// that it is to see. Where it cannot take all at once, that is the part with a
// credential of its own, or else the first; where it matters which it will be,
// that credential alone.
func (op *authentication) chooseCredentials(ctx context.Context) error {
	if len(op.opts.AllowCredentials) == 0 {
		return nil
	}
	batches := op.batches(descriptors(op.opts.AllowCredentials))
	if len(batches) == 0 {
		return ctap.StatusNoCredentials // all are of unknown types, or too long
	}
	op.allowList = batches[0]
	if len(batches) == 1 && !op.mustKnowCredential() {
		return nil
	}
	for _, batch := range batches {
		held, err := op.key.find(ctx, op.asked, batch, op.token)
		if err != nil {
			return err
		}
		if held != nil && op.mustKnowCredential() {
			batch = []ctap.CredentialDescriptor{*held}
		}
		if held != nil {
			op.allowList = batch
			return nil
		}
	}
	return nil
}

// mustKnowCredential tells whether what is asked depends on the credential.
func (op *authentication) mustKnowCredential() bool {
	return op.wantsPRF() && len(op.opts.Extensions.PRF.EvalByCredential) > 0 && len(op.opts.AllowCredentials) > 1
}

// assert asks the key, and where it has several accounts, the caller.
func (op *authentication) assert(ctx context.Context) error {
	op.req = &ctap.GetAssertionRequest{RPID: op.asked, ClientDataHash: op.clientDataHash(), AllowList: op.allowList}
	var all []*ctap.GetAssertionResponse
	err := op.withPIN(ctx, func(ctx context.Context) (err error) {
		if err := getExtensions.ask(ctx, op); err != nil {
			return err
		}
		uv, protocol, param := op.authorize()
		op.req.PinUvAuthProtocol, op.req.PinUvAuthParam = protocol, param
		op.req.Options = options(false, uv)
		all, err = op.key.assertions(ctx, op.req, op.client.Select != nil)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := op.complete(a); err != nil {
			return err
		}
	}
	op.assertion, err = op.choose(ctx, all)
	return err
}

// extend asks the key for an extension.
func (op *authentication) extend(name string, input any) (err error) {
	op.req.Extensions, err = extension(op.req.Extensions, name, input)
	return err
}

// complete fills in the credential of an assertion, which a key may leave out if
// it was asked for only one (CTAP §6.2).
func (op *authentication) complete(a *ctap.GetAssertionResponse) error {
	if a.Credential == nil && len(op.allowList) == 1 {
		a.Credential = &op.allowList[0]
	}
	if a.Credential == nil || len(a.Credential.ID) == 0 {
		return fail(UnknownError, "the key's answer does not name the credential")
	}
	return nil
}

// choose has the caller choose one of several assertions.
func (op *authentication) choose(ctx context.Context, all []*ctap.GetAssertionResponse) (*ctap.GetAssertionResponse, error) {
	if len(all) == 1 {
		return all[0], nil
	}
	accounts := make([]Account, len(all))
	for i, a := range all {
		accounts[i].CredentialID = a.Credential.ID
		if a.User != nil {
			accounts[i].User = *a.User
		}
	}
	i, err := op.client.Select(ctx, accounts)
	if err != nil || i < 0 || i >= len(all) {
		return nil, declined(ctx, "no account was chosen", err)
	}
	return all[i], nil
}

// read reads what extensions say in the authenticator data of the answer.
func (op *authentication) read(context.Context) error {
	data, err := ctap.ParseAuthenticatorData(op.assertion.AuthData)
	if err != nil {
		return fail(UnknownError, "the key's answer has malformed authenticator data: %v", err)
	}
	op.outputs, err = readOutputs(data)
	return err
}

// tell makes the response to the page.
func (op *authentication) tell(ctx context.Context) error {
	if err := getExtensions.tell(ctx, op); err != nil {
		return err
	}
	a := op.assertion
	op.response = authenticationJSON{
		ID: base64URL(a.Credential.ID), RawID: base64URL(a.Credential.ID), Type: ctap.PublicKey, AuthenticatorAttachment: op.attachment(),
		Response:               assertionJSON{ClientDataJSON: op.clientDataJSON, AuthenticatorData: a.AuthData, Signature: a.Signature},
		ClientExtensionResults: op.results,
	}
	if a.User != nil {
		op.response.Response.UserHandle = base64URL(a.User.ID)
	}
	return nil
}

// authenticationJSON is AuthenticationResponseJSON (§5.1).
type authenticationJSON struct {
	ID                      base64URL     `json:"id"`
	RawID                   base64URL     `json:"rawId"`
	Type                    string        `json:"type"`
	AuthenticatorAttachment string        `json:"authenticatorAttachment"`
	Response                assertionJSON `json:"response"`
	ClientExtensionResults  getResults    `json:"clientExtensionResults"`
}

// assertionJSON is AuthenticatorAssertionResponseJSON.
type assertionJSON struct {
	ClientDataJSON    base64URL `json:"clientDataJSON"`
	AuthenticatorData base64URL `json:"authenticatorData"`
	Signature         base64URL `json:"signature"`
	UserHandle        base64URL `json:"userHandle,omitempty"`
}
