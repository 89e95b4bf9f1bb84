package webauthn

import (
	"context"
	"encoding/json"

	"github.com/softkey-project/softkey/ctap"
)

// Get signs in with a credential, as navigator.credentials.get does (§5.1.4).
// It takes PublicKeyCredentialRequestOptionsJSON, by itself or as the member
// publicKey, and returns AuthenticationResponseJSON. Errors are of type
// [*Error].
//
// Of the extensions, appid is processed; others are ignored.
func (c *Client) Get(ctx context.Context, optionsJSON []byte) (responseJSON []byte, err error) {
	var opts requestOptions
	if err := parseOptions(optionsJSON, &opts); err != nil {
		return nil, err
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	cer, err := c.begin(typeGet, opts.RPID, *opts.Challenge)
	if err != nil {
		return nil, err
	}
	targets, err := cer.targets(&opts)
	if err != nil {
		return nil, err
	}
	uv, ok := cer.userVerification(opts.UserVerification)
	if !ok {
		return nil, fail(NotAllowedError, "user verification is required, and the key cannot verify the user by itself")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, opts.Timeout.lifetime(), errLifetime)
	defer cancel()
	target, err := cer.choose(ctx, targets)
	if err != nil {
		return nil, keyError(ctx, err)
	}
	assertion, err := cer.assert(ctx, target, uv)
	if err != nil {
		return nil, err
	}
	return cer.authentication(&opts, target, assertion)
}

// target is a question for the key: one of these credentials, for that relying
// party. Without a list it is any discoverable one.
type target struct {
	rpID      string
	allowList []ctap.CredentialDescriptor
}

// targets returns the questions that the options come to: several, where the
// key does not take the list at once, or where a U2F application may have
// credentials besides the relying party.
func (c *ceremony) targets(opts *requestOptions) ([]target, error) {
	rpIDs := []string{c.rpID}
	if appID := opts.Extensions.AppID; appID != nil {
		if err := c.origin.checkAppID(*appID); err != nil {
			return nil, err
		}
		rpIDs = append(rpIDs, *appID)
	}
	if len(opts.AllowCredentials) == 0 {
		return []target{{rpID: c.rpID}}, nil
	}
	var list []target
	for _, rpID := range rpIDs {
		for _, batch := range c.batches(descriptors(opts.AllowCredentials)) {
			list = append(list, target{rpID, batch})
		}
	}
	return list, nil
}

// choose returns the question that the key can answer. One is asked as it is;
// of several, the first for which the key has a credential, or else the first.
func (c *ceremony) choose(ctx context.Context, targets []target) (target, error) {
	if len(targets) == 0 {
		return target{}, ctap.StatusNoCredentials // all are of unknown types, or too long
	}
	if len(targets) == 1 {
		return targets[0], nil
	}
	for _, t := range targets {
		if held, err := c.key.holds(ctx, t.rpID, t.allowList); err != nil || held {
			return t, err
		}
	}
	return targets[0], nil
}

// assert asks the key, and where it has several accounts, the caller.
func (c *ceremony) assert(ctx context.Context, t target, uv *bool) (*ctap.GetAssertionResponse, error) {
	all, err := c.key.assertions(ctx, &ctap.GetAssertionRequest{
		RPID: t.rpID, ClientDataHash: c.clientDataHash(), AllowList: t.allowList, Options: options(nil, uv),
	}, c.client.Select != nil)
	if err != nil {
		return nil, keyError(ctx, err)
	}
	for _, a := range all {
		if err := t.complete(a); err != nil {
			return nil, err
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return c.selectAccount(ctx, all)
}

// selectAccount has the caller choose one of several assertions.
func (c *ceremony) selectAccount(ctx context.Context, all []*ctap.GetAssertionResponse) (*ctap.GetAssertionResponse, error) {
	accounts := make([]Account, len(all))
	for i, a := range all {
		accounts[i].CredentialID = a.Credential.ID
		if a.User != nil {
			accounts[i].User = *a.User
		}
	}
	i, err := c.client.Select(ctx, accounts)
	if err != nil || i < 0 || i >= len(all) {
		return nil, &Error{NotAllowedError, "no account was chosen", err}
	}
	return all[i], nil
}

// complete fills in the credential of an assertion, which a key may leave out if
// it was asked for only one (CTAP §6.2).
func (t target) complete(a *ctap.GetAssertionResponse) error {
	if a.Credential == nil && len(t.allowList) == 1 {
		a.Credential = &t.allowList[0]
	}
	if a.Credential == nil || len(a.Credential.ID) == 0 {
		return fail(UnknownError, "the key's answer does not name the credential")
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

// authentication returns the response to the page.
func (c *ceremony) authentication(opts *requestOptions, t target, a *ctap.GetAssertionResponse) ([]byte, error) {
	authentication := authenticationJSON{
		ID: a.Credential.ID, RawID: a.Credential.ID,
		Type: ctap.PublicKey, AuthenticatorAttachment: c.attachment(),
		Response:               assertionJSON{ClientDataJSON: c.clientDataJSON, AuthenticatorData: a.AuthData, Signature: a.Signature},
		ClientExtensionResults: opts.Extensions.results(t.rpID),
	}
	if a.User != nil {
		authentication.Response.UserHandle = a.User.ID
	}
	return json.Marshal(authentication)
}
