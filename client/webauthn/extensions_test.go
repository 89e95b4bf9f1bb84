package webauthn_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
)

// extensionResults returns clientExtensionResults of a response, as they are.
func extensionResults(t *testing.T, response []byte) string {
	t.Helper()
	var r struct {
		ClientExtensionResults json.RawMessage `json:"clientExtensionResults"`
	}
	if err := json.Unmarshal(response, &r); err != nil {
		t.Fatal(err)
	}
	return string(r.ClientExtensionResults)
}

// inputs returns the extensions of a request, in hex.
func inputs(extensions map[string]ctap.Raw) map[string]string {
	all := map[string]string{}
	for name, input := range extensions {
		all[name] = hex.EncodeToString(input)
	}
	return all
}

// in is a set of extensions of a request, with spaces in the hex.
type in map[string]string

func (want in) check(t *testing.T, extensions map[string]ctap.Raw) {
	t.Helper()
	plain := map[string]string{}
	for name, input := range want {
		plain[name] = strings.ReplaceAll(input, " ", "")
	}
	if got := inputs(extensions); !maps.Equal(got, plain) {
		t.Errorf("the key was asked for %v, want %v", got, plain)
	}
}

const (
	discoverable = `"authenticatorSelection":{"residentKey":"required"}`
	b64Blob      = `"Y3JlZCBibG9i"` // "cred blob"
	hexBlob      = `63726564 20626c6f62`
)

