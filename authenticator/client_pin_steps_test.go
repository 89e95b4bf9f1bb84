package authenticator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// pinRequest makes a valid request of one subcommand, on a key with testPIN but
// for setPIN.
var pinRequests = []struct {
	name string
	sub  ctap.ClientPINSubcommand
	make func(p platform) *ctap.ClientPINRequest
	keys []int // the parameters that are mandatory
}{
	{"getKeyAgreement", ctap.GetKeyAgreement, func(p platform) *ctap.ClientPINRequest {
		return &ctap.ClientPINRequest{Subcommand: ctap.GetKeyAgreement, PinUvAuthProtocol: ptr(p.protocol.Number())}
	}, []int{1}},
	{"setPIN", ctap.SetPIN, func(p platform) *ctap.ClientPINRequest { return p.setPINRequest(padded(testPIN)) }, []int{1, 3, 4, 5}},
	{"changePIN", ctap.ChangePIN, func(p platform) *ctap.ClientPINRequest {
		return p.changePINRequest(testPIN, padded("another"))
	}, []int{1, 3, 4, 5, 6}},
	{"getPinToken", ctap.GetPINToken, func(p platform) *ctap.ClientPINRequest {
		req, _ := p.tokenRequest(ctap.GetPINToken, testPIN, 0, "")
		return req
	}, []int{1, 3, 6}},
	{"getPinUvAuthTokenUsingPin", ctap.GetTokenUsingPINWithPermission, func(p platform) *ctap.ClientPINRequest {
		req, _ := p.tokenRequest(ctap.GetTokenUsingPINWithPermission, testPIN, mc, testRPID)
		return req
	}, []int{1, 3, 6, 9, 10}},
	{"getPinUvAuthTokenUsingUv", ctap.GetTokenUsingUVWithPermission, func(p platform) *ctap.ClientPINRequest {
		req, _ := p.tokenRequest(ctap.GetTokenUsingUVWithPermission, "", mc, testRPID)
		return req
	}, []int{1, 3, 9, 10}},
}

// pinKey is a key that can answer every subcommand: with a finger and, but for
// setPIN, testPIN.
func pinKey(t *testing.T, sub ctap.ClientPINSubcommand, protocol uint64) platform {
	t.Helper()
	if sub == ctap.SetPIN {
		return profileKey(t, "biometric").speaking(protocol)
	}
	return enrolledKey(t).speaking(protocol)
}

// Step 1 of each subcommand: a mandatory parameter is missing. It comes before
// whatever else is wrong.
func TestClientPINMissingParameters(t *testing.T) {
	for _, sub := range pinRequests {
		for _, member := range sub.keys {
			t.Run(fmt.Sprintf("%s without %02X", sub.name, member), func(t *testing.T) {
				p := pinKey(t, sub.sub, 2)
				for _, protocol := range []uint64{2, 3} {
					req := sub.make(p)
					req.PinUvAuthProtocol = &protocol
					err := p.command(ctap.CommandClientPIN, withoutMember(t, req, member), nil)
					wantStatus(t, fmt.Sprintf("protocol %d", protocol), err, ctap.StatusMissingParameter)
				}
			})
		}
	}
}

// withoutMember is a message without one member.
func withoutMember(t *testing.T, message any, member int) map[int]any {
	t.Helper()
	var m map[int]any
	if err := ctap.Unmarshal(ctap.MustMarshal(message), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, member)
	return m
}

