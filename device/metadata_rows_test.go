package device

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// described is a new device and what the world is told of its model.
type described struct {
	*Device
	info      *ctap.GetInfoResponse
	members   map[string]json.RawMessage // of the metadata statement
	statement struct {
		LegalHeader, AAGUID, Description, ProtocolFamily, Icon, MultiDeviceCredentialSupport string
		FriendlyNames                                                                        map[string]string
		AuthenticatorVersion, Schema                                                         uint64
		UPV                                                                                  []struct{ Major, Minor int }
		AuthenticationAlgorithms, PublicKeyAlgAndEncodings, AttestationTypes                 []string
		UserVerificationDetails                                                              [][]verificationMethod
		KeyProtection, MatcherProtection, AttachmentHint                                     []string
		AttestationRootCertificates                                                          [][]byte
		AuthenticatorGetInfo                                                                 map[string]any
	}
}

type verificationMethod struct {
	Name string                                                    `json:"userVerificationMethod"`
	Code *struct{ Base, MinLength, MaxRetries, BlockSlowdown int } `json:"caDesc"`
}

func describe(t *testing.T, p authenticator.Profile) *described {
	t.Helper()
	d := &described{Device: open(t, Config{Profile: p, Verification: authenticator.VerificationFunc(
		func(context.Context, authenticator.Prompt) (bool, error) { return true, nil },
	)})}
	if err := ctap.Unmarshal(send(t, d.Device, ctap.CTAP2, []byte{4})[1:], &d.info); err != nil {
		t.Fatal(err)
	}
	m, err := d.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Statement()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{&d.members, &d.statement} {
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// methods are all ways of verification that the statement names.
func (d *described) methods() (names []string) {
	for _, alternative := range d.statement.UserVerificationDetails {
		for _, m := range alternative {
			names = append(names, m.Name)
		}
	}
	return names
}

// lacks tells that the statement has none of some members.
func (d *described) lacks(members ...string) bool {
	return !slices.ContainsFunc(members, func(name string) bool { _, ok := d.members[name]; return ok })
}

func (d *described) has(option string) bool { _, ok := d.info.Options[option]; return ok }

// within tells that a list is not empty and has nothing but what is allowed.
func within(list []string, allowed ...string) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(allowed, s) })
}

const legalHeader = "Submission of this statement and retrieval and use of this statement indicates acceptance of the " +
	"appropriate agreement located at https://fidoalliance.org/metadata/metadata-legal-terms/."

// builtIn are the methods that a key verifies its user by.
var builtIn = []string{
	"fingerprint_internal", "passcode_internal", "voiceprint_internal", "faceprint_internal", "location_internal",
	"eyeprint_internal", "pattern_internal", "handprint_internal",
}

