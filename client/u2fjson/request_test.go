package u2fjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctap"
)

// registration and signature are answers of a key that are well-formed enough
// to be passed on.
var (
	registration = append(append([]byte{5, 64: 0, 66: 1}, 'h'), 0x30, 0x00, 's')
	signature    = []byte{1, 0, 0, 0, 9, 's', 'i', 'g'}
)

func TestRegisterDialects(t *testing.T) {
	tests := []struct {
		name, request    string
		challenge, appID string
		checked          []string
		members          []string
	}{
		{
			"A without a session", `{"version":"U2F_V2","challenge":"Y2hhbA","app_id":"https://a.example"}`,
			"Y2hhbA", "https://a.example", nil, []string{"bd", "registrationData", "sessionId"},
		},
		{
			"B with padding", `{"version":"U2F_V2","challenge":"Y2hhbA==","appId":"https://a.example"}`,
			"Y2hhbA==", "https://a.example", nil, superset,
		},
		{
			"B without a version", `{"challenge":"Y2hhbA","appId":"https://a.example"}`,
			"Y2hhbA", "https://a.example", nil, superset,
		},
		{
			"C", `{"registerRequests":[{"version":"U2F_V2","challenge":"Y2hhbA","appId":"https://a.example"}],
				"authenticateRequests":[{"version":"U2F_V2","challenge":"check-only","appId":"https://a.example","keyHandle":"AQI"}]}`,
			"Y2hhbA", "https://a.example", []string{"AQI"}, superset,
		},
		{
			"C, JavaScript API 1.0", `{"registerRequests":[{"version":"U2F_V2","challenge":"Y2hhbA","appId":"https://a.example"}],"signRequests":[]}`,
			"Y2hhbA", "https://a.example", nil, superset,
		},
		{
			"D", `{"appId":"https://a.example","registerRequests":[{"version":"v0","challenge":"b2xk"},{"version":"U2F_V2","challenge":"Y2hhbA"}],
				"registeredKeys":[{"version":"v0","keyHandle":"?"},{"version":"U2F_V2","keyHandle":"AQI="},{"version":"U2F_V2","keyHandle":"AwQ","appId":"https://b.example"}]}`,
			"Y2hhbA", "https://a.example", []string{"AQI", "AwQ"}, superset,
		},
		{
			"a challenge that is no base64", `{"version":"U2F_V2","challenge":"a \"b\" ü <&>","appId":"https://a.example"}`,
			"a \"b\" ü <&>", "https://a.example", nil, superset,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := &fakeKey{answer: registration}
			resp, err := u2fjson.Register(context.Background(), key, "https://o.example", []byte(tt.request))
			if err != nil {
				t.Fatal(err)
			}
			got := object(t, resp)
			if members := slices.Sorted(maps.Keys(got)); !slices.Equal(members, tt.members) {
				t.Errorf("members: got %v, want %v", members, tt.members)
			}
			data := object(t, decode(t, got["clientData"]+got["bd"]))
			want := map[string]string{"typ": "navigator.id.finishEnrollment", "challenge": tt.challenge, "origin": "https://o.example"}
			if !maps.Equal(data, want) {
				t.Errorf("client data: got %v, want %v", data, want)
			}
			if key.register.Application != hash(tt.appID) {
				t.Errorf("application parameter: got %x, want the hash of %s", key.register.Application, tt.appID)
			}
			if !slices.Equal(key.checked, tt.checked) {
				t.Errorf("key handles checked: got %v, want %v", key.checked, tt.checked)
			}
		})
	}
}

var superset = []string{"appId", "challenge", "clientData", "registrationData", "version"}