// What each subcommand refuses in its parameters, one mistake at a time.
func TestClientPINRefusals(t *testing.T) {
	change := func(change func(*pinuv.COSEKey)) func(platform, *ctap.ClientPINRequest) {
		return func(p platform, r *ctap.ClientPINRequest) {
			var k pinuv.COSEKey
			if err := ctap.Unmarshal(r.KeyAgreement, &k); err != nil {
				p.t.Fatal(err)
			}
			change(&k)
			r.KeyAgreement = ctap.MustMarshal(k)
		}
	}
	for _, mistake := range []struct {
		name   string
		change func(platform, *ctap.ClientPINRequest)
		want   ctap.Status
		only   func(*ctap.ClientPINRequest) bool // nil: all subcommands that have a keyAgreement
	}{
		{"none", func(platform, *ctap.ClientPINRequest) {}, 0, nil},
		{"protocol 3", func(_ platform, r *ctap.ClientPINRequest) { r.PinUvAuthProtocol = ptr[uint64](3) }, ctap.StatusInvalidParameter, nil},
		{"protocol 0", func(_ platform, r *ctap.ClientPINRequest) { r.PinUvAuthProtocol = ptr[uint64](0) }, ctap.StatusInvalidParameter, nil},
		{"keyAgreement is no map", func(_ platform, r *ctap.ClientPINRequest) { r.KeyAgreement = ctap.MustMarshal("key") }, ctap.StatusCBORUnexpectedType, nil},
		{"keyAgreement with x of text", func(_ platform, r *ctap.ClientPINRequest) {
			r.KeyAgreement = ctap.MustMarshal(map[int]any{1: 2, 3: -25, -1: 1, -2: "x", -3: make([]byte, 32)})
		}, ctap.StatusCBORUnexpectedType, nil},
		{"keyAgreement of another type", change(func(k *pinuv.COSEKey) { k.Type = 1 }), ctap.StatusInvalidParameter, nil},
		{"keyAgreement of another curve", change(func(k *pinuv.COSEKey) { k.Curve = 2 }), ctap.StatusInvalidParameter, nil},
		{"keyAgreement with a short x", change(func(k *pinuv.COSEKey) { k.X = k.X[:31] }), ctap.StatusInvalidParameter, nil},
		{"keyAgreement off the curve", change(func(k *pinuv.COSEKey) { k.Y[0] ^= 1 }), ctap.StatusInvalidParameter, nil},
		{"keyAgreement of no members", func(_ platform, r *ctap.ClientPINRequest) { r.KeyAgreement = ctap.MustMarshal(map[int]any{}) }, ctap.StatusInvalidParameter, nil},
		{"pinUvAuthParam of no bytes", func(_ platform, r *ctap.ClientPINRequest) { r.PinUvAuthParam = []byte{} }, ctap.StatusPINAuthInvalid,
			func(r *ctap.ClientPINRequest) bool { return r.PinUvAuthParam != nil }},
		{"pinUvAuthParam with a byte more", func(_ platform, r *ctap.ClientPINRequest) { r.PinUvAuthParam = append(r.PinUvAuthParam, 0) }, ctap.StatusPINAuthInvalid,
			func(r *ctap.ClientPINRequest) bool { return r.PinUvAuthParam != nil }},
		{"newPinEnc changed", func(_ platform, r *ctap.ClientPINRequest) { r.NewPINEnc[len(r.NewPINEnc)-1] ^= 1 }, ctap.StatusPINAuthInvalid,
			func(r *ctap.ClientPINRequest) bool { return r.NewPINEnc != nil }},
	} {
		for _, sub := range pinRequests {
			for protocol := range uint64(2) {
				p := pinKey(t, sub.sub, protocol+1)
				req := sub.make(p)
				if mistake.only == nil && req.KeyAgreement == nil || mistake.only != nil && !mistake.only(req) {
					continue // the subcommand has no such parameter
				}
				t.Run(fmt.Sprintf("%s protocol %d: %s", sub.name, protocol+1, mistake.name), func(t *testing.T) {
					mistake.change(p, req)
					_, err := p.pin(req)
					wantStatus(t, sub.name, err, asError(mistake.want))
					if req.PINHashEnc != nil && p.retries() != pinAttempts {
						t.Errorf("%d retries, want all: no PIN was compared", p.retries())
					}
				})
			}
		}
	}
}

// asError is a status as an error: nil for none.
func asError(s ctap.Status) error {
	if s == ctap.StatusOK {
		return nil
	}
	return s
}

// signedSetPIN is a setPIN whose newPinEnc is whatever it is, but authenticated.
func signedSetPIN(p platform, newPINEnc func(secret []byte) []byte) *ctap.ClientPINRequest {
	req, secret := p.request(ctap.SetPIN)
	req.NewPINEnc = newPINEnc(secret)
	req.PinUvAuthParam = p.protocol.Authenticate(secret, req.NewPINEnc)
	return req
}