// TestCreateExtensions looks at what the extensions of options ask of a key that
// has some, and at what the page hears of the key's answers.
func TestCreateExtensions(t *testing.T) {
	all := []string{"credBlob", "credProtect", "hmac-secret", "largeBlobKey", "minPinLength", "pinComplexityPolicy", "thirdPartyPayment"}
	no := []string{}
	blobKey := make([]byte, 32)
	tests := []struct {
		name       string
		extensions []string // of the key
		options    string
		other      string // options besides extensions
		change     func(*fakeKey)
		want       in
		results    string
		failure    string
	}{
		{name: "none", extensions: all, options: `{}`, results: `{}`},
		{name: "unknown", extensions: all, options: `{"unknown":1,"uvm":true,"getCredBlob":5}`, results: `{}`},
		{name: "credProps", extensions: no, options: `{"credProps":true}`, results: `{"credProps":{"rk":false}}`},
		{name: "credProps of a discoverable one", extensions: no, options: `{"credProps":true}`, other: discoverable, results: `{"credProps":{"rk":true}}`},
		{name: "not credProps", extensions: no, options: `{"credProps":false}`, results: `{}`},

		{name: "credBlob", extensions: all, options: `{"credBlob":` + b64Blob + `}`, change: says("credBlob", true), want: in{"credBlob": "49" + hexBlob}, results: `{"credBlob":true}`},
		{name: "an empty credBlob", extensions: all, options: `{"credBlob":""}`, change: says("credBlob", true), want: in{"credBlob": "40"}, results: `{"credBlob":true}`},
		{name: "credBlob not kept", extensions: all, options: `{"credBlob":` + b64Blob + `}`, change: says("credBlob", false), want: in{"credBlob": "49" + hexBlob}, results: `{"credBlob":false}`},
		{name: "credBlob not answered", extensions: all, options: `{"credBlob":` + b64Blob + `}`, want: in{"credBlob": "49" + hexBlob}, results: `{"credBlob":false}`},
		{name: "credBlob too long", extensions: all, options: `{"credBlob":` + b64Blob + `}`, change: func(k *fakeKey) { k.info.MaxCredBlobLength = 8 }, results: `{"credBlob":false}`},
		{name: "credBlob not had", extensions: no, options: `{"credBlob":` + b64Blob + `}`, results: `{"credBlob":false}`},
		{name: "credBlob that is no base64url", extensions: all, options: `{"credBlob":"+"}`, failure: webauthn.EncodingError},
		{name: "credBlob that makes no sense", extensions: all, options: `{"credBlob":""}`, change: says("credBlob", "yes"), failure: webauthn.UnknownError},

		{name: "credProtect 1", extensions: all, options: `{"credentialProtectionPolicy":"userVerificationOptional"}`, want: in{"credProtect": "01"}, results: `{}`},
		{name: "credProtect 2", extensions: all, options: `{"credentialProtectionPolicy":"userVerificationOptionalWithCredentialIDList"}`, want: in{"credProtect": "02"}, results: `{}`},
		{name: "credProtect 3", extensions: all, options: `{"credentialProtectionPolicy":"userVerificationRequired","enforceCredentialProtectionPolicy":true}`, want: in{"credProtect": "03"}, results: `{}`},
		{name: "credProtect not had", extensions: no, options: `{"credentialProtectionPolicy":"userVerificationRequired"}`, results: `{}`},
		{name: "credProtect enforced, not had", extensions: no, options: `{"credentialProtectionPolicy":"userVerificationRequired","enforceCredentialProtectionPolicy":true}`, failure: webauthn.NotAllowedError},
		{name: "no protection enforced, not had", extensions: no, options: `{"credentialProtectionPolicy":"userVerificationOptional","enforceCredentialProtectionPolicy":true}`, results: `{}`},
		{name: "credProtect unheard of", extensions: all, options: `{"credentialProtectionPolicy":"always"}`, failure: webauthn.TypeError},

		{name: "minPinLength", extensions: all, options: `{"minPinLength":true}`, want: in{"minPinLength": "f5"}, results: `{}`},
		{name: "pinComplexityPolicy", extensions: all, options: `{"pinComplexityPolicy":true}`, want: in{"pinComplexityPolicy": "f5"}, results: `{}`},
		{name: "both not had", extensions: no, options: `{"minPinLength":true,"pinComplexityPolicy":true}`, results: `{}`},
		{name: "payment", extensions: all, options: `{"payment":{"isPayment":true,"browserBoundPubKeyCredParams":[]}}`, want: in{"thirdPartyPayment": "f5"}, results: `{}`},
		{name: "no payment", extensions: all, options: `{"payment":{"isPayment":false}}`, results: `{}`},
		{name: "payment not had", extensions: no, options: `{"payment":{"isPayment":true}}`, results: `{}`},

		{name: "hmacCreateSecret", extensions: all, options: `{"hmacCreateSecret":true}`, change: says("hmac-secret", true), want: in{"hmac-secret": "f5"}, results: `{"hmacCreateSecret":true}`},
		{name: "hmacCreateSecret not had", extensions: no, options: `{"hmacCreateSecret":true}`, results: `{"hmacCreateSecret":false}`},
		{name: "prf", extensions: all, options: `{"prf":{}}`, change: says("hmac-secret", true), want: in{"hmac-secret": "f5"}, results: `{"prf":{"enabled":true}}`},
		{name: "prf with values, which only later keys take", extensions: all, options: `{"prf":{"eval":{"first":"YQ"}}}`, change: says("hmac-secret", true), want: in{"hmac-secret": "f5"}, results: `{"prf":{"enabled":true}}`},
		{name: "prf with values for a user who could be verified, and is not", extensions: []string{"hmac-secret", "hmac-secret-mc"}, options: `{"prf":{"eval":{"first":"YQ"}}}`, change: func(k *fakeKey) { k.info.Options["clientPin"] = false }, want: in{"hmac-secret": "f5"}, results: `{"prf":{"enabled":false}}`},
		{name: "prf not answered", extensions: all, options: `{"prf":{}}`, want: in{"hmac-secret": "f5"}, results: `{"prf":{"enabled":false}}`},
		{name: "prf not had", extensions: no, options: `{"prf":{"eval":{"first":"YQ"}}}`, results: `{"prf":{"enabled":false}}`},
		{name: "prf with credentials", extensions: all, options: `{"prf":{"evalByCredential":{}}}`, failure: webauthn.NotSupportedError},
		{name: "prf without a first value", extensions: all, options: `{"prf":{"eval":{"second":"YQ"}}}`, failure: webauthn.TypeError},
		{name: "prf that makes no sense", extensions: all, options: `{"prf":{}}`, change: says("hmac-secret", 1), failure: webauthn.UnknownError},
		{name: "prf that is no base64url", extensions: all, options: `{"prf":{"eval":{"first":"a b"}}}`, failure: webauthn.EncodingError},

		{name: "largeBlob preferred", extensions: all, options: `{"largeBlob":{"support":"preferred"}}`, other: discoverable, change: func(k *fakeKey) { k.largeBlobKey = blobKey }, want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"supported":true}}`},
		{name: "largeBlob by default", extensions: all, options: `{"largeBlob":{}}`, other: discoverable, want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"supported":false}}`},
		{name: "largeBlob required", extensions: all, options: `{"largeBlob":{"support":"required"}}`, other: discoverable, change: func(k *fakeKey) { k.largeBlobKey = blobKey }, want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"supported":true}}`},
		{name: "largeBlob preferred, not discoverable", extensions: all, options: `{"largeBlob":{"support":"preferred"}}`, results: `{"largeBlob":{"supported":false}}`},
		{name: "largeBlob required, not discoverable", extensions: all, options: `{"largeBlob":{"support":"required"}}`, failure: webauthn.NotAllowedError},
		{name: "largeBlob preferred, not had", extensions: no, options: `{"largeBlob":{"support":"preferred"}}`, other: discoverable, results: `{"largeBlob":{"supported":false}}`},
		{name: "largeBlob required, not had", extensions: no, options: `{"largeBlob":{"support":"required"}}`, other: discoverable, failure: webauthn.NotAllowedError},
		{name: "largeBlob of a key whose array is off", extensions: all, options: `{"largeBlob":{}}`, other: discoverable, change: func(k *fakeKey) { k.info.Options["largeBlobs"] = false }, results: `{"largeBlob":{"supported":false}}`},
		{name: "largeBlob extension", extensions: []string{"largeBlob"}, options: `{"largeBlob":{"support":"required"}}`, change: tells(map[string]any{"supported": true}), want: in{"largeBlob": "a1 67 737570706f7274 68 7265717569726564"}, results: `{"largeBlob":{"supported":true}}`},
		{name: "largeBlob extension by default", extensions: []string{"largeBlob"}, options: `{"largeBlob":{}}`, change: tells(map[string]any{"supported": false}), want: in{"largeBlob": "a1 67 737570706f7274 69 707265666572726564"}, results: `{"largeBlob":{"supported":false}}`},
		{name: "largeBlob extension not answered", extensions: []string{"largeBlob"}, options: `{"largeBlob":{"support":"unheard of"}}`, want: in{"largeBlob": "a1 67 737570706f7274 69 707265666572726564"}, results: `{"largeBlob":{"supported":false}}`},
		{name: "largeBlob extension that makes no sense", extensions: []string{"largeBlob"}, options: `{"largeBlob":{}}`, change: tells("yes"), failure: webauthn.UnknownError},
		{name: "largeBlob to read", extensions: all, options: `{"largeBlob":{"read":false}}`, failure: webauthn.NotSupportedError},
		{name: "largeBlob to write", extensions: all, options: `{"largeBlob":{"write":""}}`, failure: webauthn.NotSupportedError},

		{name: "appidExclude", extensions: no, options: `{"appidExclude":"https://example.com/"}`, results: `{"appidExclude":true}`},
		{name: "another's appidExclude", extensions: no, options: `{"appidExclude":"https://example.org/"}`, failure: webauthn.SecurityError},
		{name: "a map that is none", extensions: all, options: `5`, failure: webauthn.TypeError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Extensions, key.info.MaxCredBlobLength = tt.extensions, 32
			key.info.Options = features("rk")
			if slices.Contains(tt.extensions, "largeBlobKey") {
				key.info.Options["largeBlobs"] = true
			}
			if tt.change != nil {
				tt.change(key)
			}
			resp, err := newClient(key).Create(t.Context(), []byte(object(creation, `"extensions":`+tt.options, tt.other)))
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.want.check(t, key.made[0].Extensions)
			if got := extensionResults(t, resp); got != tt.results {
				t.Errorf("results: got %s, want %s", got, tt.results)
			}
		})
	}
}

// says has an extension say something in authenticator data.
func says(name string, output any) func(*fakeKey) {
	return func(k *fakeKey) { k.outputs = map[string]any{name: output} }
}

// tells has the extension largeBlob say something beside it.
func tells(output any) func(*fakeKey) {
	return func(k *fakeKey) { k.unsigned = map[string]any{"largeBlob": output} }
}

// TestGetExtensions looks at the same for assertions, with a credential "one".
func TestGetExtensions(t *testing.T) {
	const one = `"allowCredentials":[{"type":"public-key","id":"b25l"}]`
	all := []string{"credBlob", "hmac-secret", "largeBlobKey", "thirdPartyPayment"}
	extension := []string{"largeBlob"}
	no := []string{}
	tests := []struct {
		name       string
		extensions []string
		options    string
		other      string
		change     func(*fakeKey)
		want       in
		results    string
		failure    string
	}{
		{name: "none", extensions: all, options: `{}`, results: `{}`},
		{name: "unknown", extensions: all, options: `{"unknown":1,"credProps":true,"hmacCreateSecret":true}`, results: `{}`},

		{name: "getCredBlob", extensions: all, options: `{"getCredBlob":true}`, change: says("credBlob", []byte("cred blob")), want: in{"credBlob": "f5"}, results: `{"getCredBlob":` + b64Blob + `}`},
		{name: "getCredBlob of none", extensions: all, options: `{"getCredBlob":true}`, change: says("credBlob", []byte{}), want: in{"credBlob": "f5"}, results: `{"getCredBlob":""}`},
		{name: "getCredBlob not answered", extensions: all, options: `{"getCredBlob":true}`, want: in{"credBlob": "f5"}, results: `{}`},
		{name: "getCredBlob not had", extensions: no, options: `{"getCredBlob":true}`, results: `{}`},
		{name: "getCredBlob that makes no sense", extensions: all, options: `{"getCredBlob":true}`, change: says("credBlob", true), failure: webauthn.UnknownError},
		{name: "payment", extensions: all, options: `{"payment":{"isPayment":true}}`, failure: webauthn.NotAllowedError},
		{name: "no payment", extensions: all, options: `{"payment":{}}`, results: `{}`},

		{name: "prf", extensions: all, options: `{"prf":{}}`, results: `{"prf":{}}`},
		{name: "prf not had", extensions: no, options: `{"prf":{"eval":{"first":"YQ"}}}`, results: `{"prf":{}}`},
		{name: "prf for a user who could be verified, and is not", extensions: all, options: `{"prf":{"eval":{"first":"YQ"}}}`, change: func(k *fakeKey) { k.info.Options["clientPin"] = false }, results: `{"prf":{}}`},
		{name: "prf by no credential", extensions: no, options: `{"prf":{"evalByCredential":{}}}`, results: `{"prf":{}}`},
		{name: "prf by credential, and any will do", extensions: all, options: `{"prf":{"evalByCredential":{"b25l":{"first":"YQ"}}}}`, failure: webauthn.NotSupportedError},
		{name: "prf by another credential", extensions: all, options: `{"prf":{"evalByCredential":{"dHdv":{"first":"YQ"}}}}`, other: one, failure: webauthn.SyntaxError},
		{name: "prf by credential with padding", extensions: all, options: `{"prf":{"evalByCredential":{"b25l=":{"first":"YQ"}}}}`, other: one, failure: webauthn.SyntaxError},
		{name: "prf by a credential without ID", extensions: all, options: `{"prf":{"evalByCredential":{"":{"first":"YQ"}}}}`, other: one, failure: webauthn.SyntaxError},
		{name: "prf by what is no base64url", extensions: all, options: `{"prf":{"evalByCredential":{"+":{"first":"YQ"}}}}`, other: one, failure: webauthn.SyntaxError},
		{name: "prf without a first value", extensions: all, options: `{"prf":{"eval":{}}}`, failure: webauthn.TypeError},
		{name: "prf by credential without a first value", extensions: all, options: `{"prf":{"evalByCredential":{"b25l":{}}}}`, other: one, failure: webauthn.TypeError},

		{name: "largeBlob read", extensions: all, options: `{"largeBlob":{"read":true}}`, change: blobs("a blob", nil), want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"blob":"YSBibG9i"}}`},
		{name: "an empty largeBlob", extensions: all, options: `{"largeBlob":{"read":true}}`, change: blobs("", nil), want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"blob":""}}`},
		{name: "largeBlob not to be read", extensions: all, options: `{"largeBlob":{"read":false}}`, results: `{}`},
		{name: "largeBlob of a credential without", extensions: all, options: `{"largeBlob":{"read":true}}`, want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{}}`},
		{name: "largeBlob that is not there", extensions: all, options: `{"largeBlob":{"read":true}}`, change: func(k *fakeKey) { k.largeBlobKey = make([]byte, 32) }, want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{}}`},
		{name: "largeBlob that cannot be read", extensions: all, options: `{"largeBlob":{"read":true}}`, change: blobs("", ctap.StatusOther), want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{}}`},
		{name: "largeBlob not had", extensions: no, options: `{"largeBlob":{"read":true}}`, results: `{"largeBlob":{}}`},
		{name: "largeBlob write", extensions: all, options: `{"largeBlob":{"write":"YQ"}}`, other: one, change: blobs("", nil), want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"written":true}}`},
		{name: "largeBlob that cannot be written", extensions: all, options: `{"largeBlob":{"write":"YQ"}}`, other: one, change: blobs("", ctap.StatusLargeBlobStorageFull), want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"written":false}}`},
		{name: "largeBlob write without key", extensions: all, options: `{"largeBlob":{"write":"YQ"}}`, other: one, want: in{"largeBlobKey": "f5"}, results: `{"largeBlob":{"written":false}}`},
		{name: "largeBlob write, not had", extensions: no, options: `{"largeBlob":{"write":"YQ"}}`, other: one, results: `{"largeBlob":{"written":false}}`},
		{name: "largeBlob write to any", extensions: all, options: `{"largeBlob":{"write":"YQ"}}`, failure: webauthn.NotSupportedError},
		{name: "largeBlob write to several", extensions: all, options: `{"largeBlob":{"write":"YQ"}}`, other: allowing, failure: webauthn.NotSupportedError},
		{name: "largeBlob read and write", extensions: all, options: `{"largeBlob":{"read":false,"write":"YQ"}}`, other: one, failure: webauthn.NotSupportedError},
		{name: "largeBlob support", extensions: all, options: `{"largeBlob":{"support":"preferred"}}`, failure: webauthn.NotSupportedError},

		{name: "largeBlob extension, read", extensions: extension, options: `{"largeBlob":{"read":true}}`, change: tells(map[string]any{"blob": client.Deflate([]byte("a blob")), "originalSize": 6}), want: in{"largeBlob": "a1 64 72656164 f5"}, results: `{"largeBlob":{"blob":"YSBibG9i"}}`},
		{name: "largeBlob extension, nothing to read", extensions: extension, options: `{"largeBlob":{"read":true}}`, want: in{"largeBlob": "a1 64 72656164 f5"}, results: `{"largeBlob":{}}`},
		{name: "largeBlob extension, read, of another size", extensions: extension, options: `{"largeBlob":{"read":true}}`, change: tells(map[string]any{"blob": client.Deflate([]byte("a blob")), "originalSize": 5}), want: in{"largeBlob": "a1 64 72656164 f5"}, results: `{"largeBlob":{}}`},
		{name: "largeBlob extension, written", extensions: extension, options: `{"largeBlob":{"write":"YSBibG9i"}}`, other: one, change: tells(map[string]any{"written": true}), want: in{"largeBlob": "a2 65 7772697465 4c" + hex.EncodeToString(client.Deflate([]byte("a blob"))) + "6c 6f726967696e616c53697a65 06"}, results: `{"largeBlob":{"written":true}}`},
		{name: "largeBlob extension, not written", extensions: extension, options: `{"largeBlob":{"write":""}}`, other: one, change: tells(map[string]any{"written": false}), want: in{"largeBlob": "a2 65 7772697465 45 010000ffff 6c 6f726967696e616c53697a65 00"}, results: `{"largeBlob":{"written":false}}`},
		{name: "largeBlob extension that makes no sense", extensions: extension, options: `{"largeBlob":{"read":true}}`, change: tells([]int{1}), failure: webauthn.UnknownError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.add(site, "one", &ctap.User{ID: []byte("alice")})
			key.info.Extensions, key.info.Options, key.blobs = tt.extensions, features("rk"), map[string][]byte{}
			if slices.Contains(tt.extensions, "largeBlobKey") {
				key.info.Options["largeBlobs"] = true
			}
			if tt.change != nil {
				tt.change(key)
			}
			resp, err := newClient(key).Get(t.Context(), []byte(object(request, `"extensions":`+tt.options, tt.other)))
			if tt.failure != "" {
				wantError(t, resp, err, tt.failure)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.want.check(t, key.asked[len(key.asked)-1].Extensions)
			if got := extensionResults(t, resp); got != tt.results {
				t.Errorf("results: got %s, want %s", got, tt.results)
			}
		})
	}
}

