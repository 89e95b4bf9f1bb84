package webauthn_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

// request has the required members, to be continued.
const request = `"challenge":"_-8BAg"`

// allowing has the IDs "one", "two" and "three".
const allowing = `"allowCredentials":[{"type":"public-key","id":"b25l"},{"type":"public-key","id":"dHdv","transports":["usb"]},
	{"type":"public-key","id":"dGhyZWU="},{"type":"secret","id":"Zm91cg"}]`

func TestGet(t *testing.T) {
	key := newKey(t)
	key.add("example.com", "two", nil)
	a := get(t, newClient(key), key, object(request, `"rpId":"example.com"`, allowing))
	const data = `{"type":"webauthn.get","challenge":"_-8BAg","origin":"https://login.example.com:8443","crossOrigin":false}`
	if got := string(a.Response.ClientDataJSON); got != data {
		t.Errorf("clientDataJSON: got %s, want %s", got, data)
	}
	want := []*ctap.GetAssertionRequest{{RPID: "example.com", ClientDataHash: hash(data), AllowList: credentials("one", "two", "three")}}
	if !reflect.DeepEqual(key.asked, want) {
		t.Errorf("the key was asked for %+v, want %+v", key.asked, want)
	}
	if a.Response.UserHandle != nil || len(a.ClientExtensionResults) != 0 {
		t.Errorf("got user handle %x and extensions %v, want neither", a.Response.UserHandle, a.ClientExtensionResults)
	}
}

func TestGetDiscoverable(t *testing.T) {
	key := newKey(t)
	key.add("login.example.com", "one", &ctap.User{ID: []byte("alice"), Name: "Alice"})
	key.add("login.example.com", "two", &ctap.User{ID: []byte("bob"), Name: "Bob"})
	two := []webauthn.Account{
		{CredentialID: []byte("two"), User: ctap.User{ID: []byte("bob"), Name: "Bob"}},
		{CredentialID: []byte("one"), User: ctap.User{ID: []byte("alice"), Name: "Alice"}},
	}
	tests := []struct {
		name   string
		choose func(context.Context, []webauthn.Account) (int, error)
		want   string
	}{
		{"the latest", nil, "bob"},
		{"chosen", func(_ context.Context, accounts []webauthn.Account) (int, error) {
			if !reflect.DeepEqual(accounts, two) {
				t.Errorf("accounts: got %v, want %v", accounts, two)
			}
			return 1, nil
		}, "alice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(key)
			c.Select = tt.choose
			if a := get(t, c, key, object(`"publicKey":`+object(request))); string(a.Response.UserHandle) != tt.want {
				t.Errorf("got user %s, want %s", a.Response.UserHandle, tt.want)
			}
		})
	}
}

func TestGetSelectDeclines(t *testing.T) {
	key := newKey(t)
	key.add("login.example.com", "one", &ctap.User{ID: []byte("alice")})
	key.add("login.example.com", "two", &ctap.User{ID: []byte("bob")})
	declined := errors.New("declined")
	for _, answer := range []struct {
		index int
		err   error
	}{{0, declined}, {2, nil}, {-1, nil}} {
		c := newClient(key)
		c.Select = func(context.Context, []webauthn.Account) (int, error) { return answer.index, answer.err }
		resp, err := c.Get(t.Context(), []byte(object(request)))
		wantError(t, resp, err, webauthn.NotAllowedError)
		if answer.err != nil && !errors.Is(err, declined) {
			t.Errorf("%v does not wrap %v", err, declined)
		}
	}
}

func TestGetVerification(t *testing.T) {
	yes := true
	tests := []struct {
		name        string
		features    map[string]bool
		requirement string
		want        *ctap.Options
		failure     string
	}{
		{"required", uv(true), "required", &ctap.Options{UV: &yes}, ""},
		{"required, not had", uv(false), "required", nil, webauthn.NotAllowedError},
		{"preferred, not had", nil, "preferred", nil, ""},
		{"discouraged", uv(true), "discouraged", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Options = tt.features
			key.add("login.example.com", "one", &ctap.User{ID: []byte("alice")})
			resp, err := newClient(key).Get(t.Context(), []byte(object(request, `"userVerification":"`+tt.requirement+`"`)))
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil || !reflect.DeepEqual(key.asked[0].Options, tt.want) {
				t.Errorf("options: got %v, %v; want %v", key.asked[0].Options, err, tt.want)
			}
		})
	}
}

