package u2fjson

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// hostPatience is how long u2f-host asks for a touch: 16 times, a second apart.
const hostPatience = 16 * time.Second

// maxHostString is the longest challenge or keyHandle that u2f-host takes, in
// bytes.
const maxHostString = 255

// HostKey is the key that the u2f-host form asks; a client.Device is one.
type HostKey interface {
	Key

	// U2FCommand sends one APDU and returns its answer; the error is a
	// [ctap.SW] where the key gave one.
	U2FCommand(ctx context.Context, apdu ctap.CommandAPDU) (data []byte, err error)
}

// HostRegister does what `u2f-host -a register -o ORIGIN` does with requestJSON
// on its standard input, and returns what it prints but for the newline:
//
//	{ "registrationData": "…", "clientData": "…" }
//
// Without presence (u2f-host's -t) the key is asked once, with P1 zero, and no
// touch is waited for; with it, for 16 seconds. Errors are of type [*HostError].
// Unlike the original, it refuses a request without an appId.
func HostRegister(ctx context.Context, key HostKey, origin string, requestJSON []byte, presence bool) ([]byte, error) {
	req, err := parseHost(origin, requestJSON)
	if err != nil {
		return nil, err
	}
	data := hostClientData(typeRegister, req.Challenge, origin)
	apdu := ctap.U2FRegisterRequest{Challenge: sha256.Sum256(data), Application: sha256.Sum256([]byte(req.AppID))}
	registration, err := hostRegister(ctx, key, apdu, presence)
	if err != nil {
		return nil, err
	}
	return hostObject("registrationData", encode(registration), "clientData", encode(data)), nil
}

func hostRegister(ctx context.Context, key HostKey, req ctap.U2FRegisterRequest, presence bool) ([]byte, error) {
	if !presence {
		apdu := req.APDU()
		apdu.P1 = 0
		data, err := key.U2FCommand(ctx, apdu)
		return data, hostKeyError(ctx, err)
	}
	ctx, cancel := context.WithTimeout(ctx, hostPatience)
	defer cancel()
	resp, err := key.U2FRegister(ctx, req)
	if err != nil {
		return nil, hostKeyError(ctx, err)
	}
	return resp.Append(nil), nil
}

// HostAuthenticate does what `u2f-host -a authenticate -o ORIGIN` does with
// requestJSON on its standard input, and returns what it prints but for the
// newline:
//
//	{ "signatureData": "…", "clientData": "…", "keyHandle": "…" }
//
// Without presence (u2f-host's -t) it only asks whether the key handle is the
// key's: nothing is returned when it is, and [HostAuthenticator] when not.
// Errors are of type [*HostError].
func HostAuthenticate(ctx context.Context, key HostKey, origin string, requestJSON []byte, presence bool) ([]byte, error) {
	req, err := parseHost(origin, requestJSON)
	if err != nil {
		return nil, err
	}
	handle, err := req.handle()
	if err != nil {
		return nil, err
	}
	application := sha256.Sum256([]byte(req.AppID))
	known, err := key.U2FCheck(ctx, application, handle)
	if err != nil {
		return nil, hostKeyError(ctx, err)
	}
	if !known {
		return nil, &HostError{Code: HostAuthenticator, Err: errNotKnown}
	}
	if !presence {
		return nil, nil
	}
	data := hostClientData(typeAuthenticate, req.Challenge, origin)
	ctx, cancel := context.WithTimeout(ctx, hostPatience)
	defer cancel()
	resp, err := key.U2FAuthenticate(ctx, ctap.U2FAuthenticateRequest{
		Control: ctap.U2FEnforceAndSign, Challenge: sha256.Sum256(data), Application: application, KeyHandle: handle,
	})
	if err != nil {
		return nil, hostKeyError(ctx, err)
	}
	return hostObject("signatureData", encode(resp.Append(nil)), "clientData", encode(data), "keyHandle", req.KeyHandle), nil
}

// hostRequest is the one dialect that u2f-host reads.
type hostRequest struct {
	Challenge string `json:"challenge"`
	AppID     string `json:"appId"`
	KeyHandle string `json:"keyHandle"`
}

// parseHost reads a request, after a look at the origin as u2f-host has it.
func parseHost(origin string, data []byte) (*hostRequest, error) {
	if origin == "" {
		return nil, &HostError{Text: "origin URL empty, use -o to specify it"}
	}
	if !strings.HasPrefix(origin, "pam://") && !strings.HasPrefix(origin, "http://") && !strings.HasPrefix(origin, "https://") {
		return nil, &HostError{Text: "origin must be pam, http or https"}
	}
	var req hostRequest
	if err := json.Unmarshal(data, &req); err != nil {
		return nil, &HostError{Code: HostJSON, Err: err}
	}
	if req.AppID == "" || req.Challenge == "" {
		return nil, &HostError{Code: HostJSON, Err: errors.New("the request lacks an appId or a challenge")}
	}
	if len(req.Challenge) > maxHostString || len(req.KeyHandle) > maxHostString {
		return nil, &HostError{Code: HostJSON, Err: errors.New("challenge or keyHandle over 255 bytes")}
	}
	return &req, nil
}

func (r *hostRequest) handle() ([]byte, error) {
	if r.KeyHandle == "" {
		return nil, &HostError{Code: HostJSON, Err: errors.New("the request lacks a keyHandle")}
	}
	handle, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(r.KeyHandle, "="))
	if err != nil {
		return nil, &HostError{Code: HostBase64, Err: err}
	}
	return handle, nil
}

// hostClientData returns u2f-host's client data, in its order and spelling.
func hostClientData(typ, challenge, origin string) []byte {
	return hostObject("challenge", challenge, "origin", origin, "typ", typ)
}
