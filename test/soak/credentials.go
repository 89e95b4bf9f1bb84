package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

const (
	sites = 8  // relying parties
	users = 20 // of each with discoverable credentials: the store stays small
)

func (c *caller) site() string { return fmt.Sprintf("site%d.example", c.rand.IntN(sites)) }

func (c *caller) hash() []byte {
	sum := sha256.Sum256(fmt.Append(nil, c.rand.Uint64()))
	return sum[:]
}

func (c *caller) creation(rpID string) *ctap.MakeCredentialRequest {
	algorithm := []cose.ID{cose.ES256, cose.EdDSA}[c.rand.IntN(2)]
	return &ctap.MakeCredentialRequest{
		ClientDataHash:   c.hash(),
		RP:               &ctap.RelyingParty{ID: rpID},
		User:             &ctap.User{ID: fmt.Append(nil, "user ", c.rand.IntN(users)), Name: "user"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(algorithm), Type: ctap.PublicKey}},
	}
}

// make makes a credential and enters it in the ledger.
func (c *caller) make(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error) {
	resp, err := c.device.MakeCredential(ctx, req)
	if err != nil {
		return nil, err
	}
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		return nil, err
	}
	algorithm := cose.ID(req.PubKeyCredParams[0].Algorithm)
	c.soak.ledger.add(c.rand, credential{req.RP.ID, data.Credential.ID, algorithm, data.Credential.PublicKey})
	return resp, nil
}

func register(ctx context.Context, c *caller) error {
	_, err := c.make(ctx, c.creation(c.site()))
	return err
}

// registerAgain is for a site that has a credential of this key.
func registerAgain(ctx context.Context, c *caller) error {
	known, ok := c.soak.ledger.pick(c.rand)
	if !ok {
		return register(ctx, c)
	}
	req := c.creation(known.rpID)
	req.ExcludeList = []ctap.CredentialDescriptor{{ID: known.id, Type: ctap.PublicKey}}
	_, err := c.device.MakeCredential(ctx, req)
	return wants(err, ctap.StatusCredentialExcluded)
}

func refused(ctx context.Context, c *caller) error {
	c.finger = "refuse"
	_, err := c.device.MakeCredential(ctx, c.creation(c.site()))
	return wants(err, ctap.StatusOperationDenied)
}

// cancelled is a registration whose user changes their mind before they touch
// the key.
func cancelled(ctx context.Context, c *caller) error {
	c.finger = ""
	ctx, cancel := context.WithTimeoutCause(ctx, c.within(50*time.Millisecond), errChanged)
	defer cancel()
	_, err := c.device.MakeCredential(ctx, c.creation(c.site()))
	return wants(err, errChanged)
}

var errChanged = errors.New("the user changed their mind")

// assert signs, and checks what it gets.
func (c *caller) assert(ctx context.Context, k credential, change func(*ctap.GetAssertionRequest)) error {
	req := &ctap.GetAssertionRequest{
		RPID: k.rpID, ClientDataHash: c.hash(), AllowList: []ctap.CredentialDescriptor{{ID: k.id, Type: ctap.PublicKey}},
	}
	change(req)
	resp, err := c.device.GetAssertion(ctx, req)
	if err != nil {
		return err
	}
	return c.check(k, req.ClientDataHash, resp)
}

func (c *caller) check(k credential, hash []byte, resp *ctap.GetAssertionResponse) error {
	if err := cose.ByID(k.algorithm).Verify(k.publicKey, append(resp.AuthData[:len(resp.AuthData):len(resp.AuthData)], hash...), resp.Signature); err != nil {
		return err
	}
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		return err
	}
	return c.signed(data.SignCount)
}

func signAny(ctx context.Context, c *caller) error {
	return c.signWith(ctx, func(*ctap.GetAssertionRequest) {})
}

// signSilently asks no user.
func signSilently(ctx context.Context, c *caller) error {
	c.finger = ""
	return c.signWith(ctx, func(req *ctap.GetAssertionRequest) { req.Options = &ctap.Options{UP: new(bool)} })
}

func (c *caller) signWith(ctx context.Context, change func(*ctap.GetAssertionRequest)) error {
	known, ok := c.soak.ledger.pick(c.rand)
	if !ok {
		c.finger = "touch"
		return register(ctx, c)
	}
	return c.assert(ctx, known, change)
}

func signUnknown(ctx context.Context, c *caller) error {
	_, err := c.device.GetAssertion(ctx, &ctap.GetAssertionRequest{
		RPID: c.site(), ClientDataHash: c.hash(), AllowList: []ctap.CredentialDescriptor{{ID: c.hash(), Type: ctap.PublicKey}},
	})
	return wants(err, ctap.StatusNoCredentials)
}

// token returns a token for one site.
func (c *caller) token(ctx context.Context, permissions ctap.Permissions, rpID string) (*client.Token, error) {
	return c.device.PINToken(ctx, c.soak.ledger.pin, permissions, rpID)
}

func registerDiscoverable(ctx context.Context, c *caller) error {
	req := c.creation(c.site())
	return c.makeDiscoverable(ctx, req, nil)
}

// makeDiscoverable makes a credential that takes the place of the same user's.
func (c *caller) makeDiscoverable(ctx context.Context, req *ctap.MakeCredentialRequest, use func(*ctap.MakeCredentialResponse)) error {
	token, err := c.token(ctx, ctap.PermissionMakeCredential, req.RP.ID)
	if err != nil {
		return err
	}
	discoverable := true
	req.Options = &ctap.Options{RK: &discoverable}
	req.PinUvAuthProtocol, req.PinUvAuthParam = token.Authorize(req.ClientDataHash)
	resp, err := c.device.MakeCredential(ctx, req)
	if err != nil {
		return err
	}
	if use != nil {
		use(resp)
	}
	return nil
}

func signVerified(ctx context.Context, c *caller) error {
	known, ok := c.soak.ledger.pick(c.rand)
	if !ok {
		return register(ctx, c)
	}
	token, err := c.token(ctx, ctap.PermissionGetAssertion, known.rpID)
	if err != nil {
		return err
	}
	return c.assert(ctx, known, func(req *ctap.GetAssertionRequest) {
		req.PinUvAuthProtocol, req.PinUvAuthParam = token.Authorize(req.ClientDataHash)
	})
}

// signAll gets an assertion of each discoverable credential of a site.
func signAll(ctx context.Context, c *caller) error {
	all, err := c.device.Assertions(ctx, &ctap.GetAssertionRequest{RPID: c.site(), ClientDataHash: c.hash()})
	if errors.Is(err, ctap.StatusNoCredentials) {
		return registerDiscoverable(ctx, c)
	}
	if err != nil {
		return err
	}
	for _, a := range all {
		data, err := ctap.ParseAuthenticatorData(a.AuthData)
		if err != nil {
			return err
		}
		if err := c.signed(data.SignCount); err != nil {
			return err
		}
	}
	return nil
}

// untouched is a registration that nobody touches the key for.
func untouched(ctx context.Context, c *caller) error {
	c.finger = ""
	_, err := c.device.MakeCredential(ctx, c.creation(c.site()))
	return wants(err, ctap.StatusUserActionTimeout)
}