// metadataRows are the rows of the conformance checklist that hold a key against
// its metadata statement, and those of the statement itself.
var metadataRows = []struct {
	name  string
	holds func(d *described) bool
}{
	{"row 86: aaguid", func(d *described) bool {
		return strings.ReplaceAll(d.statement.AAGUID, "-", "") == hex.EncodeToString(d.info.AAGUID)
	}},
	{"row 91: algorithms", func(d *described) bool {
		return slices.Equal(d.statement.AuthenticationAlgorithms, registryNames(d.Profile().Algorithms))
	}},
	{"row 93: firmwareVersion", func(d *described) bool {
		return d.info.FirmwareVersion == 0 || d.info.FirmwareVersion == d.statement.AuthenticatorVersion
	}},
	{"row 98: presence", func(d *described) bool {
		up, said := d.info.Options["up"]
		return slices.Contains(d.methods(), "presence_internal") == (up || !said)
	}},
	{"row 99: built-in verification", func(d *described) bool {
		named := slices.ContainsFunc(d.methods(), func(name string) bool { return slices.Contains(builtIn, name) })
		return named == d.has("uv")
	}},
	{"row 101: the PIN", func(d *described) bool {
		return slices.Contains(d.methods(), "passcode_external") == (len(d.info.PinUvAuthProtocols) > 0)
	}},
	{"row 405: legalHeader", func(d *described) bool { return d.statement.LegalHeader == legalHeader }},
	{"row 406: aaguid", func(d *described) bool {
		return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(d.statement.AAGUID)
	}},
	{"row 407: other identifiers, members that are gone", func(d *described) bool {
		return d.lacks("aaid", "attestationCertificateKeyIdentifiers", "supportedExtensions", "assertionScheme",
			"authenticationAlgorithm", "publicKeyAlgAndEncoding", "isSecondFactorOnly", "operatingEnv")
	}},
	{"row 408: description", func(d *described) bool {
		n, name := utf8.RuneCountInString(d.statement.Description), d.statement.FriendlyNames["en-US"]
		return n > 0 && n <= 200 && name != "" && utf8.RuneCountInString(name) <= 63 && d.lacks("alternativeDescriptions")
	}},
	{"row 409: versions", func(d *described) bool {
		newest := d.statement.UPV[len(d.statement.UPV)-1]
		minor := map[string]int{ctap.VersionFIDO20: 0, ctap.VersionFIDO21: 1, ctap.VersionFIDO23: 3}
		for _, version := range d.info.Versions {
			if minor[version] > newest.Minor {
				return false
			}
		}
		return newest.Major == 1 && d.statement.ProtocolFamily == "fido2" && d.statement.Schema == 3 &&
			d.statement.AuthenticatorVersion == authenticator.FirmwareVersion
	}},
	{"row 410: algorithms and types", func(d *described) bool {
		return len(d.statement.AuthenticationAlgorithms) > 0 && slices.Equal(d.statement.PublicKeyAlgAndEncodings, []string{"cose"}) &&
			within(d.statement.AttestationTypes, "basic_full", "basic_surrogate", "attca", "anonca")
	}},
	{"row 411: userVerificationDetails", func(d *described) bool {
		for _, alternative := range d.statement.UserVerificationDetails {
			for _, m := range alternative {
				if (m.Name == "passcode_external") != (m.Code != nil) {
					return false
				}
				if c := m.Code; c != nil && (c.Base < 10 || c.MinLength != max(4, int(d.info.MinPINLength)) || c.MaxRetries != 8 || c.BlockSlowdown < 0) {
					return false
				}
			}
		}
		return within(d.methods(), append([]string{"none", "presence_internal", "passcode_external"}, builtIn...)...)
	}},
	{"row 412: protection and attachment", func(d *described) bool {
		attachment := []string{"external", "wired"}
		if slices.Contains(d.info.Transports, "internal") {
			attachment = []string{"internal"}
		}
		software := []string{"software"}
		return slices.Equal(d.statement.KeyProtection, software) && slices.Equal(d.statement.MatcherProtection, software) &&
			slices.Equal(d.statement.AttachmentHint, attachment)
	}},
	{"row 413: restrictions", func(d *described) bool {
		fresh := fmt.Sprint(d.info.Options["pinUvAuthToken"] || !d.has("clientPin"))
		return string(d.members["isKeyRestricted"]) == "true" && string(d.members["isFreshUserVerificationRequired"]) == fresh &&
			string(d.members["cryptoStrength"]) == "128"
	}},
	{"row 414: transaction confirmation", func(d *described) bool {
		return string(d.members["tcDisplay"]) == "[]" && d.lacks("tcDisplayContentType", "tcDisplayPNGCharacteristics")
	}},
	{"row 415: roots", func(d *described) bool {
		chain, err := d.Chain()
		roots := d.statement.AttestationRootCertificates
		return err == nil && len(roots) == 1 && string(roots[0]) == string(chain[len(chain)-1].Raw)
	}},
	{"row 416: pictures and ECDAA", func(d *described) bool {
		return d.lacks("icon", "iconDark", "providerLogoLight", "providerLogoDark", "ecdaaTrustAnchors")
	}},
	{"row 417: authenticatorGetInfo", (*described).mirrors},
	{"row 418: no other members", func(d *described) bool {
		return within(slices.Collect(maps.Keys(d.members)),
			"legalHeader", "aaguid", "friendlyNames", "description", "authenticatorVersion", "protocolFamily", "schema", "upv",
			"authenticationAlgorithms", "publicKeyAlgAndEncodings", "attestationTypes", "userVerificationDetails",
			"keyProtection", "isKeyRestricted", "isFreshUserVerificationRequired", "matcherProtection", "cryptoStrength",
			"attachmentHint", "tcDisplay", "attestationRootCertificates", "multiDeviceCredentialSupport", "authenticatorGetInfo")
	}},
	{"row 419: copies", func(d *described) bool {
		want := "unsupported"
		if d.Profile().BackupEligible {
			want = "implicit"
		}
		return d.statement.MultiDeviceCredentialSupport == want && d.lacks("keyScope", "cxpConfigURL", "cxConfigURL")
	}},
}

