package authenticator

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// The rows of sections T and U of the conformance checklist, each with its
// numbers for protocol one and two. A key that is new stands for the power cycle
// and the reset that precede every row.
var clientPINRows = []struct {
	one, two string // empty: the checklist has the row for the other protocol alone
	name     string
	run      func(t *testing.T, p platform)
}{
	{"row 286:", "row 310:", "getKeyAgreement", func(t *testing.T, p platform) {
		resp, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetKeyAgreement, PinUvAuthProtocol: ptr(p.protocol.Number())})
		var key map[int64]any
		if err == nil {
			err = ctap.Unmarshal(resp.KeyAgreement, &key)
		}
		if err != nil {
			t.Fatal(err)
		}
		x, _ := key[-2].([]byte)
		y, _ := key[-3].([]byte)
		delete(key, -2)
		delete(key, -3)
		if got, want := fmt.Sprint(key), "map[-1:1 1:2 3:-25]"; got != want || len(x) != 32 || len(y) != 32 {
			t.Errorf("got %s with coordinates of %d and %d bytes, want %s and 32", got, len(x), len(y), want)
		}
	}},
	{"row 287:", "row 311:", "setPIN", func(t *testing.T, p platform) {
		if got := p.option("clientPin"); got != "false" {
			t.Errorf("before: clientPin %s, want false", got)
		}
		wantStatus(t, "setPIN", p.setPIN(testPIN), nil)
		if got := p.option("clientPin"); got != "true" {
			t.Errorf("clientPin %s, want true", got)
		}
	}},
	{"row 288:", "row 312:", "changePIN", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
		_, err := p.getPINToken(testPIN)
		wantStatus(t, "the old PIN", err, ctap.StatusPINInvalid)
		_, err = p.getPINToken("another")
		wantStatus(t, "the new PIN", err, nil)
	}},
	{"row 289:", "row 315:", "getPinToken", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		_, err := p.getPINToken(testPIN) // which checks its length
		wantStatus(t, "getPinToken", err, nil)
	}},
	{"rows 290, 291:", "rows 316, 317:", "makeCredential and getAssertion with it", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		first, _ := p.getPINToken(testPIN)
		m := p.create(creation("ada", by(first)))
		if m.data.Flags&ctap.FlagUV == 0 {
			t.Errorf("makeCredential: flags %02x, want UV", m.data.Flags)
		}
		second, _ := p.getPINToken(testPIN)
		if _, data := p.get(assertedBy(second, assertionBy(m.id)), m); data.Flags != ctap.FlagUP|ctap.FlagUV {
			t.Errorf("getAssertion: flags %02x, want UP and UV", data.Flags)
		}
	}},
	{"row 292:", "row 313:", "changePIN ends forcePINChange", func(t *testing.T, p platform) {
		forcePINChange(p)
		wantStatus(t, "changePIN to the same PIN", p.changePIN(testPIN, testPIN), ctap.StatusPINPolicyViolation)
		if info := p.info(); !*info.ForcePINChange {
			t.Error("forcePINChange false, want true")
		}
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
		if info := p.info(); *info.ForcePINChange {
			t.Error("forcePINChange true, want false")
		}
	}},
	{"row 293:", "row 322:", "getPinToken under forcePINChange", func(t *testing.T, p platform) {
		forcePINChange(p)
		_, err := p.getPINToken(testPIN)
		wantStatus(t, "getPinToken", err, ctap.StatusPINInvalid)
		if got := p.retries(); got != pinAttempts {
			t.Errorf("%d retries, want %d: the PIN was right", got, pinAttempts)
		}
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
		_, err = p.getPINToken("another")
		wantStatus(t, "getPinToken after changePIN", err, nil)
	}},
	{"", "row 327:", "a token with permissions under forcePINChange", func(t *testing.T, p platform) {
		forcePINChange(p)
		_, err := p.token(ctap.GetTokenUsingPINWithPermission, testPIN, acfg, "")
		wantStatus(t, "token", err, ctap.StatusPINPolicyViolation)
	}},
	{"row 294:", "row 339:", "a PIN within the policy", func(t *testing.T, p platform) {
		wantStatus(t, "setPIN", p.setPIN("fourteen chars"), nil)
	}},
	{"row 295:", "row 340:", "three bytes", func(t *testing.T, p platform) {
		wantStatus(t, "setPIN", p.setPIN("471"), ctap.StatusPINPolicyViolation)
	}},
	{"row 296:", "row 341:", "more than 63 bytes", func(t *testing.T, p platform) {
		wantStatus(t, "setPIN", p.setPIN(strings.Repeat("ä", 40)), ctap.StatusPINPolicyViolation)
	}},
	{"row 297:", "row 342:", "64 bytes", func(t *testing.T, p platform) {
		wantStatus(t, "setPIN", p.setPIN(strings.Repeat("a1", 32)), ctap.StatusPINPolicyViolation)
		wantStatus(t, "setPIN of 63 bytes", p.setPIN(strings.Repeat("a1", 31)+"a"), nil)
	}},
	{"row 298:", "row 343:", "more than maxPINLength", func(t *testing.T, p platform) {
		p = newKey(t, nil, func(c *Config) { c.Profile.MaxPINLength = 8 }).speaking(p.protocol.Number())
		wantStatus(t, "nine characters", p.setPIN("123456789"), ctap.StatusPINPolicyViolation)
		wantStatus(t, "eight of two bytes", p.setPIN(strings.Repeat("éà", 4)), nil)
	}},
	{"", "row 344:", "few characters of many bytes", func(t *testing.T, p platform) {
		wantStatus(t, "three of two bytes", p.setPIN("äöü"), ctap.StatusPINPolicyViolation)
		wantStatus(t, "four of two bytes", p.setPIN("äöüß"), nil)
	}},
	{"row 299:", "row 345:", "getPINRetries", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		if got := p.retries(); got != 8 {
			t.Errorf("got %d, want 8", got)
		}
	}},
	{"rows 300, 301:", "row 347:", "two wrong PINs, then the right one", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		for want := uint64(7); want > 5; want-- {
			_, err := p.getPINToken(wrongPIN)
			wantStatus(t, "wrong PIN", err, ctap.StatusPINInvalid)
			if got := p.retries(); got != want {
				t.Errorf("%d retries, want %d", got, want)
			}
		}
		token, err := p.getPINToken(testPIN)
		wantStatus(t, "right PIN", err, nil)
		p.create(creation("ada", by(token)))
		if got := p.retries(); got != 8 {
			t.Errorf("%d retries, want 8", got)
		}
	}},
	{"rows 302, 303:", "row 348:", "three wrong PINs", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		for _, want := range []error{ctap.StatusPINInvalid, ctap.StatusPINInvalid, ctap.StatusPINAuthBlocked} {
			_, err := p.getPINToken(wrongPIN)
			wantStatus(t, "wrong PIN", err, want)
		}
		_, err := p.getPINToken(testPIN)
		wantStatus(t, "right PIN", err, ctap.StatusPINAuthBlocked)
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), ctap.StatusPINAuthBlocked)
		resp, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetPINRetries})
		if err != nil || *resp.PINRetries != 5 || resp.PowerCycleState == nil || !*resp.PowerCycleState {
			t.Errorf("getPINRetries: %+v, %v; want 5 and powerCycleState true", resp, err)
		}
		p.Plug()
		_, err = p.getPINToken(testPIN)
		wantStatus(t, "right PIN after a power cycle", err, nil)
		resp, err = p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetPINRetries})
		if err != nil || *resp.PINRetries != 8 || resp.PowerCycleState != nil {
			t.Errorf("getPINRetries: %+v, %v; want 8 and no powerCycleState", resp, err)
		}
	}},
	{"row 304:", "row 349:", "no retries left", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		exhaust(t, p)
		for range 2 { // a power cycle makes no difference
			_, err := p.getPINToken(testPIN)
			wantStatus(t, "right PIN", err, ctap.StatusPINBlocked)
			wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), ctap.StatusPINBlocked)
			if got := p.retries(); got != 0 {
				t.Errorf("%d retries, want 0", got)
			}
			p.Plug()
		}
		p.info() // is always answered
		wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
		wantStatus(t, "setPIN after a reset", p.setPIN(testPIN), nil)
	}},
	{"row 305:", "", "setPIN where one is set", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		wantStatus(t, "setPIN", p.setPIN("another"), ctap.StatusPINAuthInvalid)
	}},
	{"row 306:", "", "no PIN", func(t *testing.T, p platform) {
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), ctap.StatusPINNotSet)
		_, err := p.getPINToken(testPIN)
		wantStatus(t, "getPinToken", err, ctap.StatusPINNotSet)
		_, err = p.token(ctap.GetTokenUsingPINWithPermission, testPIN, acfg, "")
		wantStatus(t, "token with permissions", err, ctap.StatusPINNotSet)
	}},
	{"row 307:", "", "a wrong pinUvAuthParam", func(t *testing.T, p platform) {
		req := p.setPINRequest(padded(testPIN))
		req.PinUvAuthParam[0] ^= 1
		_, err := p.pin(req)
		wantStatus(t, "setPIN", err, ctap.StatusPINAuthInvalid)
		p.mustSetPIN(testPIN)
		req = p.changePINRequest(testPIN, padded("another"))
		req.PinUvAuthParam = req.PinUvAuthParam[:len(req.PinUvAuthParam)-1]
		_, err = p.pin(req)
		wantStatus(t, "changePIN", err, ctap.StatusPINAuthInvalid)
		if got := p.retries(); got != 8 {
			t.Errorf("%d retries, want 8: no PIN was tried", got)
		}
	}},
	{"row 308:", "", "getPinToken with permissions or rpId", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		_, err := p.token(ctap.GetPINToken, testPIN, mc, "")
		wantStatus(t, "permissions", err, ctap.StatusInvalidParameter)
		_, err = p.token(ctap.GetPINToken, testPIN, 0, testRPID)
		wantStatus(t, "rpId", err, ctap.StatusInvalidParameter)
	}},
	{"row 309:", "", "a wrong PIN makes a new key agreement key", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		key := func(protocol uint64) []byte {
			resp, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetKeyAgreement, PinUvAuthProtocol: &protocol})
			if err != nil {
				t.Fatal(err)
			}
			return resp.KeyAgreement
		}
		mine := p.protocol.Number()
		before, other := key(mine), key(3-mine)
		if _, err := p.getPINToken(testPIN); err != nil || !bytes.Equal(key(mine), before) {
			t.Errorf("another key after the right PIN (%v)", err)
		}
		_, err := p.getPINToken(wrongPIN)
		wantStatus(t, "wrong PIN", err, ctap.StatusPINInvalid)
		if bytes.Equal(key(mine), before) {
			t.Error("the same key after a wrong PIN")
		}
		if !bytes.Equal(key(3-mine), other) {
			t.Error("another key of the other protocol")
		}
	}},
	{"", "row 314:", "changePIN ends the persistent token", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		token := p.tokenBy(testPIN, pcmr, "")
		p.create(creation("ada", also(discoverable, by(p.tokenBy(testPIN, mc, testRPID)))))
		_, err := p.manage(token, ctap.EnumerateRPsBegin, nil)
		wantStatus(t, "before", err, nil)
		wantStatus(t, "changePIN", p.changePIN(testPIN, "another"), nil)
		_, err = p.manage(token, ctap.EnumerateRPsBegin, nil)
		wantStatus(t, "after", err, ctap.StatusPINAuthInvalid)
	}},
	{"", "rows 318, 320, 321:", "getPinToken is for no management", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		token, _ := p.getPINToken(testPIN)
		_, err := p.manage(token, ctap.GetCredsMetadata, nil)
		wantStatus(t, "getCredsMetadata", err, ctap.StatusPINAuthInvalid)
		err = p.writeBlobs(token, emptyLargeBlobArray(), 0, minLargeBlob)
		wantStatus(t, "largeBlobs", err, ctap.StatusPINAuthInvalid)
		err = p.configure(token, ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{})
		wantStatus(t, "setMinPINLength", err, ctap.StatusPINAuthInvalid)
	}},
	{"", "row 319:", "getPinToken is for no enrolment", func(t *testing.T, p platform) {
		p = profileKey(t, "biometric").speaking(p.protocol.Number())
		p.mustSetPIN(testPIN)
		token, _ := p.getPINToken(testPIN)
		_, err := p.bio(token, ctap.EnrollBegin, nil)
		wantStatus(t, "enrollBegin", err, ctap.StatusPINAuthInvalid)
	}},
	{"", "row 323:", "all permissions", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		p.tokenBy(testPIN, mc|ga|cm|lbw|acfg, testRPID)
		p = profileKey(t, "biometric").speaking(p.protocol.Number())
		p.mustSetPIN(testPIN)
		p.tokenBy(testPIN, mc|ga|cm|be|lbw|acfg, testRPID)
	}},
	{"", "rows 324, 325:", "a token for each operation", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		m := p.create(creation("ada", also(discoverable, by(p.tokenBy(testPIN, mc, testRPID)))))
		if m.data.Flags&ctap.FlagUV == 0 {
			t.Errorf("makeCredential: flags %02x, want UV", m.data.Flags)
		}
		_, data := p.get(assertedBy(p.tokenBy(testPIN, ga, testRPID), assertionBy()), m)
		if data.Flags != ctap.FlagUP|ctap.FlagUV {
			t.Errorf("getAssertion: flags %02x, want UP and UV", data.Flags)
		}
	}},
	{"", "row 326:", "pcmr", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		_, err := p.manage(p.tokenBy(testPIN, pcmr, ""), ctap.GetCredsMetadata, nil)
		wantStatus(t, "getCredsMetadata", err, nil)
	}},
	{"", "row 328:", "permissions 0", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		req, _ := p.tokenRequest(ctap.GetTokenUsingPINWithPermission, testPIN, 0, "")
		req.Permissions = new(ctap.Permissions)
		_, err := p.pin(req)
		wantStatus(t, "token", err, ctap.StatusInvalidParameter)
	}},
	{"", "row 329:", "mc or ga without rpId", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		for _, permissions := range []ctap.Permissions{mc, ga, mc | cm} {
			_, err := p.token(ctap.GetTokenUsingPINWithPermission, testPIN, permissions, "")
			wantStatus(t, "token", err, ctap.StatusMissingParameter)
		}
	}},
	{"", "row 330:", "pcmr and cm", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		_, err := p.token(ctap.GetTokenUsingPINWithPermission, testPIN, pcmr|cm, "")
		wantStatus(t, "token", err, ctap.StatusUnauthorizedPermission)
	}},
	{"", "row 331:", "be without a sensor", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		_, err := p.token(ctap.GetTokenUsingPINWithPermission, testPIN, be, "")
		wantStatus(t, "token", err, ctap.StatusUnauthorizedPermission)
	}},
	{"", "row 332:", "a token for another relying party", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		token := p.tokenBy(testPIN, mc|ga, "example.org")
		wantStatus(t, "makeCredential", p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil), ctap.StatusPINAuthInvalid)
		wantStatus(t, "getAssertion", p.command(ctap.CommandGetAssertion, assertedBy(token, assertionBy()), nil), ctap.StatusPINAuthInvalid)
	}},
	{"", "row 333:", "a token that was used", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		token := p.tokenBy(testPIN, mc|ga, testRPID)
		p.create(creation("ada", by(token)))
		wantStatus(t, "makeCredential", p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil), ctap.StatusPINAuthInvalid)
	}},
	{"", "row 334:", "a token that nobody used for 30 s", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		token := p.tokenBy(testPIN, mc|ga, testRPID)
		time.Sleep(tokenInitialUse + 1)
		wantStatus(t, "makeCredential", p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil), ctap.StatusPINAuthInvalid)
	}},
	{"", "row 335:", "a token of the other protocol", func(t *testing.T, p platform) {
		p.mustSetPIN(testPIN)
		token := p.tokenBy(testPIN, mc, testRPID)
		other := &hostToken{p.speaking(3 - p.protocol.Number()).protocol, token.value}
		wantStatus(t, "makeCredential", p.command(ctap.CommandMakeCredential, creation("ada", by(other)), nil), ctap.StatusPINAuthInvalid)
	}},
	{"", "rows 336, 337, 338, 346:", "built-in user verification", func(t *testing.T, p platform) {
		p = enrolledKey(t).speaking(p.protocol.Number())
		resp, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetUVRetries})
		if err != nil || resp.UVRetries == nil || *resp.UVRetries < 1 || *resp.UVRetries > 25 {
			t.Errorf("getUVRetries: %+v, %v; want 1 to 25", resp, err)
		}
		p.tokenBy("", mc|ga|cm|be|lbw|acfg, testRPID)
		m := p.create(creation("ada", by(p.tokenBy("", mc, testRPID))))
		if m.data.Flags&ctap.FlagUV == 0 {
			t.Errorf("makeCredential: flags %02x, want UV", m.data.Flags)
		}
		if _, data := p.get(assertedBy(p.tokenBy("", ga, testRPID), assertionBy(m.id)), m); data.Flags != ctap.FlagUP|ctap.FlagUV {
			t.Errorf("getAssertion: flags %02x, want UP and UV", data.Flags)
		}
		_, err = p.manage(p.tokenBy("", pcmr, ""), ctap.GetCredsMetadata, nil)
		wantStatus(t, "getCredsMetadata by pcmr", err, nil)
	}},
	{"", "row 350:", "an unknown subcommand", func(t *testing.T, p platform) {
		for _, sub := range []ctap.ClientPINSubcommand{0x7f, 0x08, ctap.GetUVRetries, ctap.GetTokenUsingUVWithPermission} {
			_, err := p.pin(&ctap.ClientPINRequest{Subcommand: sub})
			wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), err, ctap.StatusInvalidSubcommand)
		}
	}},
	{"", "row 351:", "no subcommand", func(t *testing.T, p platform) {
		wantStatus(t, "clientPIN", p.command(ctap.CommandClientPIN, []byte{0xa1, 0x01, 0x02}, nil), ctap.StatusMissingParameter)
	}},
}

