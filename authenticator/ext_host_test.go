package authenticator

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// extHost is a platform that has agreed on a secret with its key.
type extHost struct {
	platform
	public ctap.Raw // COSE_Key
	secret []byte
}

func newExtHost(k key, protocol uint64) *extHost {
	k.t.Helper()
	h := &extHost{platform: k.speaking(protocol)}
	h.public, h.secret = h.agree()
	return h
}

// newVerifiedHost gives the key its PIN.
func newVerifiedHost(k key, protocol uint64) *extHost {
	k.t.Helper()
	k.speaking(protocol).mustSetPIN(testPIN)
	return newExtHost(k, protocol)
}

// newExtKey returns a key of a named profile.
func newExtKey(t testing.TB, profile string, change func(*Config)) key {
	t.Helper()
	return newKey(t, Approve{}, func(c *Config) {
		c.Profile, _ = ProfileByName(profile)
		if change != nil {
			change(c)
		}
	})
}

func (h *extHost) tokenFor(permission ctap.Permissions) *hostToken {
	h.t.Helper()
	return h.tokenBy(testPIN, permission, testRPID)
}

// verifyUser puts the user's verification into a request.
func (h *extHost) verifyUser(r *ctap.GetAssertionRequest) *ctap.GetAssertionRequest {
	h.t.Helper()
	return assertedBy(h.tokenFor(ga), r)
}

func (h *extHost) verifyMaker(r *ctap.MakeCredentialRequest) {
	h.t.Helper()
	by(h.tokenFor(mc))(r)
}

// salts returns the input of hmac-secret.
func (h *extHost) salts(salts ...[]byte) map[int]any {
	h.t.Helper()
	enc := h.encrypt(h.secret, bytes.Join(salts, nil))
	return map[int]any{1: h.public, 2: enc, 3: h.protocol.Authenticate(h.secret, enc), 4: h.protocol.Number()}
}

// inputs are what a host asks of extensions.
type inputs map[string]any

func (in inputs) raw() map[string]ctap.Raw {
	raw := map[string]ctap.Raw{}
	for name, input := range in {
		raw[name] = ctap.MustMarshal(input)
	}
	return raw
}

func (in inputs) creation(user string, changes ...func(*ctap.MakeCredentialRequest)) *ctap.MakeCredentialRequest {
	r := creation(user, also(changes...))
	r.Extensions = in.raw()
	return r
}

func (in inputs) assertion(ids ...[]byte) *ctap.GetAssertionRequest {
	r := assertionBy(ids...)
	r.Extensions = in.raw()
	return r
}

func silent(r *ctap.GetAssertionRequest) *ctap.GetAssertionRequest {
	return withOptions(r, &ctap.Options{UP: no()})
}

// output decodes one signed output into v, and tells whether it is there.
func output(t testing.TB, data *ctap.AuthenticatorData, name string, v any) bool {
	t.Helper()
	if data.Flags&ctap.FlagED == 0 {
		return false
	}
	var all map[string]ctap.Raw
	if err := ctap.Unmarshal(data.Extensions, &all); err != nil {
		t.Fatalf("outputs %x: %v", data.Extensions, err)
	}
	raw, ok := all[name]
	if !ok {
		return false
	}
	if err := ctap.Unmarshal(raw, v); err != nil {
		t.Fatalf("output of %s: %x: %v", name, raw, err)
	}
	return true
}

// wantOutput wants the signed outputs to be one, of the given value, or none if
// want is nil.
func wantOutput(t testing.TB, data *ctap.AuthenticatorData, name string, want any) {
	t.Helper()
	if want == nil {
		if len(data.Extensions) > 0 {
			t.Errorf("outputs %x, want none", data.Extensions)
		}
		return
	}
	if got, want := data.Extensions, ctap.MustMarshal(map[string]any{name: want}); !bytes.Equal(got, want) {
		t.Errorf("outputs %x, want %x", got, want)
	}
}

// managed returns what credential management says about the newest credential of
// the test's relying party.
func (h *extHost) managed() *ctap.CredentialManagementResponse {
	h.t.Helper()
	resp, err := h.manage(h.tokenFor(cm), ctap.EnumerateCredentialsBegin, &ctap.CredentialManagementParams{RPIDHash: testRPIDHash[:]})
	if err != nil {
		h.t.Fatalf("enumerateCredentialsBegin: %v", err)
	}
	return resp
}

func credentialCount(k key) uint64 {
	k.t.Helper()
	n, err := k.remainingCredentials()
	if err != nil {
		k.t.Fatal(err)
	}
	return uint64(k.profile.DiscoverableCredentials) - n
}

// refused wants makeCredential to fail, and no credential to be made.
func (k key) refused(r *ctap.MakeCredentialRequest, want error) {
	k.t.Helper()
	before := credentialCount(k)
	wantStatus(k.t, "makeCredential", k.command(ctap.CommandMakeCredential, r, nil), want)
	if want != nil && credentialCount(k) != before {
		k.t.Errorf("%d credentials after the error, want %d", credentialCount(k), before)
	}
}

func (k key) assertionRefused(r *ctap.GetAssertionRequest, want error) {
	k.t.Helper()
	wantStatus(k.t, "getAssertion", k.command(ctap.CommandGetAssertion, r, nil), want)
}

// assertionAnswers wants a status of getAssertion, which may be OK.
func (k key) assertionAnswers(r *ctap.GetAssertionRequest, want ctap.Status) {
	k.t.Helper()
	if got := ctap.StatusOf(k.command(ctap.CommandGetAssertion, r, nil)); got != want {
		k.t.Errorf("getAssertion with %x: got %v, want %v", r.Extensions, got, want)
	}
}

var pinProtocols = []uint64{1, 2}

func byProtocol(t *testing.T, test func(t *testing.T, protocol uint64)) {
	for _, protocol := range pinProtocols {
		t.Run(fmt.Sprintf("protocol %d", protocol), func(t *testing.T) { test(t, protocol) })
	}
}
