package authenticator

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// tokenTest is what a test of a token's life has at hand.
type tokenTest struct {
	platform
	t        *testing.T
	presence *asks
	token    *hostToken // mc, ga, cm, lbw, acfg; for testRPID
	made     made       // a credential of testRPID
}

// use makes a silent assertion by the token, which does not consume it.
func (x *tokenTest) use() error {
	r := withOptions(assertionBy(x.made.id), &ctap.Options{UP: no()})
	return x.command(ctap.CommandGetAssertion, assertedBy(x.token, r), nil)
}

func (x *tokenTest) register() error {
	return x.command(ctap.CommandMakeCredential, creation("bob", by(x.token)), nil)
}

func (x *tokenTest) sleep(d time.Duration) { time.Sleep(d) }

// What ends a pinUvAuthToken, and what does not (§6.5.2.1, §6.5.3).
func TestTokenLife(t *testing.T) {
	must := func(x *tokenTest, what string, err error) {
		x.t.Helper()
		wantStatus(x.t, what, err, nil)
	}
	tests := []struct {
		name string
		do   func(x *tokenTest)
		want ctap.Status // of a registration by the token
	}{
		{"at once", func(*tokenTest) {}, 0},
		{"unused for 30 s", func(x *tokenTest) { x.sleep(30 * time.Second) }, 0},
		{"unused for more", func(x *tokenTest) { x.sleep(30*time.Second + 1) }, ctap.StatusPINAuthInvalid},
		{"used at 30 s, then for 600 s", func(x *tokenTest) {
			x.sleep(30 * time.Second)
			must(x, "use", x.use())
			x.sleep(570 * time.Second)
		}, 0},
		{"used, then for more than 600 s", func(x *tokenTest) {
			must(x, "use", x.use())
			x.sleep(300 * time.Second)
			must(x, "use", x.use())
			x.sleep(300*time.Second + 1)
		}, ctap.StatusPINAuthInvalid},
		{"a failed use is none", func(x *tokenTest) {
			forged := &hostToken{x.protocol, make([]byte, 32)}
			r := assertedBy(forged, assertionBy(x.made.id))
			wantStatus(x.t, "forged", x.command(ctap.CommandGetAssertion, r, nil), ctap.StatusPINAuthInvalid)
			x.sleep(30*time.Second + 1)
		}, ctap.StatusPINAuthInvalid},
		{"a registration", func(x *tokenTest) { must(x, "makeCredential", x.register()) }, ctap.StatusPINAuthInvalid},
		{"an assertion", func(x *tokenTest) {
			must(x, "getAssertion", x.command(ctap.CommandGetAssertion, assertedBy(x.token, assertionBy(x.made.id)), nil))
		}, ctap.StatusPINAuthInvalid},
		{"silent assertions", func(x *tokenTest) { must(x, "use", x.use()); must(x, "use", x.use()) }, 0},
		{"an assertion by nobody", func(x *tokenTest) { // §6.2.2, step 9, applies to the token in use
			must(x, "getAssertion", x.command(ctap.CommandGetAssertion, assertionBy(x.made.id), nil))
		}, ctap.StatusPINAuthInvalid},
		{"a registration that the user declined", func(x *tokenTest) {
			x.presence.answer = ctap.StatusOperationDenied
			wantStatus(x.t, "declined", x.register(), ctap.StatusOperationDenied)
			x.presence.answer = nil
		}, 0},
		{"credentialManagement", func(x *tokenTest) {
			_, err := x.manage(x.token, ctap.EnumerateCredentialsBegin, &ctap.CredentialManagementParams{RPIDHash: testRPIDHash[:]})
			must(x, "enumerateCredentialsBegin", err)
		}, 0},
		{"authenticatorConfig", func(x *tokenTest) {
			must(x, "setMinPINLength", x.configure(x.token, ctap.SetMinPINLength, nil))
		}, 0},
		{"largeBlobs", func(x *tokenTest) {
			must(x, "largeBlobs", x.writeBlobs(x.token, emptyLargeBlobArray(), 0, minLargeBlob))
		}, 0},
		{"selection, getInfo, U2F", func(x *tokenTest) {
			must(x, "selection", x.command(ctap.CommandSelection, nil, nil))
			x.info()
			_, _ = x.apdu(ctap.CommandAPDU{INS: ctap.U2FVersion})
		}, 0},
		{"a key agreement", func(x *tokenTest) { x.agree() }, 0},
		{"a wrong PIN", func(x *tokenTest) {
			_, err := x.getPINToken(wrongPIN)
			wantStatus(x.t, "wrong PIN", err, ctap.StatusPINInvalid)
		}, 0},
		{"permissions that are refused", func(x *tokenTest) {
			_, err := x.platform.token(ctap.GetTokenUsingPINWithPermission, testPIN, be, "")
			wantStatus(x.t, "be", err, ctap.StatusUnauthorizedPermission)
		}, 0},
		{"pcmr", func(x *tokenTest) { x.tokenBy(testPIN, pcmr, "") }, 0},
		{"another token", func(x *tokenTest) { x.tokenBy(testPIN, mc, testRPID) }, ctap.StatusPINAuthInvalid},
		{"another token of the other protocol", func(x *tokenTest) {
			x.speaking(3-x.protocol.Number()).tokenBy(testPIN, mc, testRPID)
		}, ctap.StatusPINAuthInvalid},
		{"getPinToken", func(x *tokenTest) {
			_, err := x.getPINToken(testPIN)
			must(x, "getPinToken", err)
		}, ctap.StatusPINAuthInvalid},
		{"changePIN", func(x *tokenTest) { must(x, "changePIN", x.changePIN(testPIN, "another")) }, ctap.StatusPINAuthInvalid},
		{"forceChangePin", func(x *tokenTest) {
			must(x, "setMinPINLength", x.configure(x.token, ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{ForceChangePIN: true}))
		}, ctap.StatusPINAuthInvalid},
		{"unplugging", func(x *tokenTest) { x.Plug() }, ctap.StatusPINAuthInvalid},
	}
	for _, tt := range tests {
		for protocol := range uint64(2) {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					x := &tokenTest{t: t, presence: &asks{}}
					x.platform = newKey(t, x.presence, nil).speaking(protocol + 1)
					x.mustSetPIN(testPIN)
					x.made = x.create(creation("ada", also(discoverable, by(x.tokenBy(testPIN, mc, testRPID)))))
					x.token = x.tokenBy(testPIN, mc|ga|cm|lbw|acfg, testRPID)
					tt.do(x)
					wantStatus(t, "makeCredential", x.register(), asError(tt.want))
				})
			})
		}
	}
}

