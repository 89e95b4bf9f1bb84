package attestation

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

var testAAGUID = []byte{0xee, 0x75, 0x12, 0xf6, 0x40, 0xf9, 0x5a, 0x33, 0xbb, 0xa6, 0x30, 0x67, 0xc2, 0xc9, 0x54, 0xf9}

const testUUID = "ee7512f6-40f9-5a33-bba6-3067c2c954f9"

// newMetadata returns the metadata of a key with U2F and FIDO2.
func newMetadata(tb testing.TB) *Metadata {
	tb.Helper()
	root, leaf := newIdentities(tb)
	return &Metadata{
		Description: "softkey for tests",
		Info: &ctap.GetInfoResponse{
			Versions: []string{"U2F_V2", "FIDO_2_0"}, AAGUID: testAAGUID,
			Options:         map[string]bool{"rk": true, "clientPin": false},
			Algorithms:      []ctap.CredentialParameters{{Type: "public-key", Algorithm: -7}, {Type: "public-key", Algorithm: -8}},
			FirmwareVersion: 10203,
		},
		Roots: []*x509.Certificate{root.Certificate},
		Leaf:  leaf.Certificate,
	}
}

// A member is one of a JSON object.
type member struct{ name, value string }

// members returns the members of a JSON object, in their order.
func members(tb testing.TB, object []byte) (list []member) {
	tb.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		tb.Fatal(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			tb.Fatal(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			tb.Fatal(err)
		}
		list = append(list, member{name.(string), string(value)})
	}
	return list
}

func checkMembers(t *testing.T, object []byte, want []member) {
	t.Helper()
	got := members(t, object)
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("no member %d, want %v", i, want[i])
		case i >= len(want):
			t.Errorf("member %d = %v, want none", i, got[i])
		case got[i] != want[i]:
			t.Errorf("member %d = %v, want %v", i, got[i], want[i])
		}
	}
}

const legalHeader = `"Submission of this statement and retrieval and use of this statement indicates acceptance of the ` +
	`appropriate agreement located at https://fidoalliance.org/metadata/metadata-legal-terms/."`

func TestStatement(t *testing.T) {
	m := newMetadata(t)
	got, err := m.Statement()
	if err != nil {
		t.Fatal(err)
	}
	checkMembers(t, got, []member{
		{"legalHeader", legalHeader},
		{"aaguid", `"` + testUUID + `"`},
		{"friendlyNames", `{"en-US":"softkey for tests"}`},
		{"description", `"softkey for tests"`},
		{"authenticatorVersion", "10203"},
		{"protocolFamily", `"fido2"`},
		{"schema", "3"},
		{"upv", `[{"major":1,"minor":0}]`},
		{"authenticationAlgorithms", `["secp256r1_ecdsa_sha256_raw","ed25519_eddsa_sha512_raw"]`},
		{"publicKeyAlgAndEncodings", `["cose"]`},
		{"attestationTypes", `["basic_full"]`},
		{"userVerificationDetails", `[[{"userVerificationMethod":"none"}],[{"userVerificationMethod":"presence_internal"}],` +
			`[{"userVerificationMethod":"passcode_external","caDesc":{"base":64,"minLength":4,"maxRetries":8,"blockSlowdown":0}}],` +
			`[{"userVerificationMethod":"presence_internal"},` +
			`{"userVerificationMethod":"passcode_external","caDesc":{"base":64,"minLength":4,"maxRetries":8,"blockSlowdown":0}}]]`},
		{"keyProtection", `["software"]`},
		{"isKeyRestricted", "true"},
		{"isFreshUserVerificationRequired", "false"},
		{"matcherProtection", `["software"]`},
		{"cryptoStrength", "128"},
		{"attachmentHint", `["external","wired"]`},
		{"tcDisplay", "[]"},
		{"attestationRootCertificates", `["` + base64.StdEncoding.EncodeToString(m.Roots[0].Raw) + `"]`},
		{"multiDeviceCredentialSupport", `"unsupported"`},
		{"authenticatorGetInfo", `{"versions":["U2F_V2","FIDO_2_0"],"aaguid":"ee7512f640f95a33bba63067c2c954f9",` +
			`"options":{"clientPin":true,"rk":true},` +
			`"algorithms":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-8}],"firmwareVersion":10203}`},
	})
}