// The plaintext of newPinEnc (§6.5.5.5, steps 6 to 10): of setPIN, and of
// changePIN, where a right PIN came with it and the retries are restored.
func TestNewPIN(t *testing.T) {
	tests := []struct {
		name  string
		block []byte
		want  ctap.Status
	}{
		{"64 bytes", padded("4711"), ctap.StatusOK},
		{"a block too short", padded("4711")[:48], ctap.StatusInvalidParameter},
		{"no block", []byte{}, ctap.StatusInvalidParameter},
		{"a block too long", append(padded("4711"), make([]byte, 16)...), ctap.StatusPINPolicyViolation},
		{"no zero at the end", padded(strings.Repeat("1a", 32)), ctap.StatusPINPolicyViolation},
		{"nothing but zeros", make([]byte, 64), ctap.StatusPINPolicyViolation},
		{"zeros before the PIN", padded("\x00\x00\x004711"), ctap.StatusOK},
		{"not UTF-8", padded("\xff\xfe\xfd\xfc\xfb"), ctap.StatusPINPolicyViolation},
		{"three characters of four bytes", padded("😀😀😀"), ctap.StatusPINPolicyViolation},
		{"four characters of four bytes", padded("😀😁😂😃"), ctap.StatusOK},
	}
	for _, tt := range tests {
		for protocol := range uint64(2) {
			t.Run(fmt.Sprintf("setPIN protocol %d: %s", protocol+1, tt.name), func(t *testing.T) {
				p := newKey(t, nil, nil).speaking(protocol + 1)
				_, err := p.pin(p.setPINRequest(tt.block))
				wantStatus(t, "setPIN", err, asError(tt.want))
				if set := p.option("clientPin") == "true"; set != (tt.want == ctap.StatusOK) {
					t.Errorf("clientPin %v after %v", set, err)
				}
			})
			t.Run(fmt.Sprintf("changePIN protocol %d: %s", protocol+1, tt.name), func(t *testing.T) {
				p := keyWithPIN(t, protocol+1, nil)
				_, err := p.getPINToken(wrongPIN)
				wantStatus(t, "wrong PIN", err, ctap.StatusPINInvalid)
				_, err = p.pin(p.changePINRequest(testPIN, tt.block))
				wantStatus(t, "changePIN", err, asError(tt.want))
				if got := p.retries(); got != pinAttempts {
					t.Errorf("%d retries, want %d: the old PIN was right", got, pinAttempts)
				}
				_, err = p.getPINToken(testPIN)
				if kept := err == nil; kept != (tt.want != ctap.StatusOK) {
					t.Errorf("the old PIN: %v", err)
				}
			})
		}
	}
}

// A newPinEnc that cannot be decrypted, though authenticated (step 6).
func TestNewPINIsNoCiphertext(t *testing.T) {
	for protocol, size := range map[uint64]int{1: 63, 2: 15} {
		p := newKey(t, nil, nil).speaking(protocol)
		_, err := p.pin(signedSetPIN(p, func([]byte) []byte { return make([]byte, size) }))
		wantStatus(t, fmt.Sprintf("protocol %d", protocol), err, ctap.StatusPINAuthInvalid)
	}
}

// A pinHashEnc that cannot be decrypted, or is a hash of another length, is a
// wrong PIN.
func TestPINHashIsNoCiphertext(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(p platform, secret []byte) []byte
	}{
		{"one byte", func(platform, []byte) []byte { return []byte{1} }},
		{"no byte", func(platform, []byte) []byte { return []byte{} }},
		{"the whole hash", func(p platform, secret []byte) []byte {
			return p.encrypt(secret, slices.Concat(hashPIN([]byte(testPIN)), make([]byte, 16)))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := keyWithPIN(t, 2, nil)
			req, secret := p.request(ctap.GetPINToken)
			req.PINHashEnc = tt.make(p, secret)
			_, err := p.pin(req)
			wantStatus(t, "getPinToken", err, ctap.StatusPINInvalid)
			if got := p.retries(); got != pinAttempts-1 {
				t.Errorf("%d retries, want %d", got, pinAttempts-1)
			}
		})
	}
}

