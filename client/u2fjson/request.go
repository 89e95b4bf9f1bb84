package u2fjson

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const versionU2F = "U2F_V2"

// message is a request as it comes: the union of the dialects' members. Its own
// type stands for the elements of the lists, too.
type message struct {
	Version   string  `json:"version"`
	Challenge *string `json:"challenge"`
	AppID     string  `json:"appId"`
	KeyHandle string  `json:"keyHandle"`

	// Dialect A.
	LegacyAppID     string          `json:"app_id"`
	LegacyKeyHandle string          `json:"key_handle"`
	SessionID       json.RawMessage `json:"sessionId"`

	// Dialects C and D.
	RegisterRequests     []message `json:"registerRequests"`
	AuthenticateRequests []message `json:"authenticateRequests"`
	SignRequests         []message `json:"signRequests"` // as JavaScript API 1.0 names authenticateRequests
	RegisteredKeys       []message `json:"registeredKeys"`
}

// request is what a message asks for, in whichever dialect.
type request struct {
	// asks are the challenges to answer, one of them: any, for the key that
	// has its key handle.
	asks []ask
	// registered are the keys that must not be registered again.
	registered []ask
	// session is the sessionId of dialect A, and nil in the others.
	session json.RawMessage
}

// ask is a challenge for an application, and to authenticate, for a key handle.
type ask struct {
	challenge string // verbatim
	appID     string
	keyHandle string // as it came, without padding; empty to register
	handle    []byte // keyHandle, decoded
}

// parseRegister reads a request to register.
func parseRegister(data []byte) (*request, error) {
	m, err := parse(data)
	if err != nil {
		return nil, err
	}
	req := &request{session: m.SessionID}
	for _, key := range supported(m.keys()) {
		a, err := key.inherit(m).askKey()
		if err != nil {
			return nil, err
		}
		req.registered = append(req.registered, a)
	}
	wanted := m.RegisterRequests
	if wanted == nil {
		wanted = []message{*m}
	}
	for _, w := range supported(wanted) {
		a, err := w.inherit(m).ask()
		if err != nil {
			return nil, err
		}
		req.asks = append(req.asks, a)
	}
	return req.check()
}

// parseAuthenticate reads a request to authenticate.
func parseAuthenticate(data []byte) (*request, error) {
	m, err := parse(data)
	if err != nil {
		return nil, err
	}
	req := &request{session: m.SessionID}
	wanted := m.keys()
	if wanted == nil {
		wanted = []message{*m}
	}
	for _, w := range supported(wanted) {
		w = w.inherit(m)
		a, err := w.askKey()
		if err != nil {
			return nil, err
		}
		if w.Challenge == nil {
			return nil, badRequest("the request lacks a challenge")
		}
		req.asks = append(req.asks, a)
	}
	return req.check()
}

// AppIDs returns the applications that a request is for, of either kind and in
// any dialect, each once: what a browser would check the facets of.
func AppIDs(requestJSON []byte) ([]string, error) {
	m, err := parse(requestJSON)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, part := range slices.Concat([]message{*m}, m.RegisterRequests, m.keys()) {
		if part.AppID != "" && !slices.Contains(ids, part.AppID) {
			ids = append(ids, part.AppID)
		}
	}
	return ids, nil
}

// parse reads a message, and turns dialect A's names into the others'. What
// marks dialect A is then that there is a session.
func parse(data []byte) (*message, error) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, badRequest("the request is not U2F JSON: %w", err)
	}
	if m.LegacyAppID == "" && m.LegacyKeyHandle == "" {
		m.SessionID = nil
		return &m, nil
	}
	if m.SessionID == nil {
		m.SessionID = json.RawMessage(`""`) // mandatory in the answer
	}
	m.AppID, m.KeyHandle = cmp.Or(m.LegacyAppID, m.AppID), cmp.Or(m.LegacyKeyHandle, m.KeyHandle)
	return &m, nil
}

// keys returns the elements of all lists of registered keys, nil if there are
// none.
func (m *message) keys() []message {
	var keys []message
	for _, list := range [][]message{m.AuthenticateRequests, m.SignRequests, m.RegisteredKeys} {
		keys = append(keys, list...)
	}
	return keys
}

// supported returns the messages of the version that this client speaks. One
// that names none is taken to mean it.
func supported(list []message) []message {
	var ours []message
	for _, m := range list {
		if m.Version == "" || m.Version == versionU2F {
			ours = append(ours, m)
		}
	}
	return ours
}

// inherit fills the members that a list's element leaves to the message around
// it.
func (m message) inherit(outer *message) message {
	if m.AppID == "" {
		m.AppID = outer.AppID
	}
	if m.Challenge == nil {
		m.Challenge = outer.Challenge
	}
	return m
}

// ask returns the ask of a request to register. There is no default for the
// application: some clients hash whatever is there and report success.
func (m message) ask() (ask, error) {
	if m.AppID == "" {
		return ask{}, badRequest("the request lacks an appId")
	}
	if m.Challenge == nil {
		return ask{}, badRequest("the request lacks a challenge")
	}
	if m.KeyHandle != "" {
		return ask{}, badRequest("the request has a keyHandle: it is one to authenticate")
	}
	return ask{challenge: *m.Challenge, appID: m.AppID}, nil
}

// askKey returns the ask of a key that is registered. Where it is only to be
// looked for, it may have no challenge.
func (m message) askKey() (ask, error) {
	if m.AppID == "" {
		return ask{}, badRequest("the request lacks an appId")
	}
	if m.KeyHandle == "" {
		return ask{}, badRequest("the request lacks a keyHandle")
	}
	a := ask{appID: m.AppID, keyHandle: strings.TrimRight(m.KeyHandle, "=")}
	if m.Challenge != nil {
		a.challenge = *m.Challenge
	}
	var err error
	if a.handle, err = base64.RawURLEncoding.DecodeString(a.keyHandle); err != nil {
		return ask{}, badRequest("the keyHandle is not base64url: %w", err)
	}
	return a, nil
}

// check refuses a request in which no version was one that this client speaks.
func (r *request) check() (*request, error) {
	if len(r.asks) == 0 {
		return nil, &Error{ConfigurationUnsupported, fmt.Errorf("the request offers no version %s", versionU2F)}
	}
	return r, nil
}