func TestAuthenticateDialects(t *testing.T) {
	tests := []struct {
		name, request               string
		challenge, appID, keyHandle string
	}{
		{
			"B with padding", `{"version":"U2F_V2","challenge":"Y2hhbA==","appId":"https://a.example","keyHandle":"AQI="}`,
			"Y2hhbA==", "https://a.example", "AQI",
		},
		{
			"C, a challenge for each key", `{"authenticateRequests":[
				{"version":"U2F_V2","challenge":"Zmlyc3Q","appId":"https://a.example","keyHandle":"AwQ"},
				{"version":"U2F_V2","challenge":"c2Vjb25k","appId":"https://b.example","keyHandle":"AQI"}]}`,
			"c2Vjb25k", "https://b.example", "AQI",
		},
		{
			"D, one challenge for all", `{"appId":"https://a.example","challenge":"Y2hhbA","registeredKeys":[
				{"version":"U2F_V2","keyHandle":"AwQ"},{"version":"U2F_V2","keyHandle":"AQI","appId":"https://b.example"}]}`,
			"Y2hhbA", "https://b.example", "AQI",
		},
		{
			"D, keys of other versions skipped", `{"appId":"https://a.example","challenge":"Y2hhbA","registeredKeys":[
				{"version":"v0","keyHandle":"AQI","appId":"https://b.example"},{"version":"U2F_V2","keyHandle":"AQI"}]}`,
			"Y2hhbA", "https://a.example", "AQI",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := &fakeKey{answer: signature, handles: [][]byte{{1, 2}}}
			resp, err := u2fjson.Authenticate(context.Background(), key, "https://o.example", []byte(tt.request))
			if err != nil {
				t.Fatal(err)
			}
			got := object(t, resp)
			data := object(t, decode(t, got["clientData"]))
			wantData := map[string]string{"typ": "navigator.id.getAssertion", "challenge": tt.challenge, "origin": "https://o.example"}
			if !maps.Equal(data, wantData) {
				t.Errorf("client data: got %v, want %v", data, wantData)
			}
			delete(got, "clientData")
			want := map[string]string{"keyHandle": tt.keyHandle, "signatureData": "AQAAAAlzaWc", "challenge": tt.challenge, "appId": tt.appID}
			if !maps.Equal(got, want) {
				t.Errorf("response: got %v, want %v", got, want)
			}
			if key.sign.Application != hash(tt.appID) {
				t.Errorf("application parameter: got %x, want the hash of %s", key.sign.Application, tt.appID)
			}
		})
	}
}

func TestRegisterRefuses(t *testing.T) {
	known := [][]byte{{1, 2}}
	tests := []struct {
		name, request string
		key           fakeKey
		code          u2fjson.ErrorCode
	}{
		{"no JSON", `challenge`, fakeKey{}, u2fjson.BadRequest},
		{"no object", `["U2F_V2"]`, fakeKey{}, u2fjson.BadRequest},
		{"no appId", `{"version":"U2F_V2","challenge":"Y2hhbA"}`, fakeKey{}, u2fjson.BadRequest},
		{"no challenge", `{"version":"U2F_V2","appId":"https://a.example"}`, fakeKey{}, u2fjson.BadRequest},
		{"a request to authenticate", `{"version":"U2F_V2","challenge":"Y2hhbA","appId":"https://a.example","keyHandle":"AQI"}`, fakeKey{}, u2fjson.BadRequest},
		{"version 0", `{"version":"v0","challenge":"Y2hhbA","app_id":"https://a.example"}`, fakeKey{}, u2fjson.ConfigurationUnsupported},
		{"no register request", `{"appId":"https://a.example","registerRequests":[]}`, fakeKey{}, u2fjson.ConfigurationUnsupported},
		{
			"registered, dialect C",
			`{"registerRequests":[{"challenge":"Y2hhbA","appId":"https://a.example"}],"authenticateRequests":[{"appId":"https://a.example","keyHandle":"AQI"}]}`,
			fakeKey{handles: known}, u2fjson.DeviceIneligible,
		},
		{
			"registered, dialect D",
			`{"appId":"https://a.example","registerRequests":[{"challenge":"Y2hhbA"}],"registeredKeys":[{"keyHandle":"AwQ"},{"keyHandle":"AQI"}]}`,
			fakeKey{handles: known}, u2fjson.DeviceIneligible,
		},
		{"U2F is off", `{"challenge":"Y2hhbA","appId":"https://a.example"}`, fakeKey{err: ctap.SWCommandNotAllowed}, u2fjson.DeviceIneligible},
		{"an error of the key", `{"challenge":"Y2hhbA","appId":"https://a.example"}`, fakeKey{err: ctap.SWUnknown}, u2fjson.OtherError},
		{"unplugged", `{"challenge":"Y2hhbA","appId":"https://a.example"}`, fakeKey{err: errors.New("gone")}, u2fjson.OtherError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := u2fjson.Register(context.Background(), &tt.key, "https://o.example", []byte(tt.request))
			wantCode(t, resp, err, tt.code)
			if tt.key.err == nil && tt.key.register != nil {
				t.Error("the key was asked to register")
			}
		})
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	tests := []struct {
		name, request string
		code          u2fjson.ErrorCode
	}{
		{"no keyHandle", `{"challenge":"Y2hhbA","appId":"https://a.example"}`, u2fjson.BadRequest},
		{"a keyHandle that is no base64url", `{"challenge":"Y2hhbA","appId":"https://a.example","keyHandle":"A/+"}`, u2fjson.BadRequest},
		{"no challenge for a key", `{"authenticateRequests":[{"appId":"https://a.example","keyHandle":"AQI"}]}`, u2fjson.BadRequest},
		{"no appId for a key", `{"challenge":"Y2hhbA","registeredKeys":[{"keyHandle":"AQI"}]}`, u2fjson.BadRequest},
		{"another's key handle", `{"challenge":"Y2hhbA","appId":"https://a.example","keyHandle":"AwQ"}`, u2fjson.DeviceIneligible},
		{"version 0 only", `{"challenge":"Y2hhbA","appId":"https://a.example","registeredKeys":[{"version":"v0","keyHandle":"AQI"}]}`, u2fjson.ConfigurationUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := &fakeKey{handles: [][]byte{{1, 2}}}
			resp, err := u2fjson.Authenticate(context.Background(), key, "https://o.example", []byte(tt.request))
			wantCode(t, resp, err, tt.code)
			if key.sign != nil {
				t.Error("the key was asked to sign")
			}
		})
	}
}

