package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

const origin = "http://localhost:8081"

// browser is a client with a key of its own, and a server it talks to.
type browser struct {
	t      *testing.T
	server *httptest.Server
	key    *client.Device
	chain  []*x509.Certificate
	page   webauthn.Client
}

func newBrowser(t *testing.T, roots func(b *browser) *x509.CertPool) *browser {
	t.Helper()
	profile, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	d, err := device.New(device.Config{Profile: profile, Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.Open(t.Context(), ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close(); _ = d.Close() })
	chain, err := d.Chain()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, key: key, chain: chain, page: webauthn.Client{Device: key, Origin: origin}}
	s, err := newSite("localhost", origin, roots(b))
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(s.handler())
	t.Cleanup(b.server.Close)
	return b
}

func anybody(*browser) *x509.CertPool { return nil }

func ours(b *browser) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(b.chain[len(b.chain)-1])
	return pool
}

func nobody(*browser) *x509.CertPool { return x509.NewCertPool() }

// post returns the answer, and fails if its status is not the wanted one.
func (b *browser) post(path string, body []byte, status int) []byte {
	b.t.Helper()
	resp, err := http.Post(b.server.URL+path, "application/json", bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(path, resp, status)
}

func (b *browser) read(path string, resp *http.Response, status int) []byte {
	b.t.Helper()
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		b.t.Fatalf("%s: got %s, %v: %s; want status %d", path, resp.Status, err, answer, status)
	}
	return answer
}

// register makes a credential for an account, and returns what was sent.
func (b *browser) register(wish string, status int) (response, answer []byte) {
	b.t.Helper()
	response, err := b.page.Create(b.t.Context(), b.post("/webauthn/register/options", []byte(wish), 200))
	if err != nil {
		b.t.Fatal(err)
	}
	return response, b.post("/webauthn/register", response, status)
}

func (b *browser) signIn(wish string) (response, answer []byte) {
	b.t.Helper()
	response, err := b.page.Get(b.t.Context(), b.post("/webauthn/login/options", []byte(wish), 200))
	if err != nil {
		b.t.Fatal(err)
	}
	return response, b.post("/webauthn/login", response, 200)
}

func TestWebAuthn(t *testing.T) {
	b := newBrowser(t, ours)
	_, answer := b.register(`{"name":"ada","residentKey":"required"}`, 200)
	var got verdict
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	if got.Format != "packed" || got.Type != "basic_full" || len(got.Chain) != 1 || got.Trusted == nil || !*got.Trusted || !got.Flags["up"] || got.Flags["uv"] {
		t.Errorf("registration: got %s, want packed, basic_full, a trusted chain of one, user present", answer)
	}
	for i, wish := range []string{`{"name":"ada"}`, `{}`} {
		response, answer := b.signIn(wish)
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatal(err)
		}
		if !got.Verified || got.Account != "ada" || got.Counter != uint32(i+1) {
			t.Errorf("sign-in %s: got %s, want ada with counter %d", wish, answer, i+1)
		}
		b.says(b.post("/webauthn/login", response, 400), "used before")
	}
	// A second registration on the same key is refused by the key.
	_, err := b.page.Create(t.Context(), b.post("/webauthn/register/options", []byte(`{"name":"ada"}`), 200))
	if err == nil || !strings.HasPrefix(err.Error(), webauthn.InvalidStateError) {
		t.Errorf("second registration: got %v, want an InvalidStateError", err)
	}
	b.says(b.post("/webauthn/login/options", []byte(`{"name":"eve"}`), 400), "no account")
	b.says(b.post("/webauthn/register/options", []byte(`{}`), 400), "needs a name")
}

func (b *browser) says(answer []byte, want string) {
	b.t.Helper()
	var failure struct{ Error string }
	if err := json.Unmarshal(answer, &failure); err != nil || !strings.Contains(failure.Error, want) {
		b.t.Errorf("got %s, %v; want an error that says %q", answer, err, want)
	}
}

func TestForeignRoot(t *testing.T) {
	b := newBrowser(t, nobody)
	_, answer := b.register(`{"name":"ada"}`, 400)
	b.says(answer, "the key is of nobody we trust: x509: certificate signed by unknown authority")
	b.says(b.post("/webauthn/login/options", []byte(`{"name":"ada"}`), 400), "Found no credentials")
	b.says(b.bind(b.enroll(origin), 400), "x509: certificate signed by unknown authority")
}

func TestWrongOrigin(t *testing.T) {
	b := newBrowser(t, anybody)
	b.page.Origin = "http://localhost:9999"
	_, answer := b.register(`{"name":"ada"}`, 400)
	b.says(answer, "http://localhost:9999")
	b.says(b.bind(b.enroll("http://localhost:9999"), 400), "untrusted facet id")
}