// TestGetInBatches has a key that takes two credentials in a list: it is asked
// silently which, and the user once.
func TestGetInBatches(t *testing.T) {
	key := newKey(t)
	key.info.MaxCredentialCountInList = 2
	key.add("login.example.com", "three", nil)
	a := get(t, newClient(key), key, object(request, allowing))
	if string(a.RawID) != "three" || len(key.asked) != 3 {
		t.Errorf("got credential %s after %d questions, want three after 3", a.RawID, len(key.asked))
	}
	if last := key.asked[len(key.asked)-1]; last.Options != nil || !reflect.DeepEqual(last.AllowList, credentials("three")) {
		t.Errorf("the last question was %+v, want user presence and the last batch", last)
	}
	resp, err := newClient(newKey(t)).Get(t.Context(), []byte(object(request, allowing)))
	wantError(t, resp, err, webauthn.NotAllowedError)
}

// TestGetNothingApplicable has a list of which nothing is left for the key:
// that must not become a request for any credential.
func TestGetNothingApplicable(t *testing.T) {
	key := newKey(t)
	key.add("login.example.com", "one", &ctap.User{ID: []byte("alice")})
	resp, err := newClient(key).Get(t.Context(), []byte(object(request, `"allowCredentials":[{"type":"secret","id":"b25l"}]`)))
	wantError(t, resp, err, webauthn.NotAllowedError)
	if key.asked != nil {
		t.Errorf("the key was asked for %v", key.asked)
	}
}

func TestGetAppID(t *testing.T) {
	const appID = "https://example.com/app-id.json"
	tests := []struct {
		name, rpID string // of the credential
		used       bool
	}{
		{"made with U2F", appID, true},
		{"made with WebAuthn", "login.example.com", false},
	}
	for _, tt := range tests {
		for _, key := range []*fakeKey{newKey(t), newU2FKey(t)} {
			t.Run(tt.name, func(t *testing.T) {
				key.t = t
				key.add(tt.rpID, "two", nil)
				a := get(t, newClient(key), key, object(request, allowing, `"extensions":{"appid":"`+appID+`"}`))
				if used, ok := a.ClientExtensionResults["appid"]; !ok || used != tt.used {
					t.Errorf("extensions: got %v, want appid %v", a.ClientExtensionResults, tt.used)
				}
			})
		}
	}
}

// TestGetAppIDSecond has a key with credentials for both: the relying party's
// is used.
func TestGetAppIDSecond(t *testing.T) {
	const appID = "https://example.com/app-id.json"
	key := newKey(t)
	key.add(appID, "one", nil)
	key.add(site, "two", nil)
	a := get(t, newClient(key), key, object(request, allowing, `"extensions":{"appid":"`+appID+`"}`))
	if string(a.RawID) != "two" || a.ClientExtensionResults["appid"] != false {
		t.Errorf("got credential %s, extensions %v; want two, and appid not used", a.RawID, a.ClientExtensionResults)
	}
}

func TestGetAppIDOfLocalhost(t *testing.T) {
	key := newKey(t)
	key.add("http://localhost/app", "two", nil)
	c := &webauthn.Client{Device: key, Origin: "http://localhost:8080"}
	a := get(t, c, key, object(request, allowing, `"extensions":{"appid":"http://localhost/app"}`))
	if a.ClientExtensionResults["appid"] != true {
		t.Errorf("extensions: got %v, want appid used", a.ClientExtensionResults)
	}
}

func TestGetRefuses(t *testing.T) {
	tests := []struct{ name, options, want string }{
		{"no JSON", ``, webauthn.TypeError},
		{"no challenge", `{}`, webauthn.TypeError},
		{"a challenge that is no base64url", `{"challenge":"a b"}`, webauthn.EncodingError},
		{"a descriptor without id", object(request, `"allowCredentials":[{"type":"public-key"}]`), webauthn.TypeError},
		{"another's rpId", object(request, `"rpId":"com"`), webauthn.SecurityError},
		{"another's appid", object(request, `"extensions":{"appid":"https://example.org/"}`), webauthn.SecurityError},
		{"an appid that is not https", object(request, `"extensions":{"appid":"http://example.com/"}`), webauthn.SecurityError},
		{"an appid that is no URL", object(request, `"extensions":{"appid":"%"}`), webauthn.SecurityError},
		{"no credential", object(request, allowing), webauthn.NotAllowedError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := newClient(newKey(t)).Get(t.Context(), []byte(tt.options))
			wantError(t, resp, err, tt.want)
		})
	}
}

// TestChallengeText is privacyIDEA's passkey token, whose challenge is the
// string itself.
func TestChallengeText(t *testing.T) {
	key := newKey(t)
	key.add("login.example.com", "one", &ctap.User{ID: []byte("alice")})
	c := newClient(key)
	c.ChallengeEncoding = webauthn.ChallengeText
	a := get(t, c, key, object(`"challenge":"no base64!"`))
	const want = `{"type":"webauthn.get","challenge":"bm8gYmFzZTY0IQ","origin":"https://login.example.com:8443","crossOrigin":false}`
	if got := string(a.Response.ClientDataJSON); got != want {
		t.Errorf("clientDataJSON: got %s, want %s", got, want)
	}
}