// An enterprise attestation carries one certificate: whoever issued that is an
// anchor (CTAP §7.1).
func TestEnterpriseAnchors(t *testing.T) {
	m := newMetadata(t)
	m.Intermediates = []*x509.Certificate{m.Leaf} // any certificate will do
	root, issuer := base64.StdEncoding.EncodeToString(m.Roots[0].Raw), base64.StdEncoding.EncodeToString(m.Leaf.Raw)
	for _, tt := range []struct {
		option, want string
	}{
		{"rk", `["` + root + `"]`},
		{"ep", `["` + root + `","` + issuer + `"]`},
	} {
		m.Info.Options[tt.option] = false
		got, err := m.Statement()
		if err != nil || !strings.Contains(string(got), `"attestationRootCertificates":`+tt.want) {
			t.Errorf("option %s: got %s, %v; want attestationRootCertificates %s", tt.option, got, err, tt.want)
		}
	}
}

func TestU2FStatement(t *testing.T) {
	m := newMetadata(t)
	m.Intermediates = []*x509.Certificate{m.Leaf} // any certificate will do
	got, err := m.U2FStatement()
	if err != nil {
		t.Fatal(err)
	}
	checkMembers(t, got, []member{
		{"legalHeader", legalHeader},
		{"attestationCertificateKeyIdentifiers", `["` + hex.EncodeToString(m.Leaf.SubjectKeyId) + `"]`},
		{"friendlyNames", `{"en-US":"softkey for tests"}`},
		{"description", `"softkey for tests"`},
		{"authenticatorVersion", "10203"},
		{"protocolFamily", `"u2f"`},
		{"schema", "3"},
		{"upv", `[{"major":1,"minor":2}]`},
		{"authenticationAlgorithms", `["secp256r1_ecdsa_sha256_raw"]`},
		{"publicKeyAlgAndEncodings", `["ecc_x962_raw"]`},
		{"attestationTypes", `["basic_full"]`},
		{"userVerificationDetails", `[[{"userVerificationMethod":"presence_internal"}]]`},
		{"keyProtection", `["software"]`},
		{"isKeyRestricted", "true"},
		{"isFreshUserVerificationRequired", "true"},
		{"matcherProtection", `["software"]`},
		{"cryptoStrength", "128"},
		{"attachmentHint", `["external","wired"]`},
		{"tcDisplay", "[]"},
		{"attestationRootCertificates", `["` + base64.StdEncoding.EncodeToString(m.Roots[0].Raw) + `","` +
			base64.StdEncoding.EncodeToString(m.Intermediates[0].Raw) + `"]`},
	})
}

