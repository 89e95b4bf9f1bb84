package u2fjson

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/softkey-project/softkey/ctap"
)

// Key is the U2F key that is asked; a client.Device is one.
//
// U2FRegister and U2FAuthenticate return when the user has touched the key, or
// with the cause of ctx when it ended first.
type Key interface {
	U2FRegister(ctx context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error)
	U2FAuthenticate(ctx context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error)

	// U2FCheck tells whether the key handle is the key's, for that application.
	U2FCheck(ctx context.Context, application [32]byte, keyHandle []byte) (bool, error)
}

var (
	errRegistered = errors.New("the key is registered already")
	errNotKnown   = errors.New("the key handle is not this key's")
)

// Register registers key for the page at origin, as the request says, and
// returns the response:
//
//	A        {"registrationData":…,"bd":…,"sessionId":…}
//	B, C, D  {"version":"U2F_V2","registrationData":…,"clientData":…,"challenge":…,"appId":…}
//
// A key that the request lists as registered is refused with [DeviceIneligible],
// before anybody is asked for a touch. Errors are of type [*Error].
func Register(ctx context.Context, key Key, origin string, requestJSON []byte) (responseJSON []byte, err error) {
	req, err := parseRegister(requestJSON)
	if err != nil {
		return nil, err
	}
	ask := req.asks[0]
	data, err := clientData(typeRegister, ask.challenge, origin)
	if err != nil {
		return nil, err
	}
	if known, err := find(ctx, key, req.registered); err != nil || known != nil {
		return nil, ineligible(ctx, err, errRegistered)
	}
	resp, err := key.U2FRegister(ctx, ctap.U2FRegisterRequest{
		Challenge: sha256.Sum256(data), Application: sha256.Sum256([]byte(ask.appID)),
	})
	if err != nil {
		return nil, keyError(ctx, err)
	}
	return req.registerResponse(ask, resp.Append(nil), data)
}

// Authenticate signs the challenge of the request with the first of its key
// handles that is the key's, for the page at origin, and returns the response:
//
//	A        {"bd":…,"sign":…,"challenge":…,"sessionId":…,"app_id":…}
//	B, C, D  {"keyHandle":…,"signatureData":…,"clientData":…,"challenge":…,"appId":…}
//
// If none is the key's, the error is [DeviceIneligible]. Errors are of type
// [*Error].
func Authenticate(ctx context.Context, key Key, origin string, requestJSON []byte) (responseJSON []byte, err error) {
	req, err := parseAuthenticate(requestJSON)
	if err != nil {
		return nil, err
	}
	ask, err := find(ctx, key, req.asks)
	if err != nil || ask == nil {
		return nil, ineligible(ctx, err, errNotKnown)
	}
	data, err := clientData(typeAuthenticate, ask.challenge, origin)
	if err != nil {
		return nil, err
	}
	resp, err := key.U2FAuthenticate(ctx, ctap.U2FAuthenticateRequest{
		Control:   ctap.U2FEnforceAndSign,
		Challenge: sha256.Sum256(data), Application: sha256.Sum256([]byte(ask.appID)), KeyHandle: ask.handle,
	})
	if err != nil {
		return nil, keyError(ctx, err)
	}
	return req.signResponse(*ask, resp.Append(nil), data)
}

// find returns the first of asks whose key handle is the key's, or nil.
func find(ctx context.Context, key Key, asks []ask) (*ask, error) {
	for i, a := range asks {
		known, err := key.U2FCheck(ctx, sha256.Sum256([]byte(a.appID)), a.handle)
		if err != nil {
			return nil, err
		}
		if known {
			return &asks[i], nil
		}
	}
	return nil, nil
}

// ineligible returns the error of a search: err if it failed, else that the key
// is the wrong one, because of found.
func ineligible(ctx context.Context, err, found error) error {
	if err != nil {
		return keyError(ctx, err)
	}
	return &Error{DeviceIneligible, found}
}

// The types of client data (U2F Raw Message Formats §7).
const (
	typeRegister     = "navigator.id.finishEnrollment"
	typeAuthenticate = "navigator.id.getAssertion"
)

// clientData returns what the key signs the hash of: JSON in any spelling, with
// the challenge as the string that the server sent.
func clientData(typ, challenge, origin string) ([]byte, error) {
	if origin == "" {
		return nil, badRequest("there is no origin")
	}
	return json.Marshal(struct {
		Type      string `json:"typ"`
		Challenge string `json:"challenge"`
		Origin    string `json:"origin"`
	}{typ, challenge, origin})
}

// encode returns b in base64url without padding.
func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
