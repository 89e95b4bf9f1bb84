package attestation

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// TestInfo checks that each member of getInfo has its name in metadata.
func TestInfo(t *testing.T) {
	secret := make([]byte, 32)
	answer := ctap.MustMarshal(map[int]any{
		0x01: []string{"FIDO_2_3"}, 0x02: []string{"credProtect"}, 0x03: testAAGUID,
		0x04: map[string]bool{"uv": false, "clientPin": false, "ep": false, "bioEnroll": false, "alwaysUv": false, "rk": true},
		0x05: 7609, 0x06: []int{2, 1}, 0x07: 20, 0x08: 128, 0x09: []string{"usb"},
		0x0a: []map[string]any{{"alg": -7, "type": "public-key"}}, 0x0b: 4096, 0x0c: false, 0x0d: 4, 0x0e: 10000,
		0x0f: 32, 0x10: 0, 0x11: 3, 0x12: 2, 0x13: map[string]int{"FIDO": 1}, 0x14: 0, 0x15: []int{},
		0x16: []string{"packed"}, 0x17: 0, 0x18: false, 0x19: secret, 0x1a: []string{"usb"}, 0x1b: true,
		0x1c: []byte("https://example.com/pin"), 0x1d: 63, 0x1e: secret, 0x1f: []int{2, 3},
	})
	info, err := parseInfo(answer)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	checkMembers(t, got, []member{
		{"versions", `["FIDO_2_3"]`},
		{"extensions", `["credProtect"]`},
		{"aaguid", `"ee7512f640f95a33bba63067c2c954f9"`},
		{"options", `{"alwaysUv":false,"bioEnroll":true,"clientPin":true,"ep":true,"rk":true,"uv":true}`},
		{"maxMsgSize", "7609"},
		{"pinUvAuthProtocols", "[2,1]"},
		{"maxCredentialCountInList", "20"},
		{"maxCredentialIdLength", "128"},
		{"transports", `["usb"]`},
		{"algorithms", `[{"type":"public-key","alg":-7}]`},
		{"maxSerializedLargeBlobArray", "4096"},
		{"forcePINChange", "false"},
		{"minPINLength", "4"},
		{"firmwareVersion", "10000"},
		{"maxCredBlobLength", "32"},
		{"maxRPIDsForSetMinPINLength", "0"},
		{"preferredPlatformUvAttempts", "3"},
		{"uvModality", "2"},
		{"certifications", `{"FIDO":1}`},
		{"remainingDiscoverableCredentials", "0"},
		{"vendorPrototypeConfigCommands", "[]"},
		{"attestationFormats", `["packed"]`},
		{"uvCountSinceLastPinEntry", "0"},
		{"longTouchForReset", "false"},
		{"encIdentifier", `""`},
		{"transportsForReset", `["usb"]`},
		{"pinComplexityPolicy", "true"},
		{"pinComplexityPolicyURL", `"aHR0cHM6Ly9leGFtcGxlLmNvbS9waW4="`},
		{"maxPINLength", "63"},
		{"encCredStoreState", `""`},
		{"authenticatorConfigCommands", "[2,3]"},
	})
}

// TestInfoAbsent checks that metadata have no member that the key does not send.
func TestInfoAbsent(t *testing.T) {
	info, err := parseInfo(ctap.MustMarshal(map[int]any{0x01: []string{"FIDO_2_0"}, 0x03: testAAGUID}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	checkMembers(t, got, []member{
		{"versions", `["FIDO_2_0"]`},
		{"aaguid", `"ee7512f640f95a33bba63067c2c954f9"`},
	})
}

func TestInfoRefuses(t *testing.T) {
	if info, err := parseInfo([]byte{0xa1, 0x01, 0x01}); !errors.Is(err, ctap.StatusCBORUnexpectedType) {
		t.Errorf("parseInfo = %v, %v; want %v", info, err, ctap.StatusCBORUnexpectedType)
	}
}

func TestVerificationDetails(t *testing.T) {
	const pin = `{"userVerificationMethod":"passcode_external","caDesc":{"base":64,"minLength":8,"maxRetries":8,"blockSlowdown":0}}`
	const none, touch = `[{"userVerificationMethod":"none"}]`, `{"userVerificationMethod":"presence_internal"}`
	const finger, face = `{"userVerificationMethod":"fingerprint_internal"}`, `{"userVerificationMethod":"faceprint_internal"}`
	tests := []struct {
		name string
		info metadataInfo
		want string
	}{
		{"touch", metadataInfo{}, "[" + none + ",[" + touch + "]]"},
		{"row 100: no touch", metadataInfo{Options: map[string]bool{"up": false}}, "[" + none + "]"},
		{"PIN", metadataInfo{Options: map[string]bool{"clientPin": true}, MinPINLength: 8},
			"[" + none + ",[" + touch + "],[" + pin + "],[" + touch + "," + pin + "]]"},
		{"PIN, no touch", metadataInfo{Options: map[string]bool{"clientPin": true, "up": false}, MinPINLength: 8},
			"[" + none + ",[" + pin + "]]"},
		{"sensors", metadataInfo{Options: map[string]bool{"uv": true}, UVModality: 0x12},
			"[" + none + ",[" + touch + "],[" + finger + "],[" + touch + "," + finger + "],[" + face + "],[" + touch + "," + face + "]]"},
		{"built in, not said what", metadataInfo{Options: map[string]bool{"uv": true}},
			"[" + none + ",[" + touch + "],[" + finger + "],[" + touch + "," + finger + "]]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.info.verificationDetails())
			if err != nil || string(got) != tt.want {
				t.Errorf("details = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}
