package authenticator

import (
	"bytes"
	"encoding/hex"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

var update = flag.Bool("update", false, "write testdata/getinfo/*.txt anew")

// infoMembers names the members of authenticatorGetInfo in the golden files.
var infoMembers = map[int64]ctap.Member{
	0x01: {Name: "versions"}, 0x02: {Name: "extensions"}, 0x03: {Name: "aaguid"}, 0x04: {Name: "options"},
	0x05: {Name: "maxMsgSize"}, 0x06: {Name: "pinUvAuthProtocols"}, 0x07: {Name: "maxCredentialCountInList"},
	0x08: {Name: "maxCredentialIdLength"}, 0x09: {Name: "transports"}, 0x0A: {Name: "algorithms"},
	0x0B: {Name: "maxSerializedLargeBlobArray"}, 0x0C: {Name: "forcePINChange"}, 0x0D: {Name: "minPINLength"},
	0x0E: {Name: "firmwareVersion"}, 0x0F: {Name: "maxCredBlobLength"}, 0x10: {Name: "maxRPIDsForSetMinPINLength"},
	0x11: {Name: "preferredPlatformUvAttempts"}, 0x12: {Name: "uvModality"}, 0x13: {Name: "certifications"},
	0x14: {Name: "remainingDiscoverableCredentials"}, 0x15: {Name: "vendorPrototypeConfigCommands"},
	0x16: {Name: "attestationFormats"}, 0x17: {Name: "uvCountSinceLastPinEntry"}, 0x18: {Name: "longTouchForReset"},
	0x19: {Name: "encIdentifier"}, 0x1A: {Name: "transportsForReset"}, 0x1B: {Name: "pinComplexityPolicy"},
	0x1C: {Name: "pinComplexityPolicyURL"}, 0x1D: {Name: "maxPINLength"}, 0x1E: {Name: "encCredStoreState"},
	0x1F: {Name: "authenticatorConfigCommands"},
}

// What getInfo says is bytes that others compare: this is all that each profile
// says when it is new, but for the two members that are encrypted anew each
// time, of which the files have the length.
func TestGetInfoGolden(t *testing.T) {
	for _, p := range Profiles() {
		if !p.CTAP2() {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			k := newProfileKey(t, p, Deny{})
			var info ctap.GetInfoResponse
			if err := k.command(ctap.CommandGetInfo, nil, &info); err != nil {
				t.Fatal(err)
			}
			clear(info.EncIdentifier)
			clear(info.EncCredStoreState)
			got, err := ctap.Diagnose(ctap.MustMarshal(info), infoMembers)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, filepath.Join("testdata", "getinfo", p.Name+".txt"), got+"\n")
		})
	}
}

func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant, as in %s,\n%s", got, path, want)
	}
}

// A key that is decoded and encoded again must have said it canonically, and
// nothing that the vocabulary does not know.
func TestGetInfoIsCanonical(t *testing.T) {
	for _, p := range Profiles() {
		if !p.CTAP2() {
			continue
		}
		t.Run("rows 96, 105: canonical, with a byte that is ignored, "+p.Name, func(t *testing.T) {
			answer := newProfileKey(t, p, nil).on(t.Context(), 1, ctap.CTAP2, []byte{byte(ctap.CommandGetInfo), 0xff})
			var info ctap.GetInfoResponse
			if err := ctap.Unmarshal(answer[1:], &info); err != nil {
				t.Error(err)
			}
			if again := ctap.MustMarshal(info); !bytes.Equal(again, answer[1:]) {
				t.Errorf("got %x, want %x", answer[1:], again)
			}
		})
	}
}