// TestStatementMember bends the metadata and looks at the member that must
// follow.
func TestStatementMember(t *testing.T) {
	formats := func(names ...string) func(*Metadata) {
		return func(m *Metadata) { m.Info.AttestationFormats = names }
	}
	transports := func(names ...string) func(*Metadata) {
		return func(m *Metadata) { m.Info.Transports = names }
	}
	tests := []struct {
		name, member, want string
		bend               func(*Metadata)
	}{
		{"friendly name", "friendlyNames", `{"en-US":"Soft Device"}`, func(m *Metadata) { m.FriendlyName = "Soft Device" }},
		{"icon", "icon", `"data:image/png;base64,AAAA"`, func(m *Metadata) { m.Icon = "data:image/png;base64,AAAA" }},
		{"no icon", "icon", "", func(*Metadata) {}},
		{"backup eligible", "multiDeviceCredentialSupport", `"implicit"`, func(m *Metadata) { m.BackupEligible = true }},
		{"all versions", "upv", `[{"major":1,"minor":0},{"major":1,"minor":1},{"major":1,"minor":3}]`, func(m *Metadata) {
			m.Info.Versions = []string{"FIDO_2_3", "U2F_V2", "FIDO_2_1_PRE", "FIDO_2_1", "FIDO_2_0"}
		}},
		{"algorithm without a name", "authenticationAlgorithms", `["secp256r1_ecdsa_sha256_raw"]`, func(m *Metadata) {
			m.Info.Algorithms = []ctap.CredentialParameters{{Type: "public-key", Algorithm: -7}, {Type: "public-key", Algorithm: 1}}
		}},
		{"two algorithms of one name", "authenticationAlgorithms", `["secp256r1_ecdsa_sha256_raw"]`, func(m *Metadata) {
			m.Info.Algorithms = []ctap.CredentialParameters{{Type: "public-key", Algorithm: -7}, {Type: "public-key", Algorithm: -9}}
		}},
		{"formats of one type", "attestationTypes", `["basic_full"]`, formats("packed", "fido-u2f", "android-key")},
		{"formats of all types", "attestationTypes", `["attca","anonca","basic_full"]`, formats("tpm", "apple", "packed", "compound")},
		{"unknown format", "attestationTypes", `["basic_full"]`, formats("jwt", "packed")},
		{"row 165: self attestation", "attestationTypes", `["basic_surrogate"]`, func(m *Metadata) { m.Roots = nil }},
		{"row 165: no roots", "attestationRootCertificates", "[]", func(m *Metadata) { m.Roots = nil }},
		{"USB and NFC", "attachmentHint", `["external","wired"]`, transports("nfc", "usb")},
		{"NFC", "attachmentHint", `["external","wireless"]`, transports("nfc")},
		{"smart card", "attachmentHint", `["external","wired","smart-card"]`, transports("smart-card", "nfc")},
		{"platform", "attachmentHint", `["internal"]`, transports("internal")},
		{"one token for each operation", "isFreshUserVerificationRequired", "true", func(m *Metadata) {
			m.Info.Options["pinUvAuthToken"] = true
		}},
		{"no verification", "isFreshUserVerificationRequired", "true", func(m *Metadata) { m.Info.Options = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMetadata(t)
			tt.bend(m)
			statement, err := m.Statement()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, member := range members(t, statement) {
				if member.name == tt.member {
					got = member.value
				}
			}
			if got != tt.want {
				t.Errorf("%s = %s, want %s", tt.member, got, tt.want)
			}
		})
	}
}

func TestStatementRefuses(t *testing.T) {
	tests := []struct {
		name, wantError string
		bend            func(*Metadata)
	}{
		{"no description", "description of 0", func(m *Metadata) { m.Description = "" }},
		{"long description", "description of 201", func(m *Metadata) {
			m.Description, m.FriendlyName = strings.Repeat("ü", 201), "short"
		}},
		{"long friendly name", "friendly name of 64", func(m *Metadata) { m.FriendlyName = strings.Repeat("ü", 64) }},
		{"description for a name, too long", "friendly name of 64", func(m *Metadata) { m.Description = strings.Repeat("x", 64) }},
		{"U2F alone", "no FIDO2 key", func(m *Metadata) { m.Info = nil }},
		{"AAGUID of zeros", "no FIDO2 key", func(m *Metadata) { m.Info.AAGUID = make([]byte, 16) }},
		{"short AAGUID", "no FIDO2 key", func(m *Metadata) { m.Info.AAGUID = testAAGUID[:15] }},
		{"no algorithm with a name", "FIDO registry", func(m *Metadata) { m.Info.Algorithms = nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMetadata(t)
			tt.bend(m)
			if got, err := m.Statement(); err == nil || !strings.Contains(err.Error(), tt.wantError) {
				t.Errorf("Statement = %s, %v; want an error with %q", got, err, tt.wantError)
			}
		})
	}
}

func TestU2FStatementRefuses(t *testing.T) {
	for name, bend := range map[string]func(*Metadata){
		"no leaf":        func(m *Metadata) { m.Leaf = nil },
		"no root":        func(m *Metadata) { m.Roots = nil },
		"no description": func(m *Metadata) { m.Description = "" },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMetadata(t)
			bend(m)
			if got, err := m.U2FStatement(); err == nil {
				t.Errorf("U2FStatement = %s, want an error", got)
			}
		})
	}
}
