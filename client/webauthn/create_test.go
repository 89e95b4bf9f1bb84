package webauthn_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

const (
	origin = "https://login.example.com:8443"

	// Required members, to be continued. The user's ID is "alice".
	creation = `"rp":{"name":"Example"},"user":{"id":"YWxpY2U","name":"alice@example.com","displayName":"Alice"},"challenge":"_-8BAg=="`
)

// object returns a JSON object of the members, without those that are empty. Of
// two of one name, the later counts.
func object(members ...string) string {
	return "{" + strings.Join(slices.DeleteFunc(members, func(m string) bool { return m == "" }), ",") + "}"
}

func hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func newClient(key *fakeKey) *webauthn.Client {
	return &webauthn.Client{Device: key, Origin: origin}
}

func TestCreate(t *testing.T) {
	key := newKey(t)
	r := create(t, newClient(key), object(creation, `"pubKeyCredParams":[{"type":"public-key","alg":-7}],"attestation":"direct","extensions":{"credProps":true,"unknown":[]}`))
	r.verifyPacked(t)
	const data = `{"type":"webauthn.create","challenge":"_-8BAg","origin":"https://login.example.com:8443","crossOrigin":false}`
	if got := string(r.Response.ClientDataJSON); got != data {
		t.Errorf("clientDataJSON: got %s, want %s", got, data)
	}
	want := &ctap.MakeCredentialRequest{
		ClientDataHash:   hash(data),
		RP:               &ctap.RelyingParty{ID: "login.example.com", Name: "Example"},
		User:             &ctap.User{ID: []byte("alice"), Name: "alice@example.com", DisplayName: "Alice"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: -7, Type: "public-key"}},
	}
	if !reflect.DeepEqual(key.made[0], want) {
		t.Errorf("the key was asked for %+v, want %+v", key.made[0], want)
	}
	if r.authData.Credential.AAGUID != [16]byte(key.info.AAGUID) || r.AuthenticatorAttachment != "cross-platform" {
		t.Errorf("got AAGUID %x, %s; want the key's, cross-platform", r.authData.Credential.AAGUID, r.AuthenticatorAttachment)
	}
	if want := map[string]any{"credProps": map[string]any{"rk": false}}; !reflect.DeepEqual(r.ClientExtensionResults, want) {
		t.Errorf("extensions: got %v, want %v", r.ClientExtensionResults, want)
	}
	if !slices.Equal(r.Response.Transports, []string{"usb"}) {
		t.Errorf("transports: got %v, want usb", r.Response.Transports)
	}
}

func TestCreateInsidePublicKey(t *testing.T) {
	r := create(t, newClient(newKey(t)), `{"mediation":"optional","publicKey":{`+creation+`}}`)
	if len(r.ClientExtensionResults) != 0 || r.attestation.Format != "none" {
		t.Errorf("got extensions %v and format %s, want neither", r.ClientExtensionResults, r.attestation.Format)
	}
}

// TestCreateOptions looks at what options ask of a key that has some features.
func TestCreateOptions(t *testing.T) {
	yes := true
	tests := []struct {
		name     string
		features map[string]bool
		options  string
		want     *ctap.Options
		failure  string
	}{
		{"nothing asked", nil, ``, nil, ""},
		{"discoverable discouraged", rk(true), `"authenticatorSelection":{"residentKey":"discouraged","requireResidentKey":true}`, nil, ""},
		{"discoverable preferred", rk(true), `"authenticatorSelection":{"residentKey":"preferred"}`, &ctap.Options{RK: &yes}, ""},
		{"discoverable preferred, not had", rk(false), `"authenticatorSelection":{"residentKey":"preferred"}`, nil, ""},
		{"discoverable required", rk(true), `"authenticatorSelection":{"residentKey":"required"}`, &ctap.Options{RK: &yes}, ""},
		{"discoverable required, not had", nil, `"authenticatorSelection":{"residentKey":"required"}`, nil, webauthn.ConstraintError},
		{"discoverable required in Level 1", rk(true), `"authenticatorSelection":{"requireResidentKey":true}`, &ctap.Options{RK: &yes}, ""},
		{"an unknown residentKey", rk(true), `"authenticatorSelection":{"residentKey":"perhaps"}`, nil, ""},
		{"verification preferred", uv(true), `"authenticatorSelection":{"userVerification":"preferred"}`, &ctap.Options{UV: &yes}, ""},
		{"verification by default", uv(true), ``, &ctap.Options{UV: &yes}, ""},
		{"verification preferred, not set up", uv(false), `"authenticatorSelection":{"userVerification":"preferred"}`, nil, ""},
		{"verification discouraged", map[string]bool{"uv": true, "makeCredUvNotRqd": true}, `"authenticatorSelection":{"userVerification":"discouraged"}`, nil, ""},
		{"verification required", uv(true), `"authenticatorSelection":{"userVerification":"required"}`, &ctap.Options{UV: &yes}, ""},
		{"verification required, not set up", uv(false), `"authenticatorSelection":{"userVerification":"required"}`, nil, webauthn.ConstraintError},
		{"any attachment", nil, `"authenticatorSelection":{"authenticatorAttachment":"orbital"}`, nil, ""},
		{"a roaming key", nil, `"authenticatorSelection":{"authenticatorAttachment":"cross-platform"}`, nil, ""},
		{"the platform", nil, `"authenticatorSelection":{"authenticatorAttachment":"platform"}`, nil, webauthn.NotAllowedError},
		{"the platform, had", map[string]bool{"plat": true}, `"authenticatorSelection":{"authenticatorAttachment":"platform"}`, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Options = tt.features
			resp, err := newClient(key).Create(t.Context(), []byte(object(creation, tt.options)))
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := key.made[0].Options; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("options: got %v, want %v", got, tt.want)
			}
		})
	}
}