// infoRules are the rows of section E that a getInfo can be held to by itself.
// Types are the vocabulary's: what decodes has them.
var infoRules = []struct {
	row   string
	holds func(i *infoUnderTest) bool
}{
	{"row 84: versions", func(i *infoUnderTest) bool {
		return len(i.Versions) > 0 && unique(i.Versions)
	}},
	{"row 85: extensions", func(i *infoUnderTest) bool { return unique(i.Extensions) }},
	{"row 86: aaguid", func(i *infoUnderTest) bool { return len(i.AAGUID) == 16 }},
	{"row 87: options", func(i *infoUnderTest) bool { return i.has("rk") && i.has("up") }},
	{"row 88: maxMsgSize", func(i *infoUnderTest) bool { return i.MaxMsgSize >= 1024 }},
	{"row 88: limits of lists", func(i *infoUnderTest) bool {
		return !i.fido21() || i.MaxCredentialCountInList > 0 && i.MaxCredentialIDLength > 0
	}},
	{"row 89: pinUvAuthProtocols", func(i *infoUnderTest) bool {
		return unique(i.PinUvAuthProtocols) && i.verifies() == (len(i.PinUvAuthProtocols) > 0) &&
			(!i.fido23() || slices.Contains(i.PinUvAuthProtocols, 2))
	}},
	{"row 90: transports", func(i *infoUnderTest) bool { return unique(i.Transports) && (!i.fido21() || len(i.Transports) > 0) }},
	{"row 91: algorithms", func(i *infoUnderTest) bool { return unique(i.Algorithms) && (!i.fido21() || len(i.Algorithms) > 0) }},
	{"row 92: maxSerializedLargeBlobArray", func(i *infoUnderTest) bool {
		return i.Options["largeBlobs"] == (i.MaxSerializedLargeBlobArray >= 1024)
	}},
	{"row 93: minPINLength, forcePINChange", func(i *infoUnderTest) bool {
		return !i.fido21() || i.has("clientPin") == (i.MinPINLength >= 4) && i.has("clientPin") == (i.ForcePINChange != nil)
	}},
	{"row 93: maxCredBlobLength", func(i *infoUnderTest) bool { return i.extends("credBlob") == (i.MaxCredBlobLength >= 32) }},
	{"row 93: firmwareVersion", func(i *infoUnderTest) bool { return !i.fido21() || i.FirmwareVersion == FirmwareVersion }},
	{"row 94: maxRPIDsForSetMinPINLength", func(i *infoUnderTest) bool {
		return i.Options["setMinPINLength"] == (i.MaxRPIDsForSetMinPINLength != nil)
	}},
	{"row 94: uvModality", func(i *infoUnderTest) bool {
		return !i.fido21() || i.has("uv") == (i.UVModality != 0) && i.UVModality&passcodeExternal == 0
	}},
	{"row 94: preferredPlatformUvAttempts", func(i *infoUnderTest) bool {
		return !i.fido21() || i.has("uv") == (i.PreferredPlatformUvAttempts > 0)
	}},
	{"row 94: certifications", func(i *infoUnderTest) bool { return len(i.Certifications) == 0 }},
	{"row 94: remainingDiscoverableCredentials", func(i *infoUnderTest) bool {
		return !i.fido21() || i.RemainingDiscoverableCredentials != nil
	}},
	{"row 95: attestationFormats", func(i *infoUnderTest) bool {
		return unique(i.AttestationFormats) && !slices.Contains(i.AttestationFormats, "none")
	}},
	{"row 96: maxPINLength", func(i *infoUnderTest) bool {
		return i.MaxPINLength == 0 || i.MaxPINLength >= 8 && i.MaxPINLength <= 63 && i.MinPINLength <= i.MaxPINLength
	}},
	{"row 96: transportsForReset are transports", func(i *infoUnderTest) bool {
		return unique(i.TransportsForReset) && !slices.ContainsFunc(i.TransportsForReset, noneOf(i.Transports))
	}},
	{"row 96: rk needs verification and management", func(i *infoUnderTest) bool {
		return !i.fido23() || !i.Options["rk"] || i.Options["credMgmt"] && i.verifies()
	}},
	{"row 96: verification needs pinUvAuthToken", func(i *infoUnderTest) bool {
		return !i.fido21() || !i.verifies() || i.Options["pinUvAuthToken"]
	}},
	{"row 96: alwaysUv without makeCredUvNotRqd and U2F", func(i *infoUnderTest) bool {
		return !i.Options["alwaysUv"] || !i.Options["makeCredUvNotRqd"] && !i.is(ctap.VersionU2FV2)
	}},
	{"row 96: config 1 with ep alone", func(i *infoUnderTest) bool { return !i.fido23() || i.has("ep") == i.config(1) }},
	{"row 96: config 2 with alwaysUv alone", func(i *infoUnderTest) bool { return !i.fido23() || i.has("alwaysUv") == i.config(2) }},
	{"row 96: config 3 with setMinPINLength alone", func(i *infoUnderTest) bool {
		return !i.fido23() || i.Options["setMinPINLength"] == i.config(3)
	}},
	{"row 96: config 4 with longTouchForReset alone", func(i *infoUnderTest) bool {
		return !i.fido23() || (i.LongTouchForReset != nil) == i.config(4)
	}},
	{"row 96: config FF with vendorPrototypeConfigCommands alone", func(i *infoUnderTest) bool {
		return !i.fido23() || (i.VendorPrototypeConfigCommands != nil) == i.config(0xff)
	}},
	{"row 96: config with authnrCfg alone", func(i *infoUnderTest) bool {
		return i.Options["authnrCfg"] || i.AuthenticatorConfigCommands == nil && i.VendorPrototypeConfigCommands == nil
	}},
	{"row 96: minPinLength with setMinPINLength", func(i *infoUnderTest) bool {
		return i.extends("minPinLength") == i.Options["setMinPINLength"]
	}},
	{"row 96: hmac-secret-mc with hmac-secret", func(i *infoUnderTest) bool {
		return !i.extends("hmac-secret-mc") || i.extends("hmac-secret")
	}},
	{"row 96: perCredMgmtRO with credMgmt", func(i *infoUnderTest) bool { return !i.Options["perCredMgmtRO"] || i.Options["credMgmt"] }},
	{"row 96: uvBioEnroll with bioEnroll, uvAcfg with authnrCfg", func(i *infoUnderTest) bool {
		return (!i.has("uvBioEnroll") || i.has("bioEnroll")) && (!i.has("uvAcfg") || i.has("authnrCfg"))
	}},
	{"row 96: the encrypted members with perCredMgmtRO alone", func(i *infoUnderTest) bool {
		there := i.Options["perCredMgmtRO"]
		return there == (len(i.EncIdentifier) == 32) && there == (len(i.EncCredStoreState) == 32)
	}},
	{"row 97: no FIDO_2_2", func(i *infoUnderTest) bool { return !i.is("FIDO_2_2") }},
}

