package authenticator

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
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