// blobs has the credential a large blob, and what has to do with it fail.
func blobs(blob string, err error) func(*fakeKey) {
	return func(k *fakeKey) {
		k.largeBlobKey = make([]byte, 32)
		k.blobs[string(k.largeBlobKey)], k.blobErr = []byte(blob), err
	}
}

// TestLargeBlobToken writes with a token, for which the user is verified even if
// that is discouraged.
func TestLargeBlobToken(t *testing.T) {
	byPIN := []grant{{pin1234, ga | ctap.PermissionLargeBlobWrite, site}}
	for _, tt := range []struct {
		name     string
		features map[string]bool
		tokens   []grant
	}{
		{"PIN", features("largeBlobs", "clientPin", "pinUvAuthToken"), byPIN},
		{"finger", features("largeBlobs", "uv", "pinUvAuthToken"), []grant{{"", ga | ctap.PermissionLargeBlobWrite, site}}},
		{"finger without tokens", features("largeBlobs", "uv", "clientPin"), byPIN},
		{"neither", features("largeBlobs"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.add(site, "one", nil)
			key.info.Extensions, key.info.Options = []string{"largeBlobKey"}, tt.features
			key.blobs, key.largeBlobKey, key.pin, key.retries = map[string][]byte{}, make([]byte, 32), pin1234, client.PINRetries{Left: 8}
			c := newClient(key)
			c.PIN = webauthn.StaticPIN(pin1234)
			resp, err := c.Get(t.Context(), []byte(object(request, allow("b25l"), `"userVerification":"discouraged","extensions":{"largeBlob":{"write":"YQ"}}`)))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := extensionResults(t, resp), `{"largeBlob":{"written":true}}`; got != want {
				t.Errorf("results: got %s, want %s", got, want)
			}
			if !slices.Equal(key.tokens, tt.tokens) {
				t.Errorf("tokens: got %v, want %v", key.tokens, tt.tokens)
			}
			if (key.blobToken != nil) != (tt.tokens != nil) || string(key.blobs[string(key.largeBlobKey)]) != "a" {
				t.Errorf("got blobs %q with token %v, want one, and with what was asked for", key.blobs, key.blobToken)
			}
		})
	}
}

