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
			k := newProfileKey(t, p, PresenceFunc(Deny))
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
		answer := newProfileKey(t, p, nil).on(t.Context(), 1, ctap.CTAP2, []byte{byte(ctap.CommandGetInfo), 0xff})
		var info ctap.GetInfoResponse
		if err := ctap.Unmarshal(answer[1:], &info); err != nil { // the byte of the request is ignored: row 105
			t.Errorf("%s: %v", p.Name, err)
		}
		if again := ctap.MustMarshal(info); !bytes.Equal(again, answer[1:]) {
			t.Errorf("%s: got %x, want %x", p.Name, answer[1:], again)
		}
	}
}

// The rows of section E that the golden files do not show by themselves, for
// each profile, new and set up.
func TestGetInfoRows(t *testing.T) {
	for _, p := range Profiles() {
		if !p.CTAP2() {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			k := newProfileKey(t, p, PresenceFunc(Approve))
			checkInfo(t, k.info())
			if p.has(ctap.OptionClientPIN) {
				k.speaking(p.PinUvAuthProtocols[0]).mustSetPIN(testPIN)
				checkInfo(t, k.info())
			}
		})
	}
}

// checkInfo holds a getInfo to the rules of one that is consistent (rows 84 to
// 97, and the rules for members that hang together).
func checkInfo(t *testing.T, info *ctap.GetInfoResponse) {
	t.Helper()
	has := func(option string) bool { _, ok := info.Options[option]; return ok }
	config := func(sub ctap.ConfigSubcommand) bool {
		return slices.Contains(info.AuthenticatorConfigCommands, uint64(sub))
	}
	extends := func(name string) bool { return slices.Contains(info.Extensions, name) }
	is := func(version string) bool { return slices.Contains(info.Versions, version) }
	fido21 := is(ctap.VersionFIDO21)
	for _, rule := range []struct {
		what  string
		holds bool
	}{
		{"97 no FIDO_2_2", !is("FIDO_2_2")},
		{"lists without repetitions", unique(info.Versions) && unique(info.Extensions) && unique(info.PinUvAuthProtocols) &&
			unique(info.Transports) && unique(info.Algorithms) && unique(info.AttestationFormats) && unique(info.TransportsForReset)},
		{"aaguid of 16 bytes", len(info.AAGUID) == 16},
		{"maxMsgSize", info.MaxMsgSize >= 1024},
		{"89 FIDO_2_3 has protocol 2", !is(ctap.VersionFIDO23) || slices.Contains(info.PinUvAuthProtocols, 2)},
		{"pinUvAuthProtocols with clientPin or uv alone", (len(info.PinUvAuthProtocols) > 0) == (has("clientPin") || has("uv"))},
		{"92 maxSerializedLargeBlobArray with largeBlobs alone", info.Options["largeBlobs"] == (info.MaxSerializedLargeBlobArray >= 1024)},
		{"93 maxCredBlobLength with credBlob alone", extends("credBlob") == (info.MaxCredBlobLength >= 32)},
		{"minPINLength with clientPin alone", !fido21 || has("clientPin") == (info.MinPINLength >= 4)},
		{"maxPINLength", info.MaxPINLength == 0 || info.MaxPINLength >= 8 && info.MaxPINLength <= 63 && info.MinPINLength <= info.MaxPINLength},
		{"forcePINChange with clientPin alone", !fido21 || has("clientPin") == (info.ForcePINChange != nil)},
		{"maxRPIDsForSetMinPINLength with setMinPINLength alone", info.Options["setMinPINLength"] == (info.MaxRPIDsForSetMinPINLength != nil)},
		{"uvModality with uv alone", !fido21 || has("uv") == (info.UVModality != 0)},
		{"no passcode_external in uvModality", info.UVModality&passcodeExternal == 0},
		{"95 no format none", !slices.Contains(info.AttestationFormats, "none")},
		{"transportsForReset are transports", subset(info.TransportsForReset, info.Transports)},
		{"rk needs verification and management", !is(ctap.VersionFIDO23) || !info.Options["rk"] || info.Options["credMgmt"] && (has("clientPin") || has("uv"))},
		{"verification needs pinUvAuthToken", !fido21 || !has("clientPin") && !has("uv") || info.Options["pinUvAuthToken"]},
		{"alwaysUv without makeCredUvNotRqd and U2F", !info.Options["alwaysUv"] || !info.Options["makeCredUvNotRqd"] && !is(ctap.VersionU2FV2)},
		{"config 1 with ep alone", !is(ctap.VersionFIDO23) || has("ep") == config(1)},
		{"config 2 with alwaysUv alone", !is(ctap.VersionFIDO23) || has("alwaysUv") == config(2)},
		{"config 3 with setMinPINLength alone", !is(ctap.VersionFIDO23) || info.Options["setMinPINLength"] == config(3)},
		{"config 4 with longTouchForReset alone", !is(ctap.VersionFIDO23) || (info.LongTouchForReset != nil) == config(4)},
		{"config FF with vendorPrototypeConfigCommands alone", !is(ctap.VersionFIDO23) || (info.VendorPrototypeConfigCommands != nil) == config(0xff)},
		{"config commands with authnrCfg alone", info.Options["authnrCfg"] || info.AuthenticatorConfigCommands == nil && info.VendorPrototypeConfigCommands == nil},
		{"minPinLength with setMinPINLength", extends("minPinLength") == info.Options["setMinPINLength"]},
		{"hmac-secret-mc with hmac-secret", !extends("hmac-secret-mc") || extends("hmac-secret")},
		{"perCredMgmtRO with credMgmt", !info.Options["perCredMgmtRO"] || info.Options["credMgmt"]},
		{"uvBioEnroll with bioEnroll, uvAcfg with authnrCfg", (!has("uvBioEnroll") || has("bioEnroll")) && (!has("uvAcfg") || has("authnrCfg"))},
		{"the encrypted members with perCredMgmtRO alone", info.Options["perCredMgmtRO"] == (len(info.EncIdentifier) == 32) &&
			info.Options["perCredMgmtRO"] == (len(info.EncCredStoreState) == 32)},
	} {
		if !rule.holds {
			t.Errorf("%s: not so in %+v", rule.what, info)
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

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
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

// What changes in the encrypted members, and what does not (rows 102 to 104).
func TestEncryptedMembers(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	type secrets struct{ identifier, state, token []byte }
	now := func() secrets {
		return secrets{p.policy.DeviceIdentifier, p.policy.CredStoreState, p.policy.PersistentToken}
	}
	before, first, second := now(), p.info(), p.info()
	for name, values := range map[string][2][]byte{
		"encIdentifier":     {first.EncIdentifier, second.EncIdentifier},
		"encCredStoreState": {first.EncCredStoreState, second.EncCredStoreState},
	} {
		if bytes.Equal(values[0][:16], values[1][:16]) {
			t.Errorf("%s: twice the same initialization vector", name)
		}
		if bytes.Equal(values[0][16:], values[1][16:]) {
			t.Errorf("%s: twice the same ciphertext", name)
		}
	}
	for _, tt := range []struct {
		name                     string
		do                       func() error
		identifier, state, token bool // change
	}{
		{"getInfo", func() error { p.info(); return nil }, false, false, false},
		{"a power cycle", func() error { p.Plug(); return nil }, false, false, false},
		{"a credential that is not discoverable", func() error {
			return p.command(ctap.CommandMakeCredential, creation("ada", nil), nil)
		}, false, false, false},
		{"a discoverable one", func() error { p.resident(testRPID, "ada"); return nil }, false, true, false},
		{"pcmr", func() error { p.tokenBy(testPIN, pcmr, ""); return nil }, false, false, false},
		{"changePIN", func() error { return p.changePIN(testPIN, testPIN) }, false, false, true},
		{"reset", func() error { return p.command(ctap.CommandReset, nil, nil) }, true, true, true},
	} {
		if err := tt.do(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		after := now()
		got := []bool{!bytes.Equal(before.identifier, after.identifier), !bytes.Equal(before.state, after.state), !bytes.Equal(before.token, after.token)}
		if want := []bool{tt.identifier, tt.state, tt.token}; !slices.Equal(got, want) {
			t.Errorf("%s: identifier, state and token changed %v, want %v", tt.name, got, want)
		}
		before = after
	}
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
