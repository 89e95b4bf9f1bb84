package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tstranex/u2f"
)

// The endpoints of U2F are those of python-u2flib-server 1.0's example, in its
// dialect of JSON: curl /enroll, /bind, /sign, /verify. There is one account.

// u2fRequest is a challenge as that server writes it.
type u2fRequest struct {
	Version   string `json:"version"`
	Challenge string `json:"challenge"`
	AppID     string `json:"app_id"`
	SessionID string `json:"sessionId"` // always empty
	KeyHandle string `json:"key_handle,omitempty"`
}

// u2fResponse is what a client answers, to either kind.
type u2fResponse struct {
	ClientData       string `json:"bd"`
	RegistrationData string `json:"registrationData"`
	SignatureData    string `json:"sign"`
}

func (s *site) appID() string { return s.origin + "/app-identity" }

func (s *site) appIdentity(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/fido.trusted-apps+json")
	_ = json.NewEncoder(w).Encode([]string{s.origin})
}

func (s *site) begin(keyHandle string) (any, error) {
	challenge, err := u2f.NewChallenge(s.appID(), []string{s.origin})
	if err != nil {
		return nil, err
	}
	s.u2f.challenge = challenge
	return u2fRequest{
		Version: "U2F_V2", AppID: s.appID(), KeyHandle: keyHandle,
		Challenge: base64.RawURLEncoding.EncodeToString(challenge.Challenge),
	}, nil
}

func (s *site) enroll(*http.Request) (any, error) { return s.begin("") }

// bind ends a registration. It answers true.
func (s *site) bind(r *http.Request) (any, error) {
	response, challenge, err := s.end(r)
	if err != nil {
		return nil, err
	}
	registration, err := u2f.Register(u2f.RegisterResponse{
		RegistrationData: response.RegistrationData, ClientData: response.ClientData,
	}, *challenge, &u2f.Config{SkipAttestationVerify: s.roots == nil, RootAttestationCertPool: s.roots})
	if err != nil {
		return nil, err
	}
	s.u2f.registration, s.u2f.counter = registration, 0
	return true, nil
}

func (s *site) sign(*http.Request) (any, error) {
	if s.u2f.registration == nil {
		return nil, errors.New("no key is registered")
	}
	return s.begin(base64.RawURLEncoding.EncodeToString(s.u2f.registration.KeyHandle))
}

// verify ends an authentication. It answers with the user presence byte, as the
// string of that one character, and the counter, which must have grown.
func (s *site) verify(r *http.Request) (any, error) {
	response, challenge, err := s.end(r)
	if err != nil {
		return nil, err
	}
	key := s.u2f.registration
	if key == nil {
		return nil, errors.New("no key is registered")
	}
	counter, err := key.Authenticate(u2f.SignResponse{
		KeyHandle:     base64.RawURLEncoding.EncodeToString(key.KeyHandle),
		SignatureData: response.SignatureData, ClientData: response.ClientData,
	}, *challenge, s.u2f.counter+1)
	if err != nil {
		return nil, err
	}
	s.u2f.counter = counter
	return map[string]any{"touch": "\u0001", "counter": counter}, nil
}

// end reads a response, which may be in a list of one, and uses the challenge up.
func (s *site) end(r *http.Request) (response u2fResponse, challenge *u2f.Challenge, err error) {
	data := strings.TrimSpace(r.FormValue("data"))
	data = strings.TrimSuffix(strings.TrimPrefix(data, "["), "]")
	if err := json.Unmarshal([]byte(data), &response); err != nil {
		return response, nil, fmt.Errorf("the form value data: %w", err)
	}
	challenge, s.u2f.challenge = s.u2f.challenge, nil
	if challenge == nil {
		return response, nil, errors.New("no challenge was asked for, or it was used before")
	}
	return response, challenge, nil
}