// infoUnderTest answers the questions of infoRules.
type infoUnderTest struct{ *ctap.GetInfoResponse }

func (i *infoUnderTest) has(option string) bool   { _, ok := i.Options[option]; return ok }
func (i *infoUnderTest) extends(name string) bool { return slices.Contains(i.Extensions, name) }
func (i *infoUnderTest) is(version string) bool   { return slices.Contains(i.Versions, version) }
func (i *infoUnderTest) verifies() bool           { return i.has("clientPin") || i.has("uv") }
func (i *infoUnderTest) fido21() bool             { return i.is(ctap.VersionFIDO21) }
func (i *infoUnderTest) fido23() bool             { return i.is(ctap.VersionFIDO23) }
func (i *infoUnderTest) config(sub uint64) bool {
	return slices.Contains(i.AuthenticatorConfigCommands, sub)
}

// The rules hold for each profile: when it is new, with a PIN, and where users
// are always verified.
func TestGetInfoRows(t *testing.T) {
	for _, rule := range infoRules {
		t.Run(rule.row, func(t *testing.T) {
			for _, p := range Profiles() {
				if p.CTAP2() {
					checkInfoRule(t, p, rule.holds)
				}
			}
		})
	}
}

func checkInfoRule(t *testing.T, p Profile, holds func(*infoUnderTest) bool) {
	t.Helper()
	r := newBareRig(t, p)
	for _, state := range []struct {
		name  string
		reach func() error
	}{
		{"new", func() error { return nil }},
		{"with alwaysUv", func() error { return r.configure(nil, ctap.ToggleAlwaysUv, nil) }},
		{"with a PIN", func() error { return r.setPIN(testPIN) }},
	} {
		if err := state.reach(); err != nil && p.has(ctap.OptionAlwaysUv) && !p.has(ctap.OptionUV) {
			t.Errorf("%s, %s: %v", p.Name, state.name, err)
		}
		if info := r.key.info(); !holds(&infoUnderTest{info}) {
			t.Errorf("%s, %s: not so in %+v", p.Name, state.name, info)
		}
	}
}

func unique[T comparable](list []T) bool {
	seen := map[T]bool{}
	for _, item := range list {
		seen[item] = true
	}
	return len(seen) == len(list)
}

// encryptedVector is a file of testdata/encrypted, made as encrypted.py says.
type encryptedVector map[string]string

func (v encryptedVector) hex(t *testing.T, field string) []byte {
	t.Helper()
	b, err := hex.DecodeString(v[field])
	if err != nil || len(b) == 0 {
		t.Fatalf("%s: %q, %v", field, v[field], err)
	}
	return b
}

