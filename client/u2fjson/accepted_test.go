package u2fjson_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctap"
)

// pair is a request of a real server, and a response to it that the server
// accepted.
type pair struct {
	System, Action, Origin string
	Request                json.RawMessage
	Response               map[string]string
}

func (p *pair) clientData() string { return cmp.Or(p.Response["bd"], p.Response["clientData"]) }
func (p *pair) signature() string  { return cmp.Or(p.Response["sign"], p.Response["signatureData"]) }

// keyHandle returns the key handle of a request to authenticate, wherever its
// dialect has it.
func (p *pair) keyHandle(t *testing.T) string {
	t.Helper()
	var req struct {
		KeyHandle       string
		LegacyKeyHandle string `json:"key_handle"`
		RegisteredKeys  []struct{ KeyHandle string }
	}
	if err := json.Unmarshal(p.Request, &req); err != nil {
		t.Fatal(err)
	}
	if len(req.RegisteredKeys) > 0 {
		return req.RegisteredKeys[0].KeyHandle
	}
	return cmp.Or(req.LegacyKeyHandle, req.KeyHandle)
}

func acceptedPairs(t testing.TB) []pair {
	t.Helper()
	data, err := os.ReadFile("testdata/accepted.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []pair
	if err := json.Unmarshal(data, &pairs); err != nil {
		t.Fatal(err)
	}
	return pairs
}

// TestAcceptedPairs gives the requests of real servers to the client, and to
// the key the answers that those servers accepted: the response must have the
// members and the values that it had, but for the spelling of the client data.
func TestAcceptedPairs(t *testing.T) {
	for _, p := range acceptedPairs(t) {
		t.Run(p.System+"/"+p.Action, func(t *testing.T) {
			var got map[string]string
			var challenge, application [32]byte
			switch p.Action {
			case "register":
				got, challenge, application = registerPair(t, p)
			case "authenticate":
				got, challenge, application = authenticatePair(t, p)
			}
			data := cmp.Or(got["bd"], got["clientData"])
			if sum := sha256.Sum256(decode(t, data)); sum != challenge {
				t.Errorf("challenge parameter: got %x, want the hash of the client data %x", challenge, sum)
			}
			if appID := cmp.Or(p.Response["appId"], p.Response["app_id"]); appID != "" && application != hash(appID) {
				t.Errorf("application parameter: got %x, want the hash of %s", application, appID)
			}
			gotData, wantData := object(t, decode(t, data)), object(t, decode(t, p.clientData()))
			if !maps.Equal(gotData, wantData) {
				t.Errorf("client data: got %v, want %v", gotData, wantData)
			}
			delete(got, "bd")
			delete(got, "clientData")
			delete(p.Response, "bd")
			delete(p.Response, "clientData")
			if !maps.Equal(got, p.Response) {
				t.Errorf("response: got %v, want %v", got, p.Response)
			}
		})
	}
}

func registerPair(t *testing.T, p pair) (response map[string]string, challenge, application [32]byte) {
	t.Helper()
	key := &fakeKey{answer: decode(t, p.Response["registrationData"])}
	resp, err := u2fjson.Register(context.Background(), key, p.Origin, p.Request)
	if err != nil {
		t.Fatal(err)
	}
	return object(t, resp), key.register.Challenge, key.register.Application
}

func authenticatePair(t *testing.T, p pair) (response map[string]string, challenge, application [32]byte) {
	t.Helper()
	handle := p.keyHandle(t)
	key := &fakeKey{answer: decode(t, p.signature()), handles: [][]byte{decode(t, handle)}}
	resp, err := u2fjson.Authenticate(context.Background(), key, p.Origin, p.Request)
	if err != nil {
		t.Fatal(err)
	}
	if want := decode(t, handle); !slices.Equal(key.sign.KeyHandle, want) || key.sign.Control != ctap.U2FEnforceAndSign {
		t.Errorf("got control %#x and key handle %x, want %#x and %x",
			key.sign.Control, key.sign.KeyHandle, ctap.U2FEnforceAndSign, want)
	}
	return object(t, resp), key.sign.Challenge, key.sign.Application
}
