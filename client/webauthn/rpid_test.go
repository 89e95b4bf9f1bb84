package webauthn_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
)

// TestOrigins says for which relying party an origin may speak: the ID that the
// options have, or SecurityError.
func TestOrigins(t *testing.T) {
	tests := []struct {
		name, origin, rpID string
		want               string // the relying party ID; empty: refused
		serialised         string // the origin, where it is spelled in another way
	}{
		{"the domain by default", "https://example.com", "", "example.com", ""},
		{"the domain", "https://example.com", "example.com", "example.com", ""},
		{"with a port", "https://example.com:8443", "example.com", "example.com", ""},
		{"with the port of https", "https://example.com:443", "", "example.com", "https://example.com"},
		{"with a slash", "https://example.com/", "", "example.com", "https://example.com"},
		{"in capitals", "HTTPS://Example.COM", "", "example.com", "https://example.com"},
		{"in punycode", "https://xn--bcher-kva.example", "", "xn--bcher-kva.example", ""},
		{"a parent domain", "https://login.example.com", "example.com", "example.com", ""},
		{"a parent of two labels more", "https://a.b.example.co.uk", "example.co.uk", "example.co.uk", ""},
		{"below a private suffix", "https://a.b.github.io", "b.github.io", "b.github.io", ""},
		{"an exception to a rule", "https://www.city.kawasaki.jp", "city.kawasaki.jp", "city.kawasaki.jp", ""},
		{"localhost", "http://localhost:8080", "localhost", "localhost", ""},
		{"below localhost", "http://app.localhost", "", "app.localhost", ""},
		{"localhost with the port of http", "http://localhost:80", "", "localhost", "http://localhost"},
		{"a name without dots", "https://intranet", "intranet", "intranet", ""},

		{"a top-level domain", "https://example.com", "com", "", ""},
		{"a public suffix", "https://example.co.uk", "co.uk", "", ""},
		{"a private suffix", "https://me.github.io", "github.io", "", ""},
		{"the end of a wildcard suffix", "https://a.b.kawasaki.jp", "kawasaki.jp", "", ""},
		{"localhost for what is below", "http://app.localhost", "localhost", "", ""},
		{"a child", "https://example.com", "login.example.com", "", ""},
		{"another", "https://example.com", "example.org", "", ""},
		{"half a label", "https://badexample.com", "example.com", "", ""},
		{"in another case", "https://example.com", "Example.com", "", ""},
		{"an address", "https://192.0.2.1", "", "", ""},
		{"an address as ID", "https://192.0.2.1", "192.0.2.1", "", ""},
		{"the end of an address", "https://192.0.2.1", "2.1", "", ""},
		{"an address in hex", "https://0x7f.0x1", "", "", ""},
		{"an IPv6 address", "https://[::1]", "", "", ""},
		{"http", "http://example.com", "", "", ""},
		{"http on an address", "http://127.0.0.1", "", "", ""},
		{"another scheme", "ftp://example.com", "", "", ""},
		{"no scheme", "example.com", "", "", ""},
		{"a scheme alone", "https:example.com", "", "", ""},
		{"a port above all", "https://example.com:65536", "", "", ""},
		{"nothing", "", "", "", ""},
		{"a path", "https://example.com/login", "", "", ""},
		{"a user", "https://me@example.com", "", "", ""},
		{"another script", "https://bücher.example", "", "", ""},
		{"an empty label", "https://example..com", "", "", ""},
		{"a long label", "https://" + strings.Repeat("a", 64) + ".example", "", "", ""},
		{"a long name", "https://" + strings.Repeat("a.", 126) + "example", "", "", ""},
		{"no URL", "https://exa mple.com", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			c := &webauthn.Client{Device: key, Origin: tt.origin}
			resp, err := c.Create(t.Context(), []byte(object(creation, `"rp":{"name":"Example","id":"`+tt.rpID+`"}`)))
			if tt.want == "" {
				wantError(t, resp, err, webauthn.SecurityError)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := key.made[0].RP.ID; got != tt.want {
				t.Errorf("relying party ID: got %s, want %s", got, tt.want)
			}
			var r registration
			decodeStrict(t, resp, &r)
			var data struct{ Origin string }
			if err := json.Unmarshal(r.Response.ClientDataJSON, &data); err != nil {
				t.Fatal(err)
			}
			want := tt.serialised
			if want == "" {
				want = tt.origin
			}
			if data.Origin != want {
				t.Errorf("origin: got %s, want %s", data.Origin, want)
			}
		})
	}
}