func TestNoOrigin(t *testing.T) {
	resp, err := u2fjson.Register(context.Background(), &fakeKey{answer: registration}, "", []byte(`{"challenge":"Y2hhbA","appId":"https://a.example"}`))
	wantCode(t, resp, err, u2fjson.BadRequest)
}

func TestTimeout(t *testing.T) {
	cause := errors.New("nobody there")
	ctx, cancel := context.WithTimeoutCause(context.Background(), -1, cause)
	defer cancel()
	resp, err := u2fjson.Register(ctx, &fakeKey{err: cause}, "https://o.example", []byte(`{"challenge":"Y2hhbA","appId":"https://a.example"}`))
	wantCode(t, resp, err, u2fjson.Timeout)
}

func wantCode(t *testing.T, resp []byte, err error, code u2fjson.ErrorCode) {
	t.Helper()
	var e *u2fjson.Error
	if !errors.As(err, &e) || e.Code != code || resp != nil {
		t.Errorf("got %s, %v; want error code %v", resp, err, code)
	}
}

func TestErrorJSON(t *testing.T) {
	got, err := json.Marshal(&u2fjson.Error{Code: u2fjson.DeviceIneligible, Err: ctap.SWWrongData})
	const want = `{"errorCode":4,"errorMessage":"DEVICE_INELIGIBLE"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestAppIDs(t *testing.T) {
	tests := []struct {
		name, request string
		want          []string
	}{
		{"A", `{"version":"U2F_V2","challenge":"c","app_id":"https://a","sessionId":"1"}`, []string{"https://a"}},
		{"B", `{"version":"U2F_V2","challenge":"c","appId":"https://b","keyHandle":"AAAA"}`, []string{"https://b"}},
		{"C", `{"registerRequests":[{"challenge":"c","appId":"https://c"}],"authenticateRequests":[{"appId":"https://d"},{"appId":"https://c"}]}`,
			[]string{"https://c", "https://d"}},
		{"D", `{"appId":"https://e","challenge":"c","registeredKeys":[{"keyHandle":"AAAA"},{"keyHandle":"AAAB","appId":"https://f"}]}`,
			[]string{"https://e", "https://f"}},
		{"none", `{}`, nil},
	}
	for _, tt := range tests {
		got, err := u2fjson.AppIDs([]byte(tt.request))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	if got, err := u2fjson.AppIDs([]byte("[")); err == nil {
		t.Errorf("no JSON: got %q, want an error", got)
	}
}