func rk(has bool) map[string]bool { return map[string]bool{"rk": has} }
func uv(has bool) map[string]bool { return map[string]bool{"uv": has} }

func TestCreateAlgorithms(t *testing.T) {
	es256, eddsa, rs256 := algorithm(-7), algorithm(-8), algorithm(-257)
	tests := []struct {
		name, options string
		want          []ctap.CredentialParameters
		failure       string
	}{
		{"none given", ``, []ctap.CredentialParameters{es256, rs256}, ""},
		{"an empty list", `"pubKeyCredParams":[]`, []ctap.CredentialParameters{es256, rs256}, ""},
		{"in order", `"pubKeyCredParams":[{"type":"public-key","alg":-8},{"type":"public-key","alg":-7}]`, []ctap.CredentialParameters{eddsa, es256}, ""},
		{"an unknown type", `"pubKeyCredParams":[{"type":"secret","alg":1},{"type":"public-key","alg":-7}]`, []ctap.CredentialParameters{es256}, ""},
		{"unknown types only", `"pubKeyCredParams":[{"type":"secret","alg":1}]`, nil, webauthn.NotSupportedError},
		{"unknown to the key", `"pubKeyCredParams":[{"type":"public-key","alg":-65535}]`, nil, webauthn.NotSupportedError},
		{"no type", `"pubKeyCredParams":[{"alg":-7}]`, nil, webauthn.TypeError},
		{"no algorithm", `"pubKeyCredParams":[{"type":"public-key"}]`, nil, webauthn.TypeError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			resp, err := newClient(key).Create(t.Context(), []byte(object(creation, tt.options)))
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil || !slices.Equal(key.made[0].PubKeyCredParams, tt.want) {
				t.Errorf("got %v, %v; want %v", key.made[0].PubKeyCredParams, err, tt.want)
			}
		})
	}
}

func algorithm(number int64) ctap.CredentialParameters {
	return ctap.CredentialParameters{Algorithm: number, Type: "public-key"}
}

func TestCreatePublicKey(t *testing.T) {
	for _, alg := range []struct {
		number string
		id     cose.ID
	}{{"-7", cose.ES256}, {"-8", cose.EdDSA}} {
		key := newKey(t)
		r := create(t, newClient(key), object(creation, `"pubKeyCredParams":[{"type":"public-key","alg":`+alg.number+`}]`))
		if r.Response.PublicKeyAlgorithm != int64(alg.id) {
			t.Errorf("algorithm: got %d, want %d", r.Response.PublicKeyAlgorithm, alg.id)
		}
		public, err := x509.ParsePKIXPublicKey(r.Response.PublicKey)
		if err != nil {
			t.Errorf("algorithm %d: %v", alg.id, err)
		}
		message := []byte("message")
		if !verifies(public, message, key.sign(key.accounts[0].key, message)) {
			t.Errorf("algorithm %d: publicKey is not the credential's", alg.id)
		}
	}
}

func TestCreateCredProps(t *testing.T) {
	r := create(t, newClient(newKey(t)), object(creation, `"extensions":{"credProps":true},"authenticatorSelection":{"residentKey":"required"}`))
	if want := map[string]any{"credProps": map[string]any{"rk": true}}; !reflect.DeepEqual(r.ClientExtensionResults, want) {
		t.Errorf("got %v, want %v", r.ClientExtensionResults, want)
	}
}