// TestLargeBlobLifetime waits for large blobs too long: that ends the ceremony,
// unlike one that cannot be had.
func TestLargeBlobLifetime(t *testing.T) {
	for _, options := range []string{`{"read":true}`, `{"write":"YQ"}`} {
		synctest.Test(t, func(t *testing.T) {
			key := newKey(t)
			key.add(site, "one", nil)
			key.info.Extensions, key.info.Options = []string{"largeBlobKey"}, features("largeBlobs")
			key.largeBlobKey, key.blobWait = make([]byte, 32), true
			resp, err := newClient(key).Get(t.Context(), []byte(object(request, allow("b25l"), `"extensions":{"largeBlob":`+options+`}`)))
			wantError(t, resp, err, webauthn.NotAllowedError)
		})
	}
}

// TestAppIDExclude has keys with a credential of a U2F application that is
// excluded: they refuse, but not before they were touched.
func TestAppIDExclude(t *testing.T) {
	const appID = "https://example.com/app-id.json"
	options := object(creation, excluding, `"extensions":{"appidExclude":"`+appID+`"}`)
	one := newKey(t)
	one.info.MaxCredentialCountInList = 1
	for _, key := range []*fakeKey{newKey(t), one, newU2FKey(t)} {
		key.add(appID, "two", nil)
		resp, err := newClient(key).Create(t.Context(), []byte(options))
		wantError(t, resp, err, webauthn.InvalidStateError)
		if key.counter == 0 || key.made != nil || key.register != nil {
			t.Errorf("the key signed %d times and was asked for %v, %v; want a signature that is thrown away, and nothing else", key.counter, key.made, key.register)
		}
		key.err = errors.New("unplugged")
		resp, err = newClient(key).Create(t.Context(), []byte(options))
		wantError(t, resp, err, webauthn.UnknownError)
	}
}