func registryNames(algs []cose.ID) (names []string) {
	for _, id := range algs {
		if name := cose.RegistryName(id); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// mirrors tells that the statement says of getInfo what the key says, but for the
// options that say whether something is set up: they are true of a model that has
// it.
func (d *described) mirrors() bool {
	told := d.statement.AuthenticatorGetInfo
	options := map[string]any{}
	for name, value := range d.info.Options {
		options[name] = value || slices.Contains([]string{"bioEnroll", "clientPin", "ep", "userVerificationMgmtPreview", "uv"}, name)
	}
	for name, want := range map[string]any{
		"versions": d.info.Versions, "extensions": d.info.Extensions, "aaguid": hex.EncodeToString(d.info.AAGUID),
		"options": options, "maxMsgSize": d.info.MaxMsgSize, "pinUvAuthProtocols": d.info.PinUvAuthProtocols,
		"attestationFormats": d.info.AttestationFormats, "minPINLength": d.info.MinPINLength,
		"authenticatorConfigCommands": d.info.AuthenticatorConfigCommands,
	} {
		if got, ok := told[name]; ok && fmt.Sprint(got) != fmt.Sprint(want) || !ok && fmt.Sprint(want) != "[]" && want != uint64(0) {
			return false
		}
	}
	return true
}

func TestMetadataRows(t *testing.T) {
	for _, p := range authenticator.Profiles() {
		if !p.CTAP2() {
			continue
		}
		d := describe(t, p)
		for _, row := range metadataRows {
			t.Run(p.Name+"/"+row.name, func(t *testing.T) {
				if !row.holds(d) {
					t.Errorf("not so in %s, of a key that says %+v", d.members, d.info)
				}
			})
		}
		t.Run(p.Name+"/row 164: the certificate", func(t *testing.T) { checkCertificate(t, d) })
	}
}

// oidAAGUID is id-fido-gen-ce-aaguid (WebAuthn §8.2.1).
var oidAAGUID = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}

// checkCertificate holds the certificate of an attestation against WebAuthn
// §8.2.1, and its chain against the roots of the metadata.
func checkCertificate(t *testing.T, d *described) {
	leaf := attestationCertificate(t, d.Device)
	roots := x509.NewCertPool()
	for _, der := range d.statement.AttestationRootCertificates {
		root, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		roots.AddCert(root)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
	if !slices.Contains(d.statement.AttestationTypes, "basic_full") {
		t.Errorf("attestationTypes %q, want basic_full", d.statement.AttestationTypes)
	}
	s := leaf.Subject
	if len(s.Country) != 1 || len(s.Country[0]) != 2 || len(s.Organization) != 1 || s.CommonName == "" ||
		!slices.Equal(s.OrganizationalUnit, []string{"Authenticator Attestation"}) {
		t.Errorf("subject %v, want C, O, OU Authenticator Attestation and CN", s)
	}
	if leaf.Version != 3 || !leaf.BasicConstraintsValid || leaf.IsCA {
		t.Errorf("version %d, CA %v; want 3 and false", leaf.Version, leaf.IsCA)
	}
	for _, e := range leaf.Extensions {
		if e.Id.Equal(oidAAGUID) && (e.Critical || string(e.Value) != "\x04\x10"+string(d.info.AAGUID)) {
			t.Errorf("AAGUID extension %x, critical %v; want %x, not critical", e.Value, e.Critical, d.info.AAGUID)
		}
	}
}

func attestationCertificate(t *testing.T, d *Device) *x509.Certificate {
	t.Helper()
	request := ctap.MustMarshal(map[int]any{
		1: make([]byte, 32), 2: map[string]any{"id": "example.com"}, 3: map[string]any{"id": []byte{1}},
		4: []any{map[string]any{"alg": -7, "type": "public-key"}}, 11: []string{"packed"},
	})
	answer := send(t, d, ctap.CTAP2, append([]byte{byte(ctap.CommandMakeCredential)}, request...))
	var made struct {
		Format    string `cbor:"1,keyasint"`
		Statement struct {
			X5C [][]byte `cbor:"x5c"`
		} `cbor:"3,keyasint"`
	}
	if err := ctap.Unmarshal(answer[1:], &made); err != nil || made.Format != "packed" || len(made.Statement.X5C) == 0 {
		t.Fatalf("makeCredential: %x: %+v, %v; want packed with a certificate", answer[:1], made, err)
	}
	leaf, err := x509.ParseCertificate(made.Statement.X5C[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}