// Which permissions each way to a token gives (§6.5.5.7, step 4).
func TestPermissions(t *testing.T) {
	const all = mc | ga | cm | be | lbw | acfg
	change := func(options map[string]bool, drop ...string) func(*Config) {
		return func(c *Config) {
			c.Profile, _ = ProfileByName("biometric")
			c.Verification = VerificationFunc(recognise)
			c.Profile = c.Profile.with(options)
			for _, option := range drop {
				delete(c.Profile.Options, option)
			}
		}
	}
	tests := []struct {
		name        string
		change      func(*Config)
		permissions ctap.Permissions
		byPIN, byUV ctap.Status
	}{
		{"all", change(nil), all, 0, 0},
		{"bits that are not defined", change(nil), mc | 0x80 | 0x1000, 0, 0},
		{"nothing but such bits", change(nil), 0x80, ctap.StatusInvalidParameter, ctap.StatusInvalidParameter},
		{"pcmr", change(nil), pcmr, 0, 0},
		{"pcmr and a bit that is not defined", change(nil), pcmr | 0x80, 0, 0},
		{"pcmr and ga", change(nil), pcmr | ga, ctap.StatusUnauthorizedPermission, ctap.StatusUnauthorizedPermission},
		{"pcmr without perCredMgmtRO", change(nil, ctap.OptionPerCredMgmtRO), pcmr, ctap.StatusUnauthorizedPermission, ctap.StatusUnauthorizedPermission},
		{"mc under noMcGaPermissionsWithClientPin", change(map[string]bool{ctap.OptionNoMcGaPermissionsWithClientPIN: true}), mc, ctap.StatusUnauthorizedPermission, 0},
		{"ga under noMcGaPermissionsWithClientPin", change(map[string]bool{ctap.OptionNoMcGaPermissionsWithClientPIN: true}), ga | cm, ctap.StatusUnauthorizedPermission, 0},
		{"cm under noMcGaPermissionsWithClientPin", change(map[string]bool{ctap.OptionNoMcGaPermissionsWithClientPIN: true}), cm, 0, 0},
		{"be without uvBioEnroll", change(nil, ctap.OptionUVBioEnroll), be, 0, ctap.StatusUnauthorizedPermission},
		{"be with uvBioEnroll false", change(map[string]bool{ctap.OptionUVBioEnroll: false}), be, 0, ctap.StatusUnauthorizedPermission},
		{"acfg without uvAcfg", change(nil, ctap.OptionUVAcfg), acfg, 0, ctap.StatusUnauthorizedPermission},
		{"lbw without largeBlobs", func(c *Config) {
			change(map[string]bool{ctap.OptionLargeBlobs: false})(c)
			c.Profile.Commands = without(c.Profile.Commands, ctap.CommandLargeBlobs)
			c.Profile.Extensions = without(c.Profile.Extensions, "largeBlobKey")
		}, lbw, ctap.StatusUnauthorizedPermission, ctap.StatusUnauthorizedPermission},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newKey(t, Approve{}, tt.change).speaking(2)
			p.mustSetPIN(testPIN)
			p.enroll(p.tokenBy(testPIN, be, ""))
			_, err := p.token(ctap.GetTokenUsingPINWithPermission, testPIN, tt.permissions, testRPID)
			wantStatus(t, "by PIN", err, asError(tt.byPIN))
			_, err = p.token(ctap.GetTokenUsingUVWithPermission, "", tt.permissions, testRPID)
			wantStatus(t, "by built-in user verification", err, asError(tt.byUV))
		})
	}
}

// A key that may not use its PIN at sites gives getPinToken without permissions.
func TestGetPINTokenWithoutPermissions(t *testing.T) {
	p := keyWithPIN(t, 2, func(c *Config) {
		c.Profile = c.Profile.with(map[string]bool{ctap.OptionNoMcGaPermissionsWithClientPIN: true})
	})
	token, err := p.getPINToken(testPIN)
	if err != nil {
		t.Fatal(err)
	}
	err = p.command(ctap.CommandMakeCredential, creation("ada", by(token)), nil)
	wantStatus(t, "makeCredential", err, ctap.StatusPINAuthInvalid)
}