func TestClientPINRows(t *testing.T) {
	for _, row := range clientPINRows {
		for i, rows := range []string{row.one, row.two} {
			name := fmt.Sprintf("%s %s, protocol %d", rows, row.name, i+1)
			t.Run(strings.TrimSpace(name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					row.run(t, newKey(t, Approve{}, nil).speaking(uint64(i+1)))
				})
			})
		}
	}
}

// profileKey is a key of a named profile with all that it needs.
func profileKey(t testing.TB, name string) key {
	t.Helper()
	p, ok := ProfileByName(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	return newProfileKey(t, p, Approve{})
}

// enrolledKey is a key of profile biometric with testPIN and one finger.
func enrolledKey(t testing.TB) key {
	t.Helper()
	p := profileKey(t, "biometric").speaking(2)
	p.mustSetPIN(testPIN)
	p.enroll(p.tokenBy(testPIN, be, ""))
	return p.key
}

// forcePINChange sets testPIN and asks for another.
func forcePINChange(p platform) {
	p.t.Helper()
	p.mustSetPIN(testPIN)
	err := p.configure(p.tokenBy(testPIN, acfg, ""), ctap.SetMinPINLength, &ctap.SetMinPINLengthParams{ForceChangePIN: true})
	if err != nil {
		p.t.Fatalf("setMinPINLength: %v", err)
	}
}

// exhaust tries wrong PINs until none may be tried any more, and wants each
// answer to be the right one. The last PIN is the third of no power cycle.
func exhaust(t *testing.T, p platform) {
	t.Helper()
	for n := 1; n <= pinAttempts; n++ {
		want := ctap.StatusPINInvalid
		switch {
		case n == pinAttempts:
			want = ctap.StatusPINBlocked
		case n%mismatchLimit == 0:
			want = ctap.StatusPINAuthBlocked
		}
		_, err := p.getPINToken(wrongPIN)
		wantStatus(t, fmt.Sprintf("wrong PIN %d", n), err, want)
		if n%mismatchLimit == 0 {
			p.Plug()
		}
	}
}
