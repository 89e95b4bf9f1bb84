package leak_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// newKey returns a key that has every command, and what closes it.
func newKey(t *testing.T, presence authenticator.Presence, timeout time.Duration) (*device.Device, func()) {
	t.Helper()
	profile, known := authenticator.ProfileByName("biometric")
	if !known {
		t.Fatal("there is no profile biometric")
	}
	d, err := device.New(device.Config{Profile: profile, Presence: presence, PresenceTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return d, func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
}

// request is a whole message that a host may send.
type request struct {
	name    string
	command ctaphid.Command
	payload []byte
	asks    bool // the user, who is waited for
}

// hash stands for the hashes of requests.
var hash = bytes.Repeat([]byte{0xA5}, 32)

// credentials are IDs that no key made: with them a request takes several
// reports.
func credentials() (list []ctap.CredentialDescriptor) {
	for n := range byte(2) {
		list = append(list, ctap.CredentialDescriptor{ID: bytes.Repeat([]byte{n}, 64), Type: ctap.PublicKey})
	}
	return list
}

func makeCredential() *ctap.MakeCredentialRequest {
	return &ctap.MakeCredentialRequest{
		ClientDataHash:   hash,
		RP:               &ctap.RelyingParty{ID: "example.com"},
		User:             &ctap.User{ID: []byte("ada"), Name: "ada"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(cose.ES256), Type: ctap.PublicKey}},
		ExcludeList:      credentials(),
	}
}

func cbor(cmd ctap.Command, parameters any) []byte {
	message := []byte{byte(cmd)}
	if parameters != nil {
		message = append(message, ctap.MustMarshal(parameters)...)
	}
	return message
}

// requests are one or more of each command of CTAPHID and of CTAP2.
func requests() []request {
	var challenge [32]byte
	register := ctap.U2FRegisterRequest{Challenge: challenge, Application: [32]byte(hash)}
	check := ctap.U2FAuthenticateRequest{Control: ctap.U2FCheckOnly, Application: [32]byte(hash), KeyHandle: make([]byte, 128)}
	const hid, msg = ctaphid.CommandCBOR, ctaphid.CommandMsg
	return []request{
		{name: "PING", command: ctaphid.CommandPing, payload: bytes.Repeat([]byte{7}, 200)},
		{name: "PING of nothing", command: ctaphid.CommandPing},
		{name: "WINK", command: ctaphid.CommandWink},
		{name: "LOCK", command: ctaphid.CommandLock, payload: []byte{0}},
		{name: "INIT", command: ctaphid.CommandInit, payload: make([]byte, 8)},
		{name: "CANCEL", command: ctaphid.CommandCancel},
		{name: "unknown", command: 0x40, payload: []byte{1}},
		{name: "U2F_VERSION", command: msg, payload: ctap.CommandAPDU{INS: ctap.U2FVersion}.Append(nil)},
		{name: "U2F_REGISTER", command: msg, payload: register.APDU().Append(nil)},
		{name: "U2F_AUTHENTICATE", command: msg, payload: check.APDU().Append(nil)},
		{name: "makeCredential", command: hid, payload: cbor(ctap.CommandMakeCredential, makeCredential()), asks: true},
		{name: "getAssertion", command: hid, asks: true, payload: cbor(ctap.CommandGetAssertion,
			&ctap.GetAssertionRequest{RPID: "example.com", ClientDataHash: hash, AllowList: credentials()})},
		{name: "getInfo", command: hid, payload: cbor(ctap.CommandGetInfo, nil)},
		{name: "clientPIN", command: hid, payload: cbor(ctap.CommandClientPIN, map[int]any{1: 2, 2: 2})},
		{name: "reset", command: hid, payload: cbor(ctap.CommandReset, nil)},
		{name: "getNextAssertion", command: hid, payload: cbor(ctap.CommandGetNextAssertion, nil)},
		{name: "bioEnrollment", command: hid, payload: cbor(ctap.CommandBioEnrollment, map[int]any{1: 1, 2: 7})},
		{name: "credentialManagement", command: hid, payload: cbor(ctap.CommandCredentialManagement, map[int]any{1: 1})},
		{name: "selection", command: hid, payload: cbor(ctap.CommandSelection, nil), asks: true},
		{name: "largeBlobs", command: hid, payload: cbor(ctap.CommandLargeBlobs, map[int]any{1: 100, 3: 0})},
		{name: "config", command: hid, payload: cbor(ctap.CommandConfig, map[int]any{1: 2})},
		{name: "bioEnrollment (preview)", command: hid, payload: cbor(ctap.CommandBioEnrollmentPreview, map[int]any{6: true})},
		{name: "credentialManagement (preview)", command: hid, payload: cbor(ctap.CommandCredentialManagementPreview, map[int]any{1: 1})},
		{name: "an empty message", command: hid, payload: []byte{}},
	}
}
