package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctap"
)

// untouched is a U2F key that nobody touches.
type untouched struct{ u2fjson.Key }

func (untouched) U2FRegister(ctx context.Context, _ ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// newBridge returns a bridge to a key that nobody touches, or that cannot be had.
func newBridge(err error) http.Handler {
	b := &bridge{
		address: "127.0.0.1:7001", secret: "secret", origins: []string{"http://a.example", "http://b.example:8081"},
		timeout: time.Minute, log: slog.New(slog.DiscardHandler),
		use: func(_ context.Context, f func(u2fjson.Key) error) error {
			if err != nil {
				return err
			}
			return f(untouched{})
		},
	}
	return b.handler()
}

const validU2F = `{"version":"U2F_V2","challenge":"abc","appId":"https://example.com"}`

func send(h http.Handler, method, path, origin, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestBridgeLetsIn(t *testing.T) {
	const ask = "/secret/register?timeout=1s"
	tests := []struct {
		name, method, path, origin string
		want                       int
	}{
		{"the first origin", "POST", ask, "http://a.example", http.StatusOK},
		{"another origin", "POST", ask, "http://b.example:8081", http.StatusOK},
		{"a browser that asks first", "OPTIONS", ask, "http://a.example", http.StatusNoContent},
		{"the script", "GET", "/secret/u2f-api.js", "", http.StatusOK},

		{"a foreign origin", "POST", ask, "http://evil.example", http.StatusForbidden},
		{"a foreign port", "POST", ask, "http://b.example", http.StatusForbidden},
		{"a longer origin", "POST", ask, "http://a.example.evil", http.StatusForbidden},
		{"a sandboxed page", "POST", ask, "null", http.StatusForbidden},
		{"no origin", "POST", ask, "", http.StatusForbidden},
		{"a foreign browser that asks first", "OPTIONS", ask, "http://evil.example", http.StatusForbidden},
		{"a guess", "POST", "/guess/register?timeout=1s", "http://a.example", http.StatusNotFound},
		{"no path", "POST", "/register?timeout=1s", "http://a.example", http.StatusNotFound},
		{"the script by a guess", "GET", "/u2f-api.js", "", http.StatusNotFound},
		{"a link", "GET", ask, "http://a.example", http.StatusMethodNotAllowed},
		{"no timeout", "POST", "/secret/register", "http://a.example", http.StatusBadRequest},
		{"a timeout of nothing", "POST", "/secret/register?timeout=0s", "http://a.example", http.StatusBadRequest},
		{"an unknown call", "POST", "/secret/wink?timeout=1s", "http://a.example", http.StatusNotFound},
	}
	h := newBridge(errors.New("no key"))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := send(h, tt.method, tt.path, tt.origin, validU2F)
			if w.Code != tt.want {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, tt.want)
			}
			allowed := w.Header().Get("Access-Control-Allow-Origin")
			if want := tt.origin; (w.Code < 300 || w.Code == http.StatusBadRequest) && allowed != want || w.Code == http.StatusForbidden && allowed != "" {
				t.Errorf("Access-Control-Allow-Origin is %q at %d for %q", allowed, w.Code, want)
			}
		})
	}
}

// What a callback gets when it gets no answer of the key.
func TestBridgeErrors(t *testing.T) {
	tests := []struct {
		name, path, body string
		key              error
		want             string
		after            time.Duration
	}{
		{"no key", "register?timeout=9s", validU2F, errors.New("no such file"), `{"errorCode":1,"errorMessage":"OTHER_ERROR"}`, 0},
		{"no JSON", "register?timeout=9s", "{", nil, `{"errorCode":2,"errorMessage":"BAD_REQUEST"}`, 0},
		{"another version", "register?timeout=9s", `{"version":"U2F_V9","challenge":"abc","appId":"a","registerRequests":[]}`, nil, `{"errorCode":3,"errorMessage":"CONFIGURATION_UNSUPPORTED"}`, 0},
		{"the page's timeout", "register?timeout=1.5s", validU2F, nil, `{"errorCode":5,"errorMessage":"TIMEOUT"}`, 1500 * time.Millisecond},
		{"the bridge's timeout", "register?timeout=1h", validU2F, nil, `{"errorCode":5,"errorMessage":"TIMEOUT"}`, time.Minute},
		{"nothing to sign", "sign?timeout=9s", validU2F, nil, `{"errorCode":2,"errorMessage":"BAD_REQUEST"}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := send(newBridge(tt.key), "POST", "/secret/"+tt.path, "http://a.example", tt.body)
				if got := w.Body.String(); got != tt.want || w.Code != http.StatusOK || time.Since(start) != tt.after {
					t.Errorf("got %d %s after %v, want %s after %v", w.Code, got, time.Since(start), tt.want, tt.after)
				}
			})
		})
	}
}

func TestCheckOrigin(t *testing.T) {
	tests := map[string]bool{
		"https://example.com": true, "http://localhost:8081": true, "http://[::1]:80": true,
		"": false, "example.com": false, "*": false, "null": false, "https://": false, "https://example.com/": false, "https://Example.com": false,
		"https://me@example.com": false, "https://example.com?q": false, "https://example.com#f": false, "ftp://example.com": false,
	}
	for text, want := range tests {
		if err := checkOrigin(text); (err == nil) != want {
			t.Errorf("%q: got %v, want ok %v", text, err, want)
		}
	}
}