// A reset ends the token, with all the rest.
func TestTokenEndsWithReset(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	token := p.tokenBy(testPIN, cm, "")
	wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
	p.mustSetPIN(testPIN)
	_, err := p.manage(token, ctap.GetCredsMetadata, nil)
	wantStatus(t, "getCredsMetadata", err, ctap.StatusPINAuthInvalid)
}

// What a test of user presence leaves of a token: lbw alone (§6.1.2, step 14).
func TestTokenKeepsLargeBlobWrite(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	token := p.tokenBy(testPIN, mc|ga|cm|lbw|acfg, testRPID)
	p.create(creation("ada", by(token)))
	wantStatus(t, "largeBlobs", p.writeBlobs(token, emptyLargeBlobArray(), 0, minLargeBlob), nil)
	_, err := p.manage(token, ctap.EnumerateCredentialsBegin, &ctap.CredentialManagementParams{RPIDHash: testRPIDHash[:]})
	wantStatus(t, "credentialManagement", err, ctap.StatusPINAuthInvalid)
	wantStatus(t, "authenticatorConfig", p.configure(token, ctap.ToggleAlwaysUv, nil), ctap.StatusPINAuthInvalid)
	silent := withOptions(assertionBy(), &ctap.Options{UP: no()})
	wantStatus(t, "silent assertion", p.command(ctap.CommandGetAssertion, assertedBy(token, silent), nil), ctap.StatusPINAuthInvalid)
}

// A token without RP ID belongs to the first site that it serves; one that is
// refused serves nobody.
func TestTokenIsBoundByItsFirstUse(t *testing.T) {
	at := func(rpID string, t *hostToken) *ctap.GetAssertionRequest {
		r := withOptions(assertionBy(), &ctap.Options{UP: no()})
		r.RPID = rpID
		return assertedBy(t, r)
	}
	p := keyWithPIN(t, 2, nil)
	token, err := p.getPINToken(testPIN)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "first site", p.command(ctap.CommandGetAssertion, at("example.org", token), nil), ctap.StatusNoCredentials)
	wantStatus(t, "second site", p.command(ctap.CommandGetAssertion, at(testRPID, token), nil), ctap.StatusPINAuthInvalid)
	wantStatus(t, "makeCredential", p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil), ctap.StatusPINAuthInvalid)
	wantStatus(t, "first site again", p.command(ctap.CommandGetAssertion, at("example.org", token), nil), ctap.StatusNoCredentials)

	token = p.tokenBy(testPIN, cm, "")
	wantStatus(t, "without ga", p.command(ctap.CommandGetAssertion, at("example.org", token), nil), ctap.StatusPINAuthInvalid)
	_, err = p.manage(token, ctap.GetCredsMetadata, nil)
	wantStatus(t, "getCredsMetadata, which wants no binding", err, nil)
}

