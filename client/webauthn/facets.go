package webauthn

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Facets finds out whether a page may use the identity of a U2F application, as
// the FIDO AppID and Facet Specification has it (§3.1.2): the application's
// server tells which pages are its own. The zero value is ready to use; its
// methods may be called from any goroutine.
type Facets struct {
	Client *http.Client // nil: http.DefaultClient. Its CheckRedirect is not used.
}

// What a list of facets may be.
const (
	facetsType       = "application/fido.trusted-apps+json"
	maxFacets        = 1 << 16 // bytes
	maxFacetsHops    = 5
	redirectApproval = "FIDO-AppID-Redirect-Authorized"
)

// Check returns an [*Error], a SecurityError, if the page at origin may not use
// appID. It fetches the application's list of facets where appID is of another
// host than the page.
func (f Facets) Check(ctx context.Context, origin, appID string) error {
	page, err := parseOrigin(origin)
	if err != nil {
		return err
	}
	if appID == "" || appID == page.serialised { // steps 1 and 2
		return nil
	}
	u, err := url.Parse(appID)
	if err != nil {
		return &Error{SecurityError, "the application is no URL", err}
	}
	app, err := parseOrigin(u.Scheme + "://" + u.Host)
	if err != nil {
		return &Error{SecurityError, "the application " + appID + " has no facets", err}
	}
	if app.serialised == page.serialised { // step 3
		return nil
	}
	facets, err := f.fetch(ctx, u)
	if err != nil {
		return &Error{SecurityError, "the facets of the application " + appID, err}
	}
	if !app.trusts(facets, page) {
		return fail(SecurityError, "the application %s does not name the origin %s among its facets", appID, page.serialised)
	}
	return nil
}

// trusts tells whether page is among the facets that the application may have:
// those of its own site (step 14).
func (o *origin) trusts(facets []string, page *origin) bool {
	return slices.ContainsFunc(facets, func(facet string) bool {
		f, err := parseOrigin(facet)
		return err == nil && f.serialised == page.serialised && sameSite(f.domain, o.domain)
	})
}

// fetch returns the facets that a server lists at appID (steps 4 to 13).
func (f Facets) fetch(ctx context.Context, appID *url.URL) ([]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, appID.String(), nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{CheckRedirect: checkFacetsRedirect}
	if f.Client != nil {
		client.Transport, client.Timeout = f.Client.Transport, f.Client.Timeout
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s", resp.Status)
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != facetsType {
		return nil, fmt.Errorf("the list is of type %q, not %s", kind, facetsType)
	}
	list, err := io.ReadAll(io.LimitReader(resp.Body, maxFacets+1))
	if err != nil {
		return nil, err
	}
	if len(list) > maxFacets {
		return nil, fmt.Errorf("the list is longer than %d bytes", maxFacets)
	}
	return parseFacets(list)
}

// checkFacetsRedirect follows a redirection that its sender has authorised for
// this purpose (step 7).
func checkFacetsRedirect(to *http.Request, via []*http.Request) error {
	if len(via) > maxFacetsHops {
		return fmt.Errorf("more than %d redirections", maxFacetsHops)
	}
	if !strings.EqualFold(to.Response.Header.Get(redirectApproval), "true") {
		return fmt.Errorf("a redirection without %s: true", redirectApproval)
	}
	_, err := parseOrigin(to.URL.Scheme + "://" + to.URL.Host)
	return err
}

// parseFacets returns the facets of version 1.0, that of U2F. A bare list, as in
// the first drafts and in u2flib-server 1.0, is taken for them.
func parseFacets(list []byte) ([]string, error) {
	var bare []string
	if json.Unmarshal(list, &bare) == nil {
		return bare, nil
	}
	var versions struct {
		TrustedFacets []struct {
			Version struct{ Major, Minor int } `json:"version"`
			IDs     []string                   `json:"ids"`
		} `json:"trustedFacets"`
	}
	if err := json.Unmarshal(list, &versions); err != nil {
		return nil, err
	}
	for _, v := range versions.TrustedFacets {
		if v.Version.Major == 1 && v.Version.Minor == 0 {
			return v.IDs, nil
		}
	}
	return nil, fmt.Errorf("the list has no facets of version 1.0")
}
