package webauthn_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

const (
	mcGa    = ctap.PermissionMakeCredential | ctap.PermissionGetAssertion
	ga      = ctap.PermissionGetAssertion
	site    = "login.example.com"
	pin1234 = "1234"
)

// features returns the options of a key, each true unless it begins with "!".
func features(names ...string) map[string]bool {
	options := map[string]bool{}
	for _, name := range names {
		plain, no := strings.CutPrefix(name, "!")
		options[plain] = !no
	}
	return options
}

// notRecognised and uvBlocked are failures of a key's own user verification.
var (
	notRecognised = &client.UVError{Retries: 1, Err: ctap.StatusUVInvalid}
	uvBlocked     = &client.UVError{Err: ctap.StatusUVBlocked}
)

// TestCreateVerification looks at how the user is verified for a credential.
func TestCreateVerification(t *testing.T) {
	const (
		requiredUV    = `"authenticatorSelection":{"userVerification":"required"}`
		preferredUV   = `"authenticatorSelection":{"userVerification":"preferred"}`
		discouragedUV = `"authenticatorSelection":{"userVerification":"discouraged"}`
		discouragedRK = `"authenticatorSelection":{"userVerification":"discouraged","residentKey":"required"}`
	)
	byPIN := []grant{{pin1234, mcGa, site}}
	byKey := []grant{{"", mcGa, site}}
	tests := []struct {
		name     string
		features map[string]bool
		options  string
		change   func(*fakeKey, *webauthn.Client)
		tokens   []grant
		protocol uint64 // of the request's pinUvAuthParam; 0: none
		uv       bool   // the request's option
		u2f      bool   // it is one of U2F
		failure  string
	}{
		{name: "PIN, required", features: features("clientPin"), options: requiredUV, tokens: byPIN, protocol: 1},
		{name: "PIN, preferred", features: features("clientPin"), options: preferredUV, tokens: byPIN, protocol: 1},
		{name: "PIN, by default", features: features("clientPin"), tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, and the key agrees", features: features("clientPin", "makeCredUvNotRqd"), options: discouragedUV},
		{name: "PIN, discouraged, and the key agrees, but prf is for the verified", features: features("clientPin", "makeCredUvNotRqd"), options: discouragedUV + `,"extensions":{"prf":{}}`, change: hasPRF, tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, but the credential is discoverable", features: features("clientPin", "makeCredUvNotRqd", "rk"), options: discouragedRK, tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, but alwaysUv", features: features("clientPin", "makeCredUvNotRqd", "alwaysUv"), options: discouragedUV, change: noU2F, tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, and U2F needs none", features: features("clientPin"), options: discouragedUV, u2f: true},
		{name: "PIN, discouraged, and no U2F", features: features("clientPin"), options: discouragedUV, change: noU2F, tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, but U2F cannot sign so", features: features("clientPin"), options: discouragedUV + `,"pubKeyCredParams":[{"type":"public-key","alg":-8}]`, tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, but U2F has no prf", features: features("clientPin"), options: discouragedUV + `,"extensions":{"prf":{}}`, tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged, but U2F does not protect", features: features("clientPin"), options: discouragedUV + `,"extensions":{"credentialProtectionPolicy":"userVerificationRequired"}`, tokens: byPIN, protocol: 1},
		{name: "PIN nobody knows, preferred", features: features("clientPin"), change: noPIN},
		{name: "PIN nobody knows, required", features: features("clientPin"), options: requiredUV, change: noPIN, failure: webauthn.ConstraintError},
		{name: "PIN not set, preferred", features: features("!clientPin")},
		{name: "PIN not set, required", features: features("!clientPin"), options: requiredUV, failure: webauthn.ConstraintError},
		{name: "PIN not for sites", features: features("clientPin", "noMcGaPermissionsWithClientPin"), options: requiredUV, failure: webauthn.ConstraintError},
		{name: "PIN to be changed", features: features("clientPin"), change: forcePINChange, failure: webauthn.NotAllowedError},
		{name: "finger", features: features("uv", "pinUvAuthToken", "clientPin"), tokens: byKey, protocol: 2},
		{name: "finger, discouraged", features: features("uv", "pinUvAuthToken", "makeCredUvNotRqd"), options: discouragedUV},
		{name: "finger not recognised", features: features("uv", "pinUvAuthToken", "clientPin"), change: fails(notRecognised), tokens: append(byKey, byPIN...), protocol: 1},
		{name: "finger to be tried again", features: features("uv", "pinUvAuthToken", "clientPin"), change: failsOfThree(notRecognised, notRecognised), tokens: slices.Concat(byKey, byKey, byKey), protocol: 2},
		{name: "finger not recognised often enough", features: features("uv", "pinUvAuthToken", "clientPin"), change: failsOfThree(notRecognised, notRecognised, notRecognised), tokens: slices.Concat(byKey, byKey, byKey, byPIN), protocol: 1},
		{name: "finger blocked", features: features("uv", "pinUvAuthToken", "clientPin"), change: fails(uvBlocked), tokens: append(byKey, byPIN...), protocol: 1},
		{name: "finger blocked, no PIN", features: features("uv", "pinUvAuthToken"), change: fails(uvBlocked), tokens: byKey, failure: webauthn.NotAllowedError},
		{name: "finger, and the user declines", features: features("uv", "pinUvAuthToken", "clientPin"), change: fails(ctap.StatusOperationDenied), tokens: byKey, failure: webauthn.NotAllowedError},
		{name: "finger without tokens", features: features("uv", "clientPin"), uv: true},
		{name: "finger without tokens, not recognised", features: features("uv", "clientPin"), change: refuses(ctap.StatusPUATRequired), tokens: byPIN, protocol: 1},
		{name: "finger without tokens, blocked", features: features("uv", "clientPin"), change: refuses(ctap.StatusUVBlocked), tokens: byPIN, protocol: 1},
		{name: "finger without tokens, declined", features: features("uv", "clientPin"), change: refuses(ctap.StatusOperationDenied), failure: webauthn.NotAllowedError},
		{name: "the key insists all the same", features: features("clientPin", "makeCredUvNotRqd"), options: discouragedUV, change: refuses(ctap.StatusPUATRequired), tokens: byPIN, protocol: 1},
		{name: "the key insists for ever", features: features("clientPin"), change: refuses(ctap.StatusPUATRequired, ctap.StatusPUATRequired), tokens: byPIN, failure: webauthn.NotAllowedError},
		{name: "the key insists, but nobody knows the PIN", features: features("clientPin"), change: refusesUnknown, failure: webauthn.NotAllowedError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Options, key.pin, key.retries = tt.features, pin1234, client.PINRetries{Left: 8}
			c := newClient(key)
			c.PIN = webauthn.StaticPIN(pin1234)
			if tt.change != nil {
				tt.change(key, c)
			}
			resp, err := c.Create(t.Context(), []byte(object(creation, tt.options)))
			if !slices.Equal(key.tokens, tt.tokens) {
				t.Errorf("tokens: got %v, want %v", key.tokens, tt.tokens)
			}
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if (len(key.register) > 0) != tt.u2f {
				t.Fatalf("got %d U2F registrations, want one %v", len(key.register), tt.u2f)
			}
			if tt.u2f {
				return
			}
			req := key.made[len(key.made)-1]
			checkAuthorization(t, tt.protocol, req.PinUvAuthProtocol, req.PinUvAuthParam, req.ClientDataHash)
			if got := req.Options != nil && req.Options.UV != nil; got != tt.uv {
				t.Errorf("options: got %+v, want uv %v", req.Options, tt.uv)
			}
		})
	}
}

func noU2F(key *fakeKey, _ *webauthn.Client)  { key.info.Versions = []string{ctap.VersionFIDO20} }
func hasPRF(key *fakeKey, _ *webauthn.Client) { key.info.Extensions = []string{"hmac-secret"} }

func noPIN(_ *fakeKey, c *webauthn.Client)            { c.PIN = nil }
func forcePINChange(key *fakeKey, _ *webauthn.Client) { yes := true; key.info.ForcePINChange = &yes }

func refusesUnknown(key *fakeKey, c *webauthn.Client) {
	c.PIN, key.errs = nil, []error{ctap.StatusPUATRequired}
}

// fails has the key's own user verification fail.
func fails(errs ...error) func(*fakeKey, *webauthn.Client) {
	return func(key *fakeKey, _ *webauthn.Client) { key.uvErrs = errs }
}

// failsOfThree is the same with a key that leaves it to the platform to try
// three times.
func failsOfThree(errs ...error) func(*fakeKey, *webauthn.Client) {
	return func(key *fakeKey, _ *webauthn.Client) {
		key.uvErrs, key.info.PreferredPlatformUvAttempts = errs, 3
	}
}

// refuses has the key refuse the first requests.
func refuses(errs ...error) func(*fakeKey, *webauthn.Client) {
	return func(key *fakeKey, _ *webauthn.Client) { key.errs = errs }
}

// checkAuthorization checks that a request shows the fake key's token of that
// protocol, for its client data; or none for 0.
func checkAuthorization(t *testing.T, want uint64, protocol *uint64, param, hash []byte) {
	t.Helper()
	if want == 0 {
		if protocol != nil || param != nil {
			t.Errorf("got a pinUvAuthParam of protocol %v, want none", *protocol)
		}
		return
	}
	token, err := client.NewToken(want, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	wantProtocol, wantParam := token.Authorize(hash)
	if !reflect.DeepEqual(protocol, wantProtocol) || !slices.Equal(param, wantParam) {
		t.Errorf("got pinUvAuthParam %x of protocol %v, want %x of %d", param, protocol, wantParam, want)
	}
}

// TestGetUserVerification looks at the same for an assertion, where a key wants
// less.
func TestGetUserVerification(t *testing.T) {
	const (
		requiredUV    = `"userVerification":"required"`
		discouragedUV = `"userVerification":"discouraged"`
	)
	byPIN := []grant{{pin1234, ga, site}}
	tests := []struct {
		name     string
		features map[string]bool
		options  string
		change   func(*fakeKey, *webauthn.Client)
		tokens   []grant
		protocol uint64
		uv       bool
		failure  string
	}{
		{name: "PIN, required", features: features("clientPin"), options: requiredUV, tokens: byPIN, protocol: 1},
		{name: "PIN, preferred", features: features("clientPin"), tokens: byPIN, protocol: 1},
		{name: "PIN, discouraged", features: features("clientPin"), options: discouragedUV},
		{name: "PIN, discouraged, but alwaysUv", features: features("clientPin", "alwaysUv"), options: discouragedUV, tokens: byPIN, protocol: 1},
		{name: "PIN nobody knows, required", features: features("clientPin"), options: requiredUV, change: noPIN, failure: webauthn.NotAllowedError},
		{name: "PIN not set, required", features: features("!clientPin"), options: requiredUV, failure: webauthn.NotAllowedError},
		{name: "finger", features: features("uv", "pinUvAuthToken"), tokens: []grant{{"", ga, site}}, protocol: 2},
		{name: "finger without tokens", features: features("uv"), uv: true},
		{name: "finger without tokens, not recognised", features: features("uv", "clientPin"), change: refuses(ctap.StatusPUATRequired), tokens: byPIN, protocol: 1},
		{name: "the key insists all the same", features: features("clientPin"), options: discouragedUV, change: refuses(ctap.StatusPUATRequired), tokens: byPIN, protocol: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Options, key.pin, key.retries = tt.features, pin1234, client.PINRetries{Left: 8}
			key.add(site, "one", &ctap.User{ID: []byte("alice")})
			c := newClient(key)
			c.PIN = webauthn.StaticPIN(pin1234)
			if tt.change != nil {
				tt.change(key, c)
			}
			resp, err := c.Get(t.Context(), []byte(object(request, tt.options)))
			if !slices.Equal(key.tokens, tt.tokens) {
				t.Errorf("tokens: got %v, want %v", key.tokens, tt.tokens)
			}
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			req := key.asked[len(key.asked)-1]
			checkAuthorization(t, tt.protocol, req.PinUvAuthProtocol, req.PinUvAuthParam, req.ClientDataHash)
			if got := req.Options != nil && req.Options.UV != nil; got != tt.uv {
				t.Errorf("options: got %+v, want uv %v", req.Options, tt.uv)
			}
		})
	}
}

// TestPIN enters a PIN until it is right.
func TestPIN(t *testing.T) {
	key := newKey(t)
	key.info.Options, key.pin, key.retries = features("clientPin"), pin1234, client.PINRetries{Left: 8}
	var asked []webauthn.PINRequest
	c := newClient(key)
	c.PIN = func(_ context.Context, r webauthn.PINRequest) (string, error) {
		asked = append(asked, r)
		return []string{"0000", "1111", pin1234}[len(asked)-1], nil
	}
	if _, err := c.Create(t.Context(), []byte(object(creation))); err != nil {
		t.Fatal(err)
	}
	want := []webauthn.PINRequest{{site, 8, false}, {site, 7, true}, {site, 6, true}}
	if !slices.Equal(asked, want) {
		t.Errorf("got %v, want %v", asked, want)
	}
}

func TestPINFails(t *testing.T) {
	declined := errors.New("declined")
	tests := []struct {
		name    string
		pin     func(context.Context, webauthn.PINRequest) (string, error)
		retries client.PINRetries
		want    error // that is wrapped, if not nil
		asked   int   // tokens
	}{
		{"declined", func(context.Context, webauthn.PINRequest) (string, error) { return "", declined }, client.PINRetries{Left: 8}, declined, 0},
		{"wrong, and the only one that is known", webauthn.StaticPIN("0000"), client.PINRetries{Left: 8}, ctap.StatusPINInvalid, 1},
		{"wrong until none is left", func(context.Context, webauthn.PINRequest) (string, error) { return "0000", nil }, client.PINRetries{Left: 3}, nil, 3},
		{"blocked", webauthn.StaticPIN(pin1234), client.PINRetries{}, nil, 0},
		{"to be plugged in again", webauthn.StaticPIN(pin1234), client.PINRetries{Left: 5, PowerCycle: true}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Options, key.pin, key.retries = features("clientPin"), pin1234, tt.retries
			c := newClient(key)
			c.PIN = tt.pin
			resp, err := c.Create(t.Context(), []byte(object(creation)))
			wantError(t, resp, err, webauthn.NotAllowedError)
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%v does not wrap %v", err, tt.want)
			}
			if len(key.tokens) != tt.asked || key.made != nil {
				t.Errorf("the key was asked for %d tokens and %d credentials, want %d and none", len(key.tokens), len(key.made), tt.asked)
			}
		})
	}
}

// TestPINAborted gives up while the PIN is asked for.
func TestPINAborted(t *testing.T) {
	key := newKey(t)
	key.info.Options, key.retries = features("clientPin"), client.PINRetries{Left: 8}
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	c := newClient(key)
	c.PIN = func(ctx context.Context, _ webauthn.PINRequest) (string, error) {
		cancel(gone)
		return "", ctx.Err()
	}
	resp, err := c.Create(ctx, []byte(object(creation)))
	wantError(t, resp, err, webauthn.AbortError)
	if !errors.Is(err, gone) {
		t.Errorf("%v does not wrap %v", err, gone)
	}
}