// The encrypted members, as an implementation that is not ours makes them.
func TestEncryptedMemberVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/encrypted/*.txt")
	if err != nil || len(files) != 4 {
		t.Fatalf("%d vectors, %v; want 4", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := encryptedVector{}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			v[name] = value
		}
		k := newKey(t, nil, nil)
		k.cfg.Rand = bytes.NewReader(v.hex(t, "iv"))
		k.policy.PersistentToken = v.hex(t, "token")
		got, err := k.encryptMember(v["member"], v.hex(t, "plaintext"))
		if want := v.hex(t, "value"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, %v; want %x", file, got, err, want)
		}
	}
}

// hostView is what a host with the persistent token reads in the encrypted
// members.
type hostView struct {
	identifierIV, identifier []byte
	stateIV, state           []byte
}

// view takes a token with pcmr and decrypts the members of getInfo with it.
func view(t *testing.T, p platform) (v hostView) {
	t.Helper()
	token, info := p.tokenBy(testPIN, pcmr, ""), p.info()
	var err error
	if v.identifier, err = token.decryptMember("encIdentifier", info.EncIdentifier); err != nil {
		t.Fatal(err)
	}
	if v.state, err = token.decryptMember("encCredStoreState", info.EncCredStoreState); err != nil {
		t.Fatal(err)
	}
	v.identifierIV, v.stateIV = info.EncIdentifier[:16], info.EncCredStoreState[:16]
	return v
}

// What changes in the encrypted members, and what does not: what they hold, and
// the token that they are encrypted for. Their initialization vectors are new
// each time.
func TestEncryptedMembers(t *testing.T) {
	nothing := func(platform) error { return nil }
	for _, tt := range []struct {
		name                     string
		do                       func(p platform) error
		identifier, state, token bool // change
	}{
		{"rows 102, 104: getInfo again", nothing, false, false, false},
		{"a power cycle", func(p platform) error { p.Plug(); return nil }, false, false, false},
		{"a credential that is not discoverable", func(p platform) error {
			return p.command(ctap.CommandMakeCredential, creation("ada", nil), nil)
		}, false, false, false},
		{"row 211: a discoverable credential", func(p platform) error { p.resident(testRPID, "ada"); return nil }, false, true, false},
		{"changePIN", func(p platform) error {
			if err := p.changePIN(testPIN, "another"); err != nil {
				return err
			}
			return p.changePIN("another", testPIN)
		}, false, false, true},
		{"rows 103, 104: reset", func(p platform) error {
			if err := p.command(ctap.CommandReset, nil, nil); err != nil {
				return err
			}
			return p.setPIN(testPIN)
		}, true, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := keyWithPIN(t, 2, nil)
			before, token := view(t, p), p.policy.PersistentToken
			wantStatus(t, tt.name, tt.do(p), nil)
			after := view(t, p)
			for _, change := range []struct {
				what          string
				before, after []byte
				want          bool
			}{
				{"encIdentifier", before.identifier, after.identifier, tt.identifier},
				{"encCredStoreState", before.state, after.state, tt.state},
				{"the persistent token", token, p.policy.PersistentToken, tt.token},
				{"the initialization vector of encIdentifier", before.identifierIV, after.identifierIV, true},
				{"the initialization vector of encCredStoreState", before.stateIV, after.stateIV, true},
			} {
				if got := !bytes.Equal(change.before, change.after); got != change.want {
					t.Errorf("%s: changed %v, want %v", change.what, got, change.want)
				}
			}
		})
	}
}

// A key of the default profile is one of the newest edition.
func TestDefaultProfileIsTheNewest(t *testing.T) {
	t.Run("row 84: FIDO_2_3", func(t *testing.T) {
		if versions := newKey(t, nil, nil).info().Versions; !slices.Contains(versions, ctap.VersionFIDO23) {
			t.Errorf("versions %q, want FIDO_2_3", versions)
		}
	})
}

// The options of getInfo are the profile's and what follows from the key's
// state, and nobody changes them in the caller's profile.
func TestOptionsAreACopy(t *testing.T) {
	profile, _ := ProfileByName(DefaultProfile)
	before := maps.Clone(profile.Options)
	k := newKey(t, nil, func(c *Config) { c.Profile = profile })
	wantStatus(t, "toggleAlwaysUv", k.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
	k.info()
	if !maps.Equal(profile.Options, before) {
		t.Errorf("options %v, want %v", profile.Options, before)
	}
}
