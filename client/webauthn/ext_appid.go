package webauthn

import (
	"context"
	"net/url"

	"github.com/softkey-project/softkey/ctap"
)

// getAppID is the extension appid (§10.1.1): a credential may be one that was
// made for a U2F application. Which it is, [authentication.chooseRelyingParty]
// finds out.
var getAppID = clientExtension[*authentication]{
	check: func(ctx context.Context, op *authentication) error {
		return op.checkAppID(ctx, op.opts.Extensions.AppID)
	},
	tell: func(_ context.Context, op *authentication) error {
		if appID := op.opts.Extensions.AppID; appID != nil {
			used := op.asked == *appID
			op.results.AppID = &used
		}
		return nil
	},
}

// appIDExclude is the extension of that name (§10.1.2): the excluded credentials
// may be such ones. [creation.excludeAppID] acts on it.
var appIDExclude = clientExtension[*creation]{
	check: func(ctx context.Context, op *creation) error {
		return op.checkAppID(ctx, op.opts.Extensions.AppIDExclude)
	},
	tell: func(_ context.Context, op *creation) error {
		if op.opts.Extensions.AppIDExclude != nil {
			acted := true
			op.results.AppIDExclude = &acted
		}
		return nil
	},
}

// excludeAppID refuses a key that has an excluded credential of a U2F
// application, once it has been touched: with an assertion that is thrown away.
func (op *creation) excludeAppID(ctx context.Context, list []ctap.CredentialDescriptor) error {
	appID := op.opts.Extensions.AppIDExclude
	if appID == nil {
		return nil
	}
	for _, batch := range op.batches(list) {
		held, err := op.key.find(ctx, *appID, batch, nil)
		if err != nil {
			return err
		}
		if held == nil {
			continue
		}
		_, err = op.key.assertions(ctx, &ctap.GetAssertionRequest{
			RPID: *appID, ClientDataHash: make([]byte, 32), AllowList: []ctap.CredentialDescriptor{*held},
		}, false)
		if err != nil {
			return err
		}
		return ctap.StatusCredentialExcluded
	}
	return nil
}

// checkAppID refuses the identity of a U2F application, if there is one, for
// which the origin may not speak.
func (c *ceremony) checkAppID(ctx context.Context, appID *string) error {
	switch {
	case appID == nil:
		return nil
	case c.client.CheckFacet != nil:
		return c.client.CheckFacet(ctx, c.origin.serialised, *appID)
	}
	return c.origin.checkSiteOf(*appID)
}

// checkSiteOf refuses an application of another site than the origin's.
func (o *origin) checkSiteOf(appID string) error {
	u, err := url.Parse(appID)
	if err != nil {
		return &Error{SecurityError, "the application is no URL", err}
	}
	app, err := parseOrigin(u.Scheme + "://" + u.Host)
	if err != nil || !sameSite(app.domain, o.domain) {
		return fail(SecurityError, "the origin %s may not speak for the application %s", o.serialised, appID)
	}
	return nil
}