// A refusal for its permissions or parameters tries no PIN, and a blocked key
// refuses those first (§6.5.5.7: the order of the steps).
func TestPermissionsComeBeforeThePIN(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	exhaust(t, p)
	_, err := p.token(ctap.GetTokenUsingPINWithPermission, wrongPIN, be, "")
	wantStatus(t, "be", err, ctap.StatusUnauthorizedPermission)
	_, err = p.token(ctap.GetTokenUsingPINWithPermission, wrongPIN, cm, "")
	wantStatus(t, "cm", err, ctap.StatusPINBlocked)
	_, err = p.token(ctap.GetPINToken, wrongPIN, cm, "")
	wantStatus(t, "getPinToken with permissions", err, ctap.StatusInvalidParameter)
}

// clientPIN of a key that has neither a PIN nor built-in user verification: it is
// there for the key agreement of hmac-secret, or not at all.
func TestNoClientPIN(t *testing.T) {
	bare, _ := ProfileByName("fido2.0")
	delete(bare.Options, ctap.OptionClientPIN)
	p := newKey(t, nil, func(c *Config) { c.Profile = bare }).speaking(1)
	p.agree()
	for sub := ctap.GetPINRetries; sub <= ctap.GetTokenUsingPINWithPermission; sub++ {
		if sub != ctap.GetKeyAgreement {
			_, err := p.pin(&ctap.ClientPINRequest{Subcommand: sub})
			wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), err, ctap.StatusInvalidSubcommand)
		}
	}
	bare.Extensions, bare.PinUvAuthProtocols, bare.Options = nil, nil, nil
	bare.Commands = without(bare.Commands, ctap.CommandClientPIN)
	p = newKey(t, nil, func(c *Config) { c.Profile = bare }).speaking(1)
	_, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetKeyAgreement})
	wantStatus(t, "getKeyAgreement", err, ctap.StatusInvalidCommand)
	if got := p.option("rk"); got != "true" {
		t.Errorf("rk %s of a profile without options, want true", got)
	}
}

// A key with a sensor and without a PIN answers what belongs to the sensor.
func TestBuiltInUVWithoutClientPIN(t *testing.T) {
	p := newKey(t, Approve{}, func(c *Config) {
		c.Profile, _ = ProfileByName("platform")
		c.Verification = VerificationFunc(recognise)
		for _, option := range []string{ctap.OptionClientPIN, ctap.OptionSetMinPINLength} {
			delete(c.Profile.Options, option)
		}
		c.Profile.Extensions = without(c.Profile.Extensions, "minPinLength")
		c.Profile.MinPINLength, c.Profile.MaxPINLength = 0, 0
	}).speaking(2)
	for _, sub := range []ctap.ClientPINSubcommand{ctap.GetPINRetries, ctap.SetPIN, ctap.ChangePIN, ctap.GetPINToken, ctap.GetTokenUsingPINWithPermission} {
		_, err := p.pin(&ctap.ClientPINRequest{Subcommand: sub})
		wantStatus(t, fmt.Sprintf("subCommand %02X", uint64(sub)), err, ctap.StatusInvalidSubcommand)
	}
	p.create(creation("ada", also(discoverable, by(p.tokenBy("", mc, testRPID)))))
	if info := p.info(); info.MinPINLength != 0 || info.MaxPINLength != 0 || info.ForcePINChange != nil || p.option("clientPin") != "absent" {
		t.Errorf("getInfo %+v, want nothing of a PIN", info)
	}
}

// SetPIN is the owner's way to a first PIN.
func TestSetPINByOwner(t *testing.T) {
	p := newKey(t, nil, nil).speaking(2)
	if err := p.SetPIN("123"); !errors.Is(err, ErrPIN) {
		t.Errorf("a PIN of three characters: got %v, want %v", err, ErrPIN)
	}
	if err := p.SetPIN(testPIN); err != nil {
		t.Fatal(err)
	}
	if err := p.SetPIN("another"); err != nil {
		t.Errorf("a second PIN: %v, want nil and no change", err)
	}
	_, err := p.getPINToken(testPIN)
	wantStatus(t, "getPinToken", err, nil)
	profile, _ := ProfileByName("u2f")
	k := newKey(t, nil, func(c *Config) { c.Profile = profile })
	if err := k.SetPIN(testPIN); !errors.Is(err, ErrNoPIN) {
		t.Errorf("of a key without a PIN: %v, want %v", err, ErrNoPIN)
	}
}