// enroll registers for U2F as curl and softkey's client would.
func (b *browser) enroll(origin string) []byte {
	b.t.Helper()
	response, err := u2fjson.Register(b.t.Context(), b.key, origin, b.get("/enroll", 200))
	if err != nil {
		b.t.Fatal(err)
	}
	return response
}

func (b *browser) get(path string, status int) []byte {
	b.t.Helper()
	resp, err := http.Get(b.server.URL + path)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(path, resp, status)
}

func (b *browser) bind(response []byte, status int) []byte {
	b.t.Helper()
	return b.form("/bind", "["+string(response)+"]", status)
}

func (b *browser) form(path, data string, status int) []byte {
	b.t.Helper()
	resp, err := http.PostForm(b.server.URL+path, url.Values{"data": {data}})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(path, resp, status)
}

func TestU2F(t *testing.T) {
	for name, roots := range map[string]func(*browser) *x509.CertPool{"any root": anybody, "our root": ours} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, roots)
			b.says(b.get("/sign", 400), "no key is registered")
			response := b.enroll(origin)
			if got := b.bind(response, 200); string(got) != "true\n" {
				t.Errorf("/bind: got %s, want true", got)
			}
			b.says(b.bind(response, 400), "used before")
			for _, want := range []string{`{"counter":1,"touch":"\u0001"}`, `{"counter":2,"touch":"\u0001"}`} {
				signed, err := u2fjson.Authenticate(t.Context(), b.key, origin, b.get("/sign", 200))
				if err != nil {
					t.Fatal(err)
				}
				if got := b.form("/verify", string(signed), 200); string(got) != want+"\n" {
					t.Errorf("/verify: got %s, want %s", got, want)
				}
				b.says(b.form("/verify", string(signed), 400), "used before")
			}
		})
	}
}

func TestPageAndFacets(t *testing.T) {
	b := newBrowser(t, anybody)
	if got := b.get("/", 200); !bytes.Contains(got, []byte("navigator.credentials.create")) {
		t.Errorf("/: got %d bytes without the ceremony", len(got))
	}
	if got := b.get("/app-identity", 200); string(got) != `["http://localhost:8081"]`+"\n" {
		t.Errorf("/app-identity: got %s", got)
	}
	b.get("/elsewhere", 404)
}

func TestSiteAt(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv6loopback, Port: 8081}
	tests := []struct {
		name, origin, listen string
		wantOrigin, wantRPID string
		wantErr              string
	}{
		{"a name", "", "localhost:8081", "http://localhost:8081", "localhost", ""},
		{"a port that was picked", "", "localhost:0", "http://localhost:8081", "localhost", ""},
		{"an origin", "https://rp.example", "[::1]:0", "https://rp.example", "rp.example", ""},
		{"an origin with a port", "https://rp.example:8443", ":0", "https://rp.example:8443", "rp.example", ""},
		{"every address", "", ":8081", "", "", "http://:8081, and WebAuthn wants a name"},
		{"an IPv4 address", "", "127.0.0.1:8081", "", "", "http://127.0.0.1:8081, and WebAuthn wants a name"},
		{"an IPv6 address", "", "[::1]:0", "", "", "http://[::1]:8081, and WebAuthn wants a name"},
		{"an origin that is an address", "https://[::1]", ":0", "", "", "https://[::1], and WebAuthn wants a name"},
		{"an origin with a path", "https://rp.example/", ":0", "", "", "https://rp.example/ is no origin"},
		{"an origin of no page", "ftp://rp.example", ":0", "", "", "ftp://rp.example is no origin"},
		{"an origin without a scheme", "rp.example", ":0", "", "", "rp.example is no origin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := siteAt(tt.origin, tt.listen, addr, nil)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("siteAt = %v, want an error that says %q", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if rpID := s.webauthn.Config.RPID; s.origin != tt.wantOrigin || rpID != tt.wantRPID {
				t.Errorf("siteAt: got origin %s and RP ID %s, want %s and %s", s.origin, rpID, tt.wantOrigin, tt.wantRPID)
			}
		})
	}
}

func TestReadRoots(t *testing.T) {
	b := newBrowser(t, anybody)
	file := filepath.Join(t.TempDir(), "root.pem")
	write := func(content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.chain[1].Raw}))
	if pool, err := readRoots(file); err != nil || !pool.Equal(ours(b)) {
		t.Errorf("got %v, %v; want the root", pool, err)
	}
	write([]byte("nothing"))
	if _, err := readRoots(file); err == nil {
		t.Error("a file without a certificate: got nil, want an error")
	}
	if _, err := readRoots(file + "2"); err == nil {
		t.Error("no file: got nil, want an error")
	}
}
