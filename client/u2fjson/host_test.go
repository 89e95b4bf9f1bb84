package u2fjson_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctap"
)

const (
	hostOrigin    = "https://u2fdemo.de"
	hostChallenge = "Tq_hgjk0Rj9AjA-6O336YGRj_ME8YGhh4xcY2zytPHE"
	hostRequest   = `{"challenge":"` + hostChallenge + `","version":"U2F_V2","appId":"https://u2fdemo.de","keyHandle":"AQI="}`

	// As u2f-host 1.1.10 wrote them.
	hostRegisterData     = `{ "challenge": "` + hostChallenge + `", "origin": "https:\/\/u2fdemo.de", "typ": "navigator.id.finishEnrollment" }`
	hostAuthenticateData = `{ "challenge": "` + hostChallenge + `", "origin": "https:\/\/u2fdemo.de", "typ": "navigator.id.getAssertion" }`
)

func TestHostRegister(t *testing.T) {
	key := &fakeKey{answer: registration}
	got, err := u2fjson.HostRegister(context.Background(), key, hostOrigin, []byte(hostRequest), true)
	want := `{ "registrationData": "` + encode(registration) + `", "clientData": "` + encode([]byte(hostRegisterData)) + `" }`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if key.register.Challenge != hash(hostRegisterData) || key.register.Application != hash("https://u2fdemo.de") {
		t.Errorf("got request %x, want the hashes of the client data and the appId", *key.register)
	}
}

func TestHostAuthenticate(t *testing.T) {
	key := &fakeKey{answer: signature, handles: [][]byte{{1, 2}}}
	got, err := u2fjson.HostAuthenticate(context.Background(), key, hostOrigin, []byte(hostRequest), true)
	want := `{ "signatureData": "` + encode(signature) + `", "clientData": "` + encode([]byte(hostAuthenticateData)) + `", "keyHandle": "AQI=" }`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if key.sign.Challenge != hash(hostAuthenticateData) || key.sign.Control != ctap.U2FEnforceAndSign {
		t.Errorf("got request %x, want the hash of the client data", *key.sign)
	}
}

// TestHostTouchFlag is u2f-host's -t, which clears the user presence flag.
func TestHostTouchFlag(t *testing.T) {
	key := &fakeKey{answer: registration, handles: [][]byte{{1, 2}}}
	ctx := context.Background()
	resp, err := u2fjson.HostRegister(ctx, key, hostOrigin, []byte(hostRequest), false)
	if err != nil || !strings.Contains(string(resp), encode(registration)) {
		t.Errorf("register: got %s, %v; want a registration", resp, err)
	}
	if key.apdu.INS != ctap.U2FRegister || key.apdu.P1 != 0 || sha256.Sum256([]byte(hostRegisterData)) != [32]byte(key.apdu.Data) {
		t.Errorf("register: got APDU %x, want one with P1 zero", *key.apdu)
	}
	if resp, err := u2fjson.HostAuthenticate(ctx, key, hostOrigin, []byte(hostRequest), false); err != nil || resp != nil || key.sign != nil {
		t.Errorf("authenticate: got %s, %v; want no output and no signature", resp, err)
	}
}

func TestHostErrors(t *testing.T) {
	expired, cancel := context.WithTimeout(context.Background(), -1)
	defer cancel()
	tests := []struct {
		name            string
		ctx             context.Context
		origin, request string
		presence        bool
		err             error // of the key
		want            string
	}{
		{"no origin", context.Background(), "", hostRequest, true, nil, "error: origin URL empty, use -o to specify it"},
		{"another origin", context.Background(), "ftp://x", hostRequest, true, nil, "error: origin must be pam, http or https"},
		{"no JSON", context.Background(), "pam://x", `{`, true, nil, "error (-3): error in JSON handling"},
		{"no appId", context.Background(), hostOrigin, `{"challenge":"Y2hhbA"}`, true, nil, "error (-3): error in JSON handling"},
		{"no challenge", context.Background(), hostOrigin, `{"appId":"https://a.example"}`, true, nil, "error (-3): error in JSON handling"},
		{
			"a long challenge", context.Background(), hostOrigin, `{"appId":"https://a.example","challenge":"` + strings.Repeat("a", 256) + `"}`, true, nil,
			"error (-3): error in JSON handling",
		},
		{"the key's error", context.Background(), hostOrigin, hostRequest, true, ctap.SWWrongData, "error (-6): authenticator error"},
		{"no touch in time", expired, hostOrigin, hostRequest, true, context.DeadlineExceeded, "error (-7): timeout error"},
		{"no touch, asked once", context.Background(), hostOrigin, hostRequest, false, ctap.SWConditionsNotSatisfied, "error (-2): error in transport layer"},
		{"unplugged", context.Background(), hostOrigin, hostRequest, true, errors.New("gone"), "error (-2): error in transport layer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := u2fjson.HostRegister(tt.ctx, &fakeKey{err: tt.err}, tt.origin, []byte(tt.request), tt.presence)
			wantHostError(t, resp, err, tt.want)
			if tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("%v does not wrap %v", err, tt.err)
			}
		})
	}
}

func TestHostAuthenticateErrors(t *testing.T) {
	tests := []struct{ name, keyHandle, want string }{
		{"another's", "AwQ", "error (-6): authenticator error"},
		{"missing", "", "error (-3): error in JSON handling"},
		{"no base64url", "A/+", "error (-4): base64 error"},
	}
	for _, tt := range tests {
		for _, presence := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				request := `{"challenge":"Y2hhbA","appId":"https://a.example","keyHandle":"` + tt.keyHandle + `"}`
				resp, err := u2fjson.HostAuthenticate(context.Background(), &fakeKey{handles: [][]byte{{1, 2}}}, hostOrigin, []byte(request), presence)
				wantHostError(t, resp, err, tt.want)
			})
		}
	}
}

func wantHostError(t *testing.T, resp []byte, err error, want string) {
	t.Helper()
	var e *u2fjson.HostError
	if !errors.As(err, &e) || e.Error() != want || resp != nil {
		t.Errorf("got %s, %v; want %s", resp, err, want)
	}
}

func TestHostNoDeviceError(t *testing.T) {
	const want = "error: u2fh_devs_discover (-5): cannot find U2F device"
	if got := u2fjson.HostNoDeviceError(nil).Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
