package control

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
)

// FuzzRequests sends any HTTP request to the control interface of a key that asks
// something. It is answered with JSON and a status of the interface, and what a
// web page may have sent does nothing.
func FuzzRequests(f *testing.F) {
	for _, line := range []string{"GET /v1/state", "POST /v1/touch", "POST /v1/refuse", "POST /v1/unplug", "POST /v1/plug", "POST /v1/touch?wait=0s", "DELETE /v1/state", "POST /v1/../v1/touch"} {
		f.Add(line+" HTTP/1.1\r\nHost: key\r\n\r\n", "")
		f.Add(line+" HTTP/1.1\r\nHost: key\r\nOrigin: https://example.com\r\nContent-Length: 2\r\n\r\n", "{}")
		f.Add(line+" HTTP/1.1\r\nHost: key\r\nSec-Fetch-Site: none\r\n\r\n", "")
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + body)))
		if err != nil || strings.Contains(r.URL.RawQuery, "wait") && !strings.HasSuffix(r.URL.RawQuery, "wait=0s") {
			return // not HTTP, or it may wait
		}
		consent := NewConsent()
		q := &question{prompt: authenticator.Prompt{Kind: authenticator.KindSelect}, answer: make(chan error, 1)}
		consent.put(q)
		key := &fakeKey{plugged: true}
		w := httptest.NewRecorder()
		Handler(key, consent).ServeHTTP(w, r)

		_, asks := consent.Prompt()
		fromPage := r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
		touches := r.Method == http.MethodPost && (r.URL.Path == "/v1/touch" || r.URL.Path == "/v1/refuse")
		switch {
		case asks == (touches && !fromPage && w.Code == http.StatusOK):
			t.Errorf("%s %s: status %d, and the key asks: %v", r.Method, r.URL, w.Code, asks)
		case key.plugged == (r.Method == http.MethodPost && r.URL.Path == "/v1/unplug" && !fromPage):
			t.Errorf("%s %s: plugged %v", r.Method, r.URL, key.plugged)
		case fromPage && w.Code == http.StatusOK:
			t.Errorf("%s %s of a web page: status %d", r.Method, r.URL, w.Code)
		case w.Code == http.StatusOK && !json.Valid(w.Body.Bytes()):
			t.Errorf("%s %s: got %q, want JSON", r.Method, r.URL, w.Body)
		case w.Code >= http.StatusInternalServerError:
			t.Errorf("%s %s: status %d", r.Method, r.URL, w.Code)
		}
	})
}
