package webauthn

import (
	"context"
	"errors"

	"github.com/softkey-project/softkey/ctap"
)

// wish is what a ceremony wants of user verification.
type wish struct {
	required    bool             // or it fails
	wanted      bool             // where the key can
	permissions ctap.Permissions // of a token
	rpID        string           // that the token is for
	failure     string           // the exception where the key cannot
}

// forSites are the permissions that a key honours without a token, by its
// option uv.
const forSites = ctap.PermissionMakeCredential | ctap.PermissionGetAssertion

// verify has the user verified if that is wished for: by the key itself where
// its user set that up, or else by the PIN.
func (c *ceremony) verify(ctx context.Context, w wish) error {
	c.wish = w
	switch {
	case !w.required && !w.wanted:
		return nil
	case c.hasUV():
		return c.verifyByKey(ctx)
	case c.hasPIN():
		return c.verifyByPIN(ctx)
	case w.required:
		return fail(w.failure, "user verification is required, and %s", c.lacking())
	}
	return nil
}

// hasUV and hasPIN tell which ways there are.
func (c *ceremony) hasUV() bool { return c.info.Options[ctap.OptionUV] }

func (c *ceremony) hasPIN() bool {
	o := c.info.Options
	return o[ctap.OptionClientPIN] && !o[ctap.OptionNoMcGaPermissionsWithClientPIN] && c.client.PIN != nil
}

// lacking says why there is none.
func (c *ceremony) lacking() string {
	switch set, known := c.info.Options[ctap.OptionClientPIN]; {
	case !known:
		return "the key cannot verify the user by itself"
	case !set:
		return "no PIN is set"
	}
	return "the key's PIN is not known to the client"
}

// isProtected tells whether the key wants user verification where it may
// (§6.1.2 of CTAP: "protected by some form of user verification").
func (c *ceremony) isProtected() bool {
	return c.info.Options[ctap.OptionClientPIN] || c.info.Options[ctap.OptionUV]
}

// isVerified tells whether the key will find the user verified.
func (c *ceremony) isVerified() bool { return c.token != nil || c.uv }

// couldVerify tells whether the key has a way that the user may not have set
// up.
func (c *ceremony) couldVerify() bool {
	_, pin := c.info.Options[ctap.OptionClientPIN]
	_, uv := c.info.Options[ctap.OptionUV]
	return pin || uv
}

// verifyByKey has the key verify the user: for a token, or in the course of the
// request where it gives none. When it fails, a PIN will do.
func (c *ceremony) verifyByKey(ctx context.Context) error {
	if !c.info.Options[ctap.OptionPinUvAuthToken] {
		if c.wish.permissions&^forSites != 0 && c.hasPIN() {
			return c.verifyByPIN(ctx)
		}
		c.uv = true
		return nil
	}
	err := c.tokenByUV(ctx)
	if isUVFailure(err) && c.hasPIN() {
		return c.verifyByPIN(ctx)
	}
	return err
}

// maxUVAttempts bounds how often the key may want the user to try again.
const maxUVAttempts = 10

// tokenByUV gets a token by the key's own user verification, tried again as
// often as the key likes (§6.5.3.1 of CTAP, preferredPlatformUvAttempts).
func (c *ceremony) tokenByUV(ctx context.Context) (err error) {
	for range min(max(c.info.PreferredPlatformUvAttempts, 1), maxUVAttempts) {
		c.token, err = c.client.Device.UVToken(ctx, c.wish.permissions, c.wish.rpID)
		if !errors.Is(err, ctap.StatusUVInvalid) {
			return err
		}
	}
	return err
}

func isUVFailure(err error) bool {
	return errors.Is(err, ctap.StatusUVInvalid) || errors.Is(err, ctap.StatusUVBlocked)
}

// withPIN runs a request. Where the key wants its PIN all the same, since it
// did not recognise the user or has a policy of its own, it gets it, once.
func (c *ceremony) withPIN(ctx context.Context, request func(context.Context) error) error {
	err := request(ctx)
	insists := errors.Is(err, ctap.StatusPUATRequired) || isUVFailure(err)
	if !insists || c.token != nil || !c.hasPIN() {
		return err
	}
	if err := c.verifyByPIN(ctx); err != nil {
		return err
	}
	return request(ctx)
}

// authorize returns what a request shows the key of the user's verification:
// the option uv, or the parameters of a token.
func (c *ceremony) authorize() (uv *bool, protocol *uint64, param []byte) {
	protocol, param = c.token.Authorize(c.clientDataHash())
	if c.token == nil && c.uv {
		uv = &c.uv
	}
	return uv, protocol, param
}