// TestEnterpriseAttestation asks keys which they are.
func TestEnterpriseAttestation(t *testing.T) {
	one, two := uint64(1), uint64(2)
	tests := []struct {
		name     string
		features map[string]bool
		formats  []string
		options  string
		ours     []string
		way      *uint64
		want     []string
	}{
		{"not asked for", features("ep"), nil, `"attestation":"direct"`, []string{site}, nil, nil},
		{"the key decides", features("ep"), nil, `"attestation":"enterprise"`, nil, &one, nil},
		{"for a relying party that is ours", features("ep"), nil, `"attestation":"enterprise"`, []string{site}, &two, nil},
		{"the key is not set up", features("!ep"), nil, `"attestation":"enterprise"`, []string{site}, nil, nil},
		{"no attestation, of formats", nil, []string{"packed", "tpm"}, `"attestationFormats":["tpm"]`, nil, nil, []string{"none"}},
		{"a format", nil, []string{"packed", "tpm"}, `"attestation":"direct","attestationFormats":["tpm","packed"]`, nil, nil, []string{"tpm", "packed"}},
		{"any format", nil, []string{"packed"}, `"attestation":"direct"`, nil, nil, nil},
		{"a format of an older key", nil, nil, `"attestation":"direct","attestationFormats":["tpm"]`, nil, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := newKey(t)
			key.info.Options, key.info.AttestationFormats = tt.features, tt.formats
			c := newClient(key)
			c.EnterpriseRPIDs = tt.ours
			if _, err := c.Create(t.Context(), []byte(object(creation, tt.options))); err != nil {
				t.Fatal(err)
			}
			if got := key.made[0].EnterpriseAttestation; !reflect.DeepEqual(got, tt.way) {
				t.Errorf("enterpriseAttestation: got %v, want %v", got, tt.way)
			}
			if got := key.made[0].AttestationFormatsPreference; !slices.Equal(got, tt.want) {
				t.Errorf("attestationFormatsPreference: got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestFullKey has no room for a discoverable credential.
func TestFullKey(t *testing.T) {
	none := uint64(0)
	key := newKey(t)
	key.info.RemainingDiscoverableCredentials = &none
	r := create(t, newClient(key), object(creation, `"authenticatorSelection":{"residentKey":"preferred"},"extensions":{"credProps":true}`))
	if want := map[string]any{"credProps": map[string]any{"rk": false}}; key.made[0].Options != nil || !reflect.DeepEqual(r.ClientExtensionResults, want) {
		t.Errorf("got options %+v and results %v, want none and %v", key.made[0].Options, r.ClientExtensionResults, want)
	}
}
