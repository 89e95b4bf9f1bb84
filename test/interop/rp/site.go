package main

import (
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/tstranex/u2f"
)

// site is the relying party.
type site struct {
	origin   string
	roots    *x509.CertPool // nil: attestation is verified, and whoever issued it accepted
	webauthn *webauthn.WebAuthn

	mu       sync.Mutex // guards the rest
	accounts map[string]*account
	sessions map[string]webauthn.SessionData // by challenge; each is used once
	u2f      struct {
		challenge    *u2f.Challenge // of the ceremony that has begun
		registration *u2f.Registration
		counter      uint32
	}
}

//go:embed page.html
var page []byte

func newSite(host, origin string, roots *x509.CertPool) (*site, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "softkey's relying party", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferDirectAttestation,
	})
	if err != nil {
		return nil, err
	}
	return &site{
		origin: origin, roots: roots, webauthn: w,
		accounts: map[string]*account{}, sessions: map[string]webauthn.SessionData{},
	}, nil
}

func (s *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page)
	})
	mux.HandleFunc("GET /app-identity", s.appIdentity)
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"POST /webauthn/register/options": s.registerOptions,
		"POST /webauthn/register":         s.register,
		"POST /webauthn/login/options":    s.loginOptions,
		"POST /webauthn/login":            s.login,
		"GET /enroll":                     s.enroll,
		"POST /bind":                      s.bind,
		"GET /sign":                       s.sign,
		"POST /verify":                    s.verify,
	} {
		mux.Handle(pattern, s.answering(answer))
	}
	return http.MaxBytesHandler(mux, 1<<16)
}

// answering serves what answer returns as JSON, an error as {"error": …} with
// the status 400. One request at a time has the site.
func (s *site) answering(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		value, err := answer(r)
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			value = map[string]string{"error": explain(err)}
		}
		_ = json.NewEncoder(w).Encode(value)
	}
}

// explain returns all that a verifier says about an error.
func explain(err error) string {
	if e, ok := errors.AsType[*protocol.Error](err); ok && e.DevInfo != "" {
		return e.Details + ": " + e.DevInfo
	}
	return err.Error()
}
