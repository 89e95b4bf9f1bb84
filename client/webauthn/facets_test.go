package webauthn_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
)

// facetServer stands for every host of the internet. It counts what it is asked.
type facetServer struct {
	facets webauthn.Facets
	asked  int
}

func newFacetServer(t *testing.T) *facetServer {
	t.Helper()
	s := &facetServer{}
	site := httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(site.Close)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // its certificate is of another host
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, site.Listener.Addr().String())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	s.facets.Client = &http.Client{Transport: transport}
	return s
}

const trusted = `{"trustedFacets":[{"version":{"major":2,"minor":0},"ids":["https://two.example.com"]},` +
	`{"version":{"major":1,"minor":0},"ids":["https://login.example.com","https://Other.example.com:8443","https://elsewhere.org","android:apk-key-hash:x"]}]}`

func (s *facetServer) serve(w http.ResponseWriter, r *http.Request) {
	s.asked++
	w.Header().Set("Content-Type", "application/fido.trusted-apps+json; charset=utf-8")
	switch r.URL.Path {
	case "/facets":
		_, _ = w.Write([]byte(trusted))
	case "/bare":
		_, _ = w.Write([]byte(`["https://login.example.com"]`))
	case "/wrong-type":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(trusted))
	case "/broken":
		_, _ = w.Write([]byte(`{"trustedFacets":`))
	case "/two":
		_, _ = w.Write([]byte(`{"trustedFacets":[{"version":{"major":2,"minor":0},"ids":["https://login.example.com"]}]}`))
	case "/long":
		_, _ = w.Write([]byte(`["` + strings.Repeat("x", 1<<16) + `"]`))
	case "/authorised":
		w.Header().Set("FIDO-AppID-Redirect-Authorized", "true")
		http.Redirect(w, r, "/facets", http.StatusFound)
	case "/loop":
		w.Header().Set("FIDO-AppID-Redirect-Authorized", "true")
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/downgrade":
		w.Header().Set("FIDO-AppID-Redirect-Authorized", "true")
		http.Redirect(w, r, "http://app.example.com/facets", http.StatusFound)
	case "/redirected":
		http.Redirect(w, r, "/facets", http.StatusFound)
	default:
		http.NotFound(w, r)
	}
}

func TestFacets(t *testing.T) {
	const login, app = "https://login.example.com", "https://app.example.com"
	tests := []struct {
		name, origin, appID string
		says                string // part of the error; empty: none
		asks                int
	}{
		{"the page itself", login, login, "", 0},
		{"no application", login, "", "", 0},
		{"of the same host", login, login + "/app-id.json", "", 0},
		{"another port is another facet", login + ":8443", login + "/facets", "does not name the origin", 1},
		{"trusted", login, app + "/facets", "", 1},
		{"trusted, with a port", "https://other.example.com:8443", app + "/facets", "", 1},
		{"trusted, but of another site", "https://elsewhere.org", app + "/facets", "does not name the origin", 1},
		{"not named", "https://evil.example.com", app + "/facets", "does not name the origin", 1},
		{"named for another version", "https://two.example.com", app + "/facets", "does not name the origin", 1},
		{"bare list", login, app + "/bare", "", 1},
		{"wrong type", login, app + "/wrong-type", `of type "application/json"`, 1},
		{"broken", login, app + "/broken", "unexpected end", 1},
		{"no version 1.0", login, app + "/two", "no facets of version 1.0", 1},
		{"too long", login, app + "/long", "longer than 65536 bytes", 1},
		{"not found", login, app + "/nothing", "404", 1},
		{"authorised redirection", login, app + "/authorised", "", 2},
		{"redirection", login, app + "/redirected", "without FIDO-AppID-Redirect-Authorized", 1},
		{"redirection to plain HTTP", login, app + "/downgrade", "neither https nor localhost", 1},
		{"redirection without end", login, app + "/loop", "more than 5 redirections", 6},
		{"no URL", login, "https://%", "no URL", 0},
		{"not of the web", login, "android:apk-key-hash:x", "has no facets", 0},
		{"plain HTTP", login, "http://app.example.com/facets", "has no facets", 0},
		{"no origin", "login.example.com", app, "SecurityError", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newFacetServer(t)
			err := s.facets.Check(t.Context(), tt.origin, tt.appID)
			if s.asked != tt.asks {
				t.Errorf("asked %d times, want %d", s.asked, tt.asks)
			}
			if tt.says == "" {
				if err != nil {
					t.Errorf("got %v, want nil", err)
				}
				return
			}
			var e *webauthn.Error
			if !errors.As(err, &e) || e.Name != webauthn.SecurityError || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a SecurityError that says %q", err, tt.says)
			}
		})
	}
}