func TestCreateTransports(t *testing.T) {
	key := newKey(t)
	key.info.Transports = []string{"usb", "nfc", "usb"}
	r := create(t, newClient(key), object(creation))
	if want := []string{"nfc", "usb"}; !slices.Equal(r.Response.Transports, want) {
		t.Errorf("got %v, want %v", r.Response.Transports, want)
	}
}

// TestCreateAttestation has the attestation taken out, unless it was asked for.
func TestCreateAttestation(t *testing.T) {
	tests := []struct{ preference, format string }{
		{``, "none"},
		{`"attestation":"none"`, "none"},
		{`"attestation":"unheard-of"`, "none"},
		{`"attestation":"indirect"`, "packed"},
		{`"attestation":"direct"`, "packed"},
		{`"attestation":"enterprise"`, "packed"},
	}
	for _, tt := range tests {
		t.Run(tt.preference, func(t *testing.T) {
			key := newKey(t)
			r := create(t, newClient(key), object(creation, tt.preference))
			if r.attestation.Format != tt.format || (len(r.attestation.AttStmt) == 0) != (tt.format == "none") {
				t.Errorf("got format %s and statement %v, want format %s", r.attestation.Format, r.attestation.AttStmt, tt.format)
			}
			if r.authData.Credential.AAGUID != [16]byte(key.info.AAGUID) {
				t.Errorf("got AAGUID %x, want the key's: Level 3 keeps it", r.authData.Credential.AAGUID)
			}
		})
	}
}

// excluding has the IDs "one", "new" and "two".
const excluding = `"excludeCredentials":[{"type":"public-key","id":"b25l"},{"type":"secret","id":"bmV3"},{"type":"public-key","id":"dHdv"}]`

func TestCreateExcludes(t *testing.T) {
	key := newKey(t)
	key.add("login.example.com", "two", nil)
	resp, err := newClient(key).Create(t.Context(), []byte(object(creation, excluding)))
	wantError(t, resp, err, webauthn.InvalidStateError)
	if !errors.Is(err, ctap.StatusCredentialExcluded) {
		t.Errorf("%v does not wrap %v", err, ctap.StatusCredentialExcluded)
	}
	if want := credentials("one", "two"); !reflect.DeepEqual(key.made[0].ExcludeList, want) {
		t.Errorf("excludeList: got %v, want %v", key.made[0].ExcludeList, want)
	}
}

// TestCreateExcludesInBatches has a key that takes one credential in a list.
func TestCreateExcludesInBatches(t *testing.T) {
	tests := []struct {
		name, held string
		want       []ctap.CredentialDescriptor
	}{
		{"held", "two", credentials("two")},
		{"not held", "three", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.MaxCredentialCountInList = 1
			key.add("login.example.com", tt.held, nil)
			_, err := newClient(key).Create(t.Context(), []byte(object(creation, excluding)))
			if held := tt.want != nil; errors.Is(err, ctap.StatusCredentialExcluded) != held {
				t.Errorf("got %v, want excluded %v", err, held)
			}
			if !reflect.DeepEqual(key.made[0].ExcludeList, tt.want) {
				t.Errorf("excludeList: got %v, want %v", key.made[0].ExcludeList, tt.want)
			}
			for _, asked := range key.asked {
				if asked.Options == nil || asked.Options.UP == nil || *asked.Options.UP {
					t.Errorf("%v was asked with user presence", asked.AllowList)
				}
			}
		})
	}
}

func TestCreateDropsLongIDs(t *testing.T) {
	key := newKey(t)
	key.info.MaxCredentialIDLength = 3
	create(t, newClient(key), object(creation, `"excludeCredentials":[{"type":"public-key","id":"b25l"},{"type":"public-key","id":"dGhyZWU"}]`))
	if want := credentials("one"); !reflect.DeepEqual(key.made[0].ExcludeList, want) {
		t.Errorf("excludeList: got %v, want %v", key.made[0].ExcludeList, want)
	}
}

func credentials(ids ...string) []ctap.CredentialDescriptor {
	var list []ctap.CredentialDescriptor
	for _, id := range ids {
		list = append(list, ctap.CredentialDescriptor{ID: []byte(id), Type: "public-key"})
	}
	return list
}

