package u2fjson_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/client/u2fjson"
)

// FuzzAuthenticate states that a request in any dialect is either refused with an
// [u2fjson.Error] or answered by a key handle that the request names, of which
// the key was asked.
func FuzzAuthenticate(f *testing.F) {
	for _, p := range acceptedPairs(f) {
		f.Add([]byte(p.Request))
	}
	f.Add([]byte(`{"challenge":"YQ","appId":"https://a.example","registeredKeys":[{"version":"U2F_V2","keyHandle":"AQI"},{"keyHandle":"Aw"}]}`))
	f.Add([]byte(`{"authenticateRequests":[{"challenge":"YQ","version":"U2F_V2","keyHandle":"AQI","appId":"https://a.example"}]}`))
	f.Add([]byte(`{"keyHandle":"AQI","challenge":"YQ","appId":"https://a.example","version":"U2F_V2"}`))
	f.Fuzz(func(t *testing.T, request []byte) {
		key := &fakeKey{answer: signature, handles: [][]byte{{1, 2}}}
		resp, err := u2fjson.Authenticate(context.Background(), key, "https://o.example", request)
		var refusal *u2fjson.Error
		if err != nil && (!errors.As(err, &refusal) || resp != nil || key.sign != nil) {
			t.Errorf("got %s, %v; want a refusal", resp, err)
		}
		if err != nil {
			return
		}
		if !json.Valid(resp) {
			t.Fatalf("got %s, want JSON", resp)
		}
		handle := base64.RawURLEncoding.EncodeToString(key.sign.KeyHandle)
		if !slices.Contains(key.checked, handle) || handle != "AQI" {
			t.Errorf("signed with %s, having asked of %q", handle, key.checked)
		}
	})
}
