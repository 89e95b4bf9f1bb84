package webauthn

import (
	"net/url"

	"github.com/softkey-project/softkey/ctap"
)

// createExtensions are the client extension inputs of a creation that this
// client processes.
type createExtensions struct {
	CredProps bool `json:"credProps"`
}

// createResults are the client extension outputs of a creation.
type createResults struct {
	CredProps *credProps `json:"credProps,omitempty"`
}

// credProps is the output of the extension of that name (§10.1.3): whether the
// credential is discoverable.
type credProps struct {
	RK bool `json:"rk"`
}

// results returns the outputs for what was asked of the key.
func (e createExtensions) results(req *ctap.MakeCredentialRequest) (r createResults) {
	if e.CredProps {
		r.CredProps = &credProps{RK: req.Options != nil && req.Options.RK != nil}
	}
	return r
}

// getExtensions are the client extension inputs of an authentication that this
// client processes.
type getExtensions struct {
	AppID *string `json:"appid"` // a U2F application (§10.1.1)
}

// getResults are the client extension outputs of an authentication.
type getResults struct {
	AppID *bool `json:"appid,omitempty"` // whether it was used
}

// results returns the outputs where the key was asked for rpID.
func (e getExtensions) results(rpID string) (r getResults) {
	if e.AppID != nil {
		used := rpID == *e.AppID
		r.AppID = &used
	}
	return r
}

// checkAppID refuses the identity of a U2F application for which the origin may
// not speak. Its list of facets is not fetched: that it is of the same site is
// what browsers settle for (§10.1.1).
func (o *origin) checkAppID(appID string) error {
	u, err := url.Parse(appID)
	if err != nil {
		return &Error{SecurityError, "the extension appid is no URL", err}
	}
	app, err := parseOrigin(u.Scheme + "://" + u.Host)
	if err != nil || !sameSite(app.domain, o.domain) {
		return fail(SecurityError, "the origin %s may not speak for the application %s", o.serialised, appID)
	}
	return nil
}
