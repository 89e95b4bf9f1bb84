package u2fjson_test

import (
	"context"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/softkey-project/softkey/client/u2fjson"
)

// FuzzRegister states that a request is either refused or answered with client
// data in which a JSON decoder finds the challenge of the request.
func FuzzRegister(f *testing.F) {
	for _, p := range acceptedPairs(f) {
		f.Add([]byte(p.Request))
	}
	f.Add([]byte(`{"challenge":"\"\\\u0000\u2028","appId":"https://a.example"}`))
	f.Fuzz(func(t *testing.T, request []byte) {
		resp, err := u2fjson.Register(context.Background(), &fakeKey{answer: registration}, "https://o.example", request)
		if err != nil {
			return
		}
		var got, data map[string]any
		if err := json.Unmarshal(resp, &got); err != nil {
			t.Fatalf("%s: %v", resp, err)
		}
		clientData, ok := got["clientData"].(string)
		if !ok {
			clientData, _ = got["bd"].(string)
		}
		if err := json.Unmarshal(decode(t, clientData), &data); err != nil {
			t.Fatalf("client data of %s: %v", resp, err)
		}
		challenge, ok := data["challenge"].(string)
		if !ok || !hasChallenge(t, request, challenge) {
			t.Errorf("challenge %q is not in %s", challenge, request)
		}
	})
}

// FuzzHostAuthenticate states the same of u2f-host's form, whose JSON we write
// ourselves.
func FuzzHostAuthenticate(f *testing.F) {
	f.Add("Y2hhbA==", "https://o.example")
	f.Add("\"\\/\b\f\n\r\t\x00\x1f\x7fü\u2028", "pam://host")
	f.Fuzz(func(t *testing.T, challenge, origin string) {
		if !utf8.ValidString(challenge + origin) {
			return // not JSON
		}
		request, err := json.Marshal(map[string]string{"challenge": challenge, "appId": "https://a.example", "keyHandle": "AQI"})
		if err != nil {
			t.Fatal(err)
		}
		key := &fakeKey{answer: signature, handles: [][]byte{{1, 2}}}
		resp, err := u2fjson.HostAuthenticate(context.Background(), key, origin, request, true)
		if err != nil {
			return
		}
		data := object(t, decode(t, object(t, resp)["clientData"]))
		if data["challenge"] != challenge || data["origin"] != origin {
			t.Errorf("got %q, want challenge %q and origin %q", data, challenge, origin)
		}
	})
}

// hasChallenge tells whether challenge is the value of a member named challenge
// somewhere in request.
func hasChallenge(t *testing.T, request []byte, challenge string) bool {
	t.Helper()
	var m struct {
		Challenge        *string
		RegisterRequests []struct{ Challenge *string }
	}
	if err := json.Unmarshal(request, &m); err != nil {
		t.Fatal(err)
	}
	if m.Challenge != nil && *m.Challenge == challenge {
		return true
	}
	for _, r := range m.RegisterRequests {
		if r.Challenge != nil && *r.Challenge == challenge {
			return true
		}
	}
	return false
}
