package webauthn_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
)

// answering is the internet, of which every page is the same.
type answering struct {
	list  []byte
	asked int
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked++
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/fido.trusted-apps+json"}}, Body: io.NopCloser(bytes.NewReader(a.list)),
	}, nil
}

// FuzzFacets states that a page is let use an application of another host only
// where the list that was fetched names the page, and that a refusal is a
// SecurityError.
func FuzzFacets(f *testing.F) {
	f.Add("https://login.example.com", "https://example.com/facets", []byte(trusted))
	f.Add("https://login.example.com", "https://example.com/facets", []byte(`["https://login.example.com"]`))
	f.Add("https://login.example.com", "https://example.org/facets", []byte(`["https://login.example.com"]`))
	f.Add("https://example.com", "", []byte(`{}`))
	f.Add("https://a.co.uk", "https://b.co.uk", []byte(`["https://a.co.uk"]`))
	f.Add("https://example.com:8443", "https://example.com/app", []byte(`{"trustedFacets":[{"version":{"major":1},"ids":["https://example.com:8443"]}]}`))
	f.Fuzz(func(t *testing.T, origin, appID string, list []byte) {
		internet := &answering{list: list}
		err := webauthn.Facets{Client: &http.Client{Transport: internet}}.Check(context.Background(), origin, appID)
		var refusal *webauthn.Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Name != webauthn.SecurityError) {
			t.Errorf("got %v, want a SecurityError", err)
		}
		if internet.asked > 1 {
			t.Errorf("%d requests, want 1 at most", internet.asked)
		}
		host := origin[strings.LastIndex(origin, "/")+1:]
		if err == nil && internet.asked == 1 && isPlain(host) && !bytes.Contains(bytes.ToLower(list), []byte(strings.ToLower(host))) {
			t.Errorf("%q may use %q, and is not in %q", origin, appID, list)
		}
	})
}

// isPlain tells whether a host can be written in one way only, but for capitals.
func isPlain(host string) bool {
	return host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz.-") == ""
}
