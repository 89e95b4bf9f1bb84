package softkeytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
	"github.com/softkey-project/softkey/test/softkeytest"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	creation = `{"rp":{"id":"example.com","name":"Example"},
		"user":{"id":"YWRh","name":"ada","displayName":"Ada"},
		"challenge":"Y2hhbGxlbmdl","pubKeyCredParams":[{"type":"public-key","alg":-7}],
		"authenticatorSelection":{"residentKey":"required"}}`
	request = `{"rpId":"example.com","challenge":"Y2hhbGxlbmdl"}`
)

// response has what the tests look at of both responses.
type response struct {
	ID       string `json:"id"`
	Response struct {
		UserHandle string `json:"userHandle"`
	} `json:"response"`
}

func decode(t *testing.T, b []byte) response {
	t.Helper()
	var r response
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRegisterAndSignIn(t *testing.T) {
	t.Parallel()
	key := softkeytest.New(t)
	registered := decode(t, key.Create(creation))
	signedIn := decode(t, key.Get(request))
	if registered.ID == "" || signedIn.ID != registered.ID || signedIn.Response.UserHandle != "YWRh" {
		t.Errorf("registered %+v, signed in %+v", registered, signedIn)
	}
}

func TestOptionsComeInAnyForm(t *testing.T) {
	t.Parallel()
	key := softkeytest.New(t)
	key.Create([]byte(`{"publicKey":` + creation + `}`))
	key.Get(map[string]any{"publicKey": json.RawMessage(request)})
}

func TestKeysShareNothing(t *testing.T) {
	t.Parallel()
	softkeytest.New(t).Create(creation)
	_, err := softkeytest.New(t).TryGet(request)
	wantName(t, err, webauthn.NotAllowedError)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	deny := softkeytest.NewWith(t, softkeytest.Config{Presence: authenticator.Deny{}})
	_, err := deny.TryCreate(creation)
	wantName(t, err, webauthn.NotAllowedError)
	if !errors.Is(err, ctap.StatusOperationDenied) {
		t.Errorf("got %v, want the key's status inside", err)
	}
	elsewhere := softkeytest.NewWith(t, softkeytest.Config{Origin: "https://example.org"})
	_, err = elsewhere.TryCreate(creation)
	wantName(t, err, webauthn.SecurityError)
	_, err = softkeytest.New(t).TryGet(`{"challenge":"YQ"}`)
	if err == nil || !strings.Contains(err.Error(), "Config.Origin") {
		t.Errorf("got %v, want a hint at Config.Origin", err)
	}
}

func wantName(t *testing.T, err error, name string) {
	t.Helper()
	var exception *webauthn.Error
	if !errors.As(err, &exception) || exception.Name != name {
		t.Errorf("got %v, want %s", err, name)
	}
}

func TestU2F(t *testing.T) {
	t.Parallel()
	for _, cfg := range []softkeytest.Config{{Profile: "u2f"}, {U2F: true}} {
		key := softkeytest.NewWith(t, cfg)
		id := decode(t, key.Create(strings.Replace(creation, `"required"`, `"discouraged"`, 1))).ID
		got := decode(t, key.Get(`{"rpId":"example.com","challenge":"YQ","allowCredentials":[{"type":"public-key","id":"`+id+`"}]}`))
		if got.ID != id {
			t.Errorf("%+v: signed in with %q, want %q", cfg, got.ID, id)
		}
	}
}

func TestReplug(t *testing.T) {
	t.Parallel()
	key := softkeytest.New(t)
	key.Create(creation)
	key.Replug()
	key.Get(request)
	if err := key.Device.Reset(context.Background()); err != nil {
		t.Errorf("reset after plugging in: %v", err)
	}
	_, err := key.TryGet(request)
	wantName(t, err, webauthn.NotAllowedError)
}

func TestSeed(t *testing.T) {
	t.Parallel()
	cfg := softkeytest.Config{Seed: []byte("0123456789abcdef")}
	a, b := softkeytest.NewWith(t, cfg).Create(creation), softkeytest.NewWith(t, cfg).Create(creation)
	if string(a) != string(b) {
		t.Errorf("one seed, two responses:\n%s\n%s", a, b)
	}
}