// What the token authenticates is the clientDataHash, and with its own value.
func TestTokenAuthenticatesTheRequest(t *testing.T) {
	for protocol := range uint64(2) {
		p := keyWithPIN(t, protocol+1, nil)
		for name, change := range map[string]func(*ctap.MakeCredentialRequest){
			"another clientDataHash": func(r *ctap.MakeCredentialRequest) { r.ClientDataHash = bytes.Repeat([]byte{1}, 32) },
			"a shorter param":        func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = r.PinUvAuthParam[:15] },
			"a longer param":         func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = append(r.PinUvAuthParam, 0) },
			"the other protocol":     func(r *ctap.MakeCredentialRequest) { r.PinUvAuthProtocol = ptr(3 - (protocol + 1)) },
		} {
			token := p.tokenBy(testPIN, mc, testRPID)
			err := p.command(ctap.CommandMakeCredential, creation("ada", also(by(token), change)), nil)
			wantStatus(t, name, err, ctap.StatusPINAuthInvalid)
		}
	}
}

// Each token is another, and none is the persistent one.
func TestTokensDiffer(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	seen := map[string]string{}
	for name, permissions := range map[string]ctap.Permissions{"first": cm, "second": cm, "persistent": pcmr} {
		token := string(p.tokenBy(testPIN, permissions, "").value)
		if other, ok := seen[token]; ok {
			t.Errorf("%s and %s are the same token", name, other)
		}
		seen[token] = name
	}
	again := p.speaking(1).tokenBy(testPIN, pcmr, "")
	if seen[string(again.value)] != "persistent" {
		t.Error("the persistent token is another over protocol 1")
	}
}

// The token by built-in user verification proves presence for 30 seconds, once.
func TestTokenUserPresence(t *testing.T) {
	tests := []struct {
		name  string
		do    func(k key, token *hostToken)
		asked int
	}{
		{"at once", func(key, *hostToken) {}, 0},
		{"30 s later", func(k key, token *hostToken) { silently(k, token); time.Sleep(30 * time.Second) }, 0},
		{"more than 30 s later", func(k key, token *hostToken) { silently(k, token); time.Sleep(30*time.Second + 1) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				presence := &asks{}
				profile, _ := ProfileByName("biometric")
				k := newProfileKey(t, profile, presence)
				p := k.speaking(2)
				p.mustSetPIN(testPIN)
				p.enroll(p.tokenBy(testPIN, be, ""))
				token := p.tokenBy("", mc|ga, testRPID)
				tt.do(k, token)
				presence.prompts = nil
				m := p.create(creation("ada", by(token)))
				if len(presence.prompts) != tt.asked {
					t.Errorf("asked %d times, want %d", len(presence.prompts), tt.asked)
				}
				if want := ctap.FlagUP | ctap.FlagUV | ctap.FlagAT; m.data.Flags != want {
					t.Errorf("flags %02x, want %02x", m.data.Flags, want)
				}
			})
		})
	}
}

// silently uses a token without consuming it.
func silently(k key, token *hostToken) {
	r := withOptions(assertionBy(), &ctap.Options{UP: no()})
	wantStatus(k.t, "silent assertion", k.command(ctap.CommandGetAssertion, assertedBy(token, r), nil), ctap.StatusNoCredentials)
}

// The pinToken of CTAP 2.0: for everything, again and again, the same to whoever
// has the PIN, until it is changed or the key unplugged.
func TestPINTokenOf20(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := profileKey(t, "fido2.0").speaking(1)
		p.mustSetPIN(testPIN)
		token, err := p.getPINToken(testPIN)
		if err != nil {
			t.Fatal(err)
		}
		var m made
		for range 3 {
			time.Sleep(tokenLifetime)
			m = p.create(creation("ada", by(token)))
			if _, data := p.get(assertedBy(token, assertionBy(m.id)), m); data.Flags != ctap.FlagUP|ctap.FlagUV {
				t.Errorf("flags %02x, want UP and UV", data.Flags)
			}
		}
		elsewhere := creation("ada", also(by(token), func(r *ctap.MakeCredentialRequest) { r.RP.ID = "example.org" }))
		wantStatus(t, "another site", p.command(ctap.CommandMakeCredential, elsewhere, nil), nil)
		again, err := p.getPINToken(testPIN)
		if err != nil || !bytes.Equal(again.value, token.value) {
			t.Errorf("another token, %v; want the same", err)
		}
		request := func() error { return p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil) }
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
		wantStatus(t, "after changePIN", request(), ctap.StatusPINAuthInvalid)
		token, err = p.getPINToken("another")
		wantStatus(t, "getPinToken", err, nil)
		wantStatus(t, "the new token", request(), nil)
		p.Plug()
		wantStatus(t, "after unplugging", request(), ctap.StatusPINAuthInvalid)
	})
}