func TestCreateRefuses(t *testing.T) {
	tests := []struct{ name, options, want string }{
		{"no JSON", `{`, webauthn.TypeError},
		{"no object", `[]`, webauthn.TypeError},
		{"publicKey is null", `{"publicKey":null}`, webauthn.TypeError},
		{"no rp", `{"user":{"id":"YQ","name":"","displayName":""},"challenge":""}`, webauthn.TypeError},
		{"no rp.name", object(creation, `"rp":{"name":null}`), webauthn.TypeError},
		{"no user", `{"rp":{"name":""},"challenge":""}`, webauthn.TypeError},
		{"no user.id", object(creation, `"user":{"id":null}`), webauthn.TypeError},
		{"no user.displayName", object(creation, `"user":{"displayName":null}`), webauthn.TypeError},
		{"an empty user.id", object(creation, `"user":{"id":""}`), webauthn.TypeError},
		{"a user.id of 65 bytes", object(creation, `"user":{"id":"`+strings.Repeat("A", 87)+`"}`), webauthn.TypeError},
		{"a user.id that is no base64url", object(creation, `"user":{"id":"a+b/"}`), webauthn.EncodingError},
		{"no challenge", object(creation, `"challenge":null`), webauthn.TypeError},
		{"a challenge that is no base64url", object(creation, `"challenge":"!"`), webauthn.EncodingError},
		{"a descriptor without id", object(creation, `"excludeCredentials":[{"type":"public-key"}]`), webauthn.TypeError},
		{"a descriptor without type", object(creation, `"excludeCredentials":[{"id":"YQ"}]`), webauthn.TypeError},
		{"another's rp.id", object(creation, `"rp":{"id":"example.org","name":""}`), webauthn.SecurityError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			resp, err := newClient(key).Create(t.Context(), []byte(tt.options))
			wantError(t, resp, err, tt.want)
			if key.made != nil {
				t.Error("the key was asked")
			}
		})
	}
}

func TestKeyFailures(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{ctap.StatusOperationDenied, webauthn.NotAllowedError},
		{ctap.StatusUserActionTimeout, webauthn.NotAllowedError},
		{ctap.StatusPUATRequired, webauthn.NotAllowedError},
		{ctap.StatusKeyStoreFull, webauthn.NotAllowedError},
		{ctap.StatusUnsupportedAlgorithm, webauthn.NotSupportedError},
		{ctap.StatusOther, webauthn.UnknownError},
		{ctap.StatusInvalidCBOR, webauthn.UnknownError},
		{errors.New("unplugged"), webauthn.UnknownError},
	}
	for _, tt := range tests {
		t.Run(tt.err.Error(), func(t *testing.T) {
			key := newKey(t)
			key.err = tt.err
			resp, err := newClient(key).Create(t.Context(), []byte(object(creation)))
			wantError(t, resp, err, tt.want)
			if !errors.Is(err, tt.err) {
				t.Errorf("%v does not wrap %v", err, tt.err)
			}
			resp, err = newClient(key).Get(t.Context(), []byte(object(request)))
			wantError(t, resp, err, tt.want)
		})
	}
}

func TestErrorText(t *testing.T) {
	const want = "NotAllowedError: the user declined: CTAP2_ERR_OPERATION_DENIED (0x27)"
	key := newKey(t)
	key.err = ctap.StatusOperationDenied
	if _, err := newClient(key).Create(t.Context(), []byte(object(creation))); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestLifetime waits for a user who never comes.
func TestLifetime(t *testing.T) {
	tests := []struct {
		name, timeout string
		want          time.Duration
	}{
		{"default", ``, 5 * time.Minute},
		{"given", `"timeout":1500`, 1500 * time.Millisecond},
		{"in another spelling", `"timeout":6e4`, time.Minute},
		{"zero", `"timeout":0`, 5 * time.Minute},
		{"long", `"timeout":1e300`, 10 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				key := newKey(t)
				key.wait = true
				start := time.Now()
				resp, err := newClient(key).Create(t.Context(), []byte(object(creation, tt.timeout)))
				wantError(t, resp, err, webauthn.NotAllowedError)
				if took := time.Since(start); took != tt.want {
					t.Errorf("it took %v, want %v", took, tt.want)
				}
			})
		})
	}
}

// TestAbort ends the caller's own context.
func TestAbort(t *testing.T) {
	cause := errors.New("interrupted")
	canceled, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	expired, cancelExpired := context.WithTimeout(t.Context(), -1)
	defer cancelExpired()
	tests := []struct {
		name string
		ctx  context.Context
		want string
	}{
		{"canceled", canceled, webauthn.AbortError},
		{"expired", expired, webauthn.NotAllowedError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.wait = true
			resp, err := newClient(key).Create(tt.ctx, []byte(object(creation)))
			wantError(t, resp, err, tt.want)
			if !errors.Is(err, context.Cause(tt.ctx)) {
				t.Errorf("%v does not wrap %v", err, context.Cause(tt.ctx))
			}
		})
	}
}
