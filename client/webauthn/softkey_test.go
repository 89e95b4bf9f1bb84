package webauthn_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// newSoftkey returns a client of our own key, of some profile, whose user agrees
// to everything and knows the PIN; change, if not nil, changes the key.
func newSoftkey(t *testing.T, profile string, change func(*device.Config)) (*webauthn.Client, *client.Device) {
	t.Helper()
	p, ok := authenticator.ProfileByName(profile)
	if !ok {
		t.Fatalf("there is no profile %s", profile)
	}
	cfg := device.Config{Profile: p, Presence: authenticator.Approve{}}
	if change != nil {
		change(&cfg)
	}
	key, err := device.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close() })
	d, err := client.Open(t.Context(), ctaphid.Loopback(key.Handler(), key.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	c := &webauthn.Client{Device: d, Origin: origin}
	if cfg.PIN != "" {
		c.PIN = webauthn.StaticPIN(cfg.PIN)
	}
	return c, d
}

func withPIN(cfg *device.Config) { cfg.PIN = pin1234 }

// recognises is a key's own user verification.
func recognises(cfg *device.Config) {
	cfg.Verification = authenticator.VerificationFunc(func(context.Context, authenticator.Prompt) (bool, error) { return true, nil })
}

// flagsOf returns the flags of authenticator data.
func flagsOf(t *testing.T, authData []byte) ctap.Flags {
	t.Helper()
	data, err := ctap.ParseAuthenticatorData(authData)
	if err != nil {
		t.Fatal(err)
	}
	return data.Flags
}

func allow(ids ...string) string { return credentialList("allowCredentials", ids) }

func exclude(ids ...string) string { return credentialList("excludeCredentials", ids) }

func credentialList(name string, ids []string) string {
	var list []string
	for _, id := range ids {
		list = append(list, `{"type":"public-key","id":"`+id+`"}`)
	}
	return `"` + name + `":[` + strings.Join(list, ",") + `]`
}

// selection returns authenticatorSelection.
func selection(userVerification, residentKey string) string {
	return `"authenticatorSelection":{"userVerification":"` + userVerification + `","residentKey":"` + residentKey + `"}`
}

// TestSoftkeyVerification registers and signs in with keys of each edition that
// have a PIN, or a verification of their own.
func TestSoftkeyVerification(t *testing.T) {
	tests := []struct {
		profile string
		change  func(*device.Config)
		format  string // where verification is discouraged
		uv      bool   // likewise
	}{
		{"fido2.0", withPIN, "fido-u2f", false},
		{"fido2.1-pre", withPIN, "fido-u2f", false},
		{"fido2.1", withPIN, "packed", false},
		{"fido2.3", withPIN, "packed", false},
		{"platform", recognises, "packed", false},
		{"platform", func(cfg *device.Config) { recognises(cfg); withPIN(cfg) }, "packed", false},
	}
	for _, tt := range tests {
		t.Run(tt.profile, func(t *testing.T) {
			c, _ := newSoftkey(t, tt.profile, tt.change)
			for _, requirement := range []string{"required", "preferred", "discouraged"} {
				r := create(t, c, object(creation, selection(requirement, "discouraged"), `"attestation":"direct"`))
				verified := requirement != "discouraged"
				if got := r.authData.Flags&ctap.FlagUV != 0; got != verified {
					t.Errorf("create, %s: got verified %v, want %v", requirement, got, verified)
				}
				if !verified && r.attestation.Format != tt.format {
					t.Errorf("create, %s: got format %s, want %s", requirement, r.attestation.Format, tt.format)
				}
				for _, requirement := range []string{"required", "preferred", "discouraged"} {
					resp, err := c.Get(t.Context(), []byte(object(request, allow(r.ID), `"userVerification":"`+requirement+`"`)))
					if err != nil {
						t.Fatal(err)
					}
					var a authentication
					decodeStrict(t, resp, &a)
					if got := flagsOf(t, a.Response.AuthenticatorData)&ctap.FlagUV != 0; got != (requirement != "discouraged") {
						t.Errorf("get, %s: got verified %v", requirement, got)
					}
				}
			}
		})
	}
}

// TestSoftkeyResidentKey needs the PIN for a discoverable credential, whatever
// the site says.
func TestSoftkeyResidentKey(t *testing.T) {
	for _, profile := range []string{"fido2.0", "fido2.3"} {
		c, _ := newSoftkey(t, profile, withPIN)
		r := create(t, c, object(creation, selection("discouraged", "required")))
		if r.authData.Flags&ctap.FlagUV == 0 {
			t.Errorf("%s: got flags %#x, want the user verified", profile, r.authData.Flags)
		}
		c.PIN = nil
		resp, err := c.Create(t.Context(), []byte(object(creation, selection("discouraged", "required"))))
		wantError(t, resp, err, webauthn.NotAllowedError)
		c.PIN = webauthn.StaticPIN("0000")
		resp, err = c.Create(t.Context(), []byte(object(creation, selection("discouraged", "required"))))
		wantError(t, resp, err, webauthn.NotAllowedError)
	}
}

// TestSoftkeyAlwaysUv toggles a key to want verification always.
func TestSoftkeyAlwaysUv(t *testing.T) {
	c, d := newSoftkey(t, "fido2.3", withPIN)
	token, err := d.PINToken(t.Context(), pin1234, ctap.PermissionAuthenticatorConfig, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ToggleAlwaysUv(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	r := create(t, c, object(creation, selection("discouraged", "discouraged")))
	if r.authData.Flags&ctap.FlagUV == 0 {
		t.Errorf("got flags %#x, want the user verified", r.authData.Flags)
	}
	if _, err := c.Get(t.Context(), []byte(object(request, allow(r.ID), `"userVerification":"discouraged"`))); err != nil {
		t.Error(err)
	}
}

// TestSoftkeyPRF evaluates prf when a credential is made and later, by each of
// two credentials.
func TestSoftkeyPRF(t *testing.T) {
	c, _ := newSoftkey(t, "fido2.3", withPIN)
	const eval = `{"first":"Zmlyc3Q","second":"c2Vjb25k"}`
	type results struct {
		PRF struct {
			Enabled *bool `json:"enabled"`
			Results struct{ First, Second string }
		}
	}
	read := func(response []byte, err error) (r results) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(extensionResults(t, response)), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	var ids []string
	made := map[string]results{}
	for range 2 {
		resp, err := c.Create(t.Context(), []byte(object(creation, `"extensions":{"prf":{"eval":`+eval+`}}`)))
		r := read(resp, err)
		var id struct{ ID string }
		if err := json.Unmarshal(resp, &id); err != nil {
			t.Fatal(err)
		}
		if r.PRF.Enabled == nil || !*r.PRF.Enabled || len(r.PRF.Results.First) != 43 || len(r.PRF.Results.Second) != 43 {
			t.Errorf("create: got %s", extensionResults(t, resp))
		}
		ids, made[id.ID] = append(ids, id.ID), r
	}
	for _, id := range ids {
		r := read(c.Get(t.Context(), []byte(object(request, allow(id), `"extensions":{"prf":{"eval":`+eval+`}}`))))
		if r.PRF.Enabled != nil || r.PRF.Results != made[id].PRF.Results {
			t.Errorf("get: got %+v, want %+v", r.PRF.Results, made[id].PRF.Results)
		}
	}
	// The key takes the first of the list that is its own.
	r := read(c.Get(t.Context(), []byte(object(request, allow("bm9uZQ", ids[1], ids[0]),
		`"extensions":{"prf":{"eval":{"first":"b3RoZXI"},"evalByCredential":{"`+ids[0]+`":{"first":"b3RoZXI"},"`+ids[1]+`":`+eval+`}}}`))))
	if r.PRF.Results != made[ids[1]].PRF.Results {
		t.Errorf("by credential: got %+v, want %+v", r.PRF.Results, made[ids[1]].PRF.Results)
	}
	// The values are for verified users, whatever the site says of verification.
	r = read(c.Get(t.Context(), []byte(object(request, allow(ids[0]), `"userVerification":"discouraged","extensions":{"prf":{"eval":`+eval+`}}`))))
	if r.PRF.Results != made[ids[0]].PRF.Results {
		t.Errorf("discouraged: got %+v, want %+v", r.PRF.Results, made[ids[0]].PRF.Results)
	}
	c.PIN = nil
	r = read(c.Get(t.Context(), []byte(object(request, allow(ids[0]), `"extensions":{"prf":{"eval":`+eval+`}}`))))
	if r.PRF.Results.First != "" {
		t.Errorf("without the PIN: got %+v, want none", r.PRF.Results)
	}
}

// TestSoftkeyLargeBlob writes and reads a blob by each of the two ways.
func TestSoftkeyLargeBlob(t *testing.T) {
	for _, profile := range []string{"fido2.1", "fido2.3", "large-blob-extension"} {
		for _, change := range []func(*device.Config){nil, withPIN} {
			t.Run(profile, func(t *testing.T) {
				c, _ := newSoftkey(t, profile, change)
				blob := bytes.Repeat([]byte("a large blob "), 100)
				r := create(t, c, object(creation, selection("preferred", "required"), `"extensions":{"largeBlob":{"support":"required"}}`))
				steps := []struct{ options, want string }{
					{`{"read":true}`, `{"largeBlob":{}}`},
					{`{"write":"` + encode(blob) + `"}`, `{"largeBlob":{"written":true}}`},
					{`{"read":true}`, `{"largeBlob":{"blob":"` + encode(blob) + `"}}`},
					{`{"write":""}`, `{"largeBlob":{"written":true}}`},
					{`{"read":true}`, `{"largeBlob":{"blob":""}}`},
				}
				if got, want := fmt.Sprint(r.ClientExtensionResults), "map[largeBlob:map[supported:true]]"; got != want {
					t.Errorf("create: got %s, want %s", got, want)
				}
				for _, s := range steps {
					resp, err := c.Get(t.Context(), []byte(object(request, allow(r.ID), `"userVerification":"discouraged","extensions":{"largeBlob":`+s.options+`}`)))
					if err != nil {
						t.Fatal(err)
					}
					if got := extensionResults(t, resp); got != s.want {
						t.Errorf("%.20s: got %.80s, want %.80s", s.options, got, s.want)
					}
				}
			})
		}
	}
}

// TestSoftkeyProtection has credentials that nobody finds without verification,
// one of them with a few bytes of the site's.
func TestSoftkeyProtection(t *testing.T) {
	c, _ := newSoftkey(t, "fido2.3", withPIN)
	r := create(t, c, object(creation, selection("preferred", "required"),
		`"extensions":{"credentialProtectionPolicy":"userVerificationRequired","enforceCredentialProtectionPolicy":true,"credBlob":`+b64Blob+`}`))
	if got, want := fmt.Sprint(r.ClientExtensionResults), "map[credBlob:true]"; got != want {
		t.Errorf("create: got %s, want %s", got, want)
	}
	const unverified = `"userVerification":"discouraged"`
	resp, err := c.Get(t.Context(), []byte(object(request, allow(r.ID), unverified)))
	wantError(t, resp, err, webauthn.NotAllowedError)
	resp, err = c.Get(t.Context(), []byte(object(request, `"extensions":{"getCredBlob":true}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := extensionResults(t, resp), `{"getCredBlob":`+b64Blob+`}`; got != want {
		t.Errorf("get: got %s, want %s", got, want)
	}
	// More than the key takes in one list: it is found with the token alone.
	var ids []string
	for i := range 30 {
		ids = append(ids, encode([]byte{byte(i)}))
	}
	resp, err = c.Create(t.Context(), []byte(object(creation, exclude(append(ids, r.ID)...))))
	wantError(t, resp, err, webauthn.InvalidStateError)
	if resp, err = c.Get(t.Context(), []byte(object(request, allow(append(ids, r.ID)...)))); err != nil {
		t.Errorf("got %s, %v; want an assertion", resp, err)
	}
}

// TestSoftkeyMinPINLength lets a site know of the PIN that a key wants.
func TestSoftkeyMinPINLength(t *testing.T) {
	c, d := newSoftkey(t, "full-policy", withPIN)
	token, err := d.PINToken(t.Context(), pin1234, ctap.PermissionAuthenticatorConfig, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetMinPINLength(t.Context(), token, ctap.SetMinPINLengthParams{MinPINLengthRPIDs: []string{site}}); err != nil {
		t.Fatal(err)
	}
	r := create(t, c, object(creation, `"extensions":{"minPinLength":true,"pinComplexityPolicy":true}`))
	want := ctap.MustMarshal(map[string]any{"minPinLength": 4, "pinComplexityPolicy": false})
	if !bytes.Equal(r.authData.Extensions, want) {
		t.Errorf("got extensions %x, want %x", r.authData.Extensions, want)
	}
}

// TestSoftkeyPayment makes a credential for payments on other sites.
func TestSoftkeyPayment(t *testing.T) {
	c, d := newSoftkey(t, "fido2.3", withPIN)
	create(t, c, object(creation, selection("preferred", "required"), `"extensions":{"payment":{"isPayment":true}}`))
	token, err := d.PINToken(t.Context(), pin1234, ctap.PermissionCredentialMgmtRO, "")
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := d.Credentials(t.Context(), token, [32]byte(hash(site)))
	if err != nil || len(credentials) != 1 || !credentials[0].ThirdPartyPayment {
		t.Errorf("got %+v, %v; want one for payments", credentials, err)
	}
}

// TestSoftkeyEnterprise has the key tell one site which very key it is.
func TestSoftkeyEnterprise(t *testing.T) {
	c, d := newSoftkey(t, "enterprise", nil)
	if err := d.EnableEnterpriseAttestation(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	certificate := func(preference string) string {
		r := create(t, c, object(creation, `"attestation":"`+preference+`"`))
		r.verifyPacked(t)
		return fmt.Sprint(r.attestation.AttStmt["x5c"])
	}
	ordinary := certificate("direct")
	if got := certificate("enterprise"); got != ordinary {
		t.Error("the key told a site that it does not know which one it is")
	}
	c.EnterpriseRPIDs = []string{site}
	if got := certificate("enterprise"); got == ordinary {
		t.Error("the key did not tell which one it is")
	}
}

// TestSoftkeyAppIDExclude has a key that was registered as U2F application.
func TestSoftkeyAppIDExclude(t *testing.T) {
	const appID = "https://example.com/app-id.json"
	c, d := newSoftkey(t, "fido2.3", withPIN)
	reg, err := d.U2FRegister(t.Context(), ctap.U2FRegisterRequest{Application: [32]byte(hash(appID))})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Create(t.Context(), []byte(object(creation, exclude(encode(reg.KeyHandle)), `"extensions":{"appidExclude":"`+appID+`"}`)))
	wantError(t, resp, err, webauthn.InvalidStateError)
	create(t, c, object(creation, exclude(encode(reg.KeyHandle))))
	// With a PIN, the token is for the application.
	resp, err = c.Get(t.Context(), []byte(object(request, allow(encode(reg.KeyHandle)), `"extensions":{"appid":"`+appID+`"}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := extensionResults(t, resp); got != `{"appid":true}` {
		t.Errorf("got %s, want appid used", got)
	}
}

// TestSoftkeyAttestationFormats chooses how the key vouches for itself.
func TestSoftkeyAttestationFormats(t *testing.T) {
	c, _ := newSoftkey(t, "fido2.3", nil)
	for options, want := range map[string]string{
		`"attestation":"direct"`: "packed",
		`"attestation":"direct","attestationFormats":["unheard-of","packed"]`: "packed",
		`"attestation":"none","attestationFormats":["packed"]`:                "none",
	} {
		if r := create(t, c, object(creation, options)); r.attestation.Format != want {
			t.Errorf("%s: got %s, want %s", options, r.attestation.Format, want)
		}
	}
}
