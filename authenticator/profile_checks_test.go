package authenticator

import (
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// A profile that contradicts itself is refused, with the name of what is wrong:
// a row for each rule.
func TestProfileChecks(t *testing.T) {
	options := func(options map[string]bool, drop ...string) func(*Profile) {
		return func(p *Profile) {
			*p = p.with(options)
			for _, name := range drop {
				delete(p.Options, name)
			}
		}
	}
	commands := func(drop ctap.Command, add ...ctap.Command) func(*Profile) {
		return func(p *Profile) { p.Commands = append(without(p.Commands, drop), add...) }
	}
	both := func(changes ...func(*Profile)) func(*Profile) {
		return func(p *Profile) {
			for _, change := range changes {
				change(p)
			}
		}
	}
	versions := func(v ...string) func(*Profile) { return func(p *Profile) { p.Versions = v } }
	const plain, draft, bio = "fido2.0", "fido2.1-pre", "biometric"
	tests := []struct {
		profile string
		change  func(*Profile)
		want    string // in the error; empty: none
	}{
		// Lists and numbers.
		{DefaultProfile, versions("FIDO_2_0", "FIDO_2_9"), "versions"},
		{DefaultProfile, versions("FIDO_2_0", "FIDO_2_0"), "versions: one is there twice"},
		{DefaultProfile, options(map[string]bool{"rk": true}), "options: one is unknown"},
		{DefaultProfile, options(map[string]bool{"uvToken": true}), "options: one is unknown"},
		{DefaultProfile, options(map[string]bool{"alwaysUV": true}), "options: one is unknown"},
		{DefaultProfile, func(p *Profile) { p.TransportsForReset = []string{"nfc"} }, "transportsForReset: not all"},
		{DefaultProfile, func(p *Profile) { p.TransportsForReset = []string{"usb", "usb"} }, "transportsForReset: one"},
		{DefaultProfile, func(p *Profile) { p.Transports = []string{"usb", "usb"} }, "transports: one"},
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = []uint64{2, 2} }, "pinUvAuthProtocols: one"},
		{DefaultProfile, func(p *Profile) { p.Algorithms = []cose.ID{cose.ES256, cose.ES256} }, "algorithms: one"},
		{DefaultProfile, func(p *Profile) { p.AttestationFormats = []string{"packed", "packed"} }, "attestationFormats: one"},
		{DefaultProfile, func(p *Profile) { p.AttestationFormats = []string{"packed", "none"} }, `attestationFormats: "none"`},
		{DefaultProfile, commands(0, ctap.CommandGetInfo), "commands: one is there twice"},
		{DefaultProfile, func(p *Profile) { p.MaxInfoMember = 0x1d }, "maxInfoMember"},
		{DefaultProfile, func(p *Profile) { p.MaxInfoMember = 0x1e }, ""},
		{DefaultProfile, func(p *Profile) { p.MaxCredentialCountInList = -1 }, "maxCredentialCountInList"},
		{DefaultProfile, func(p *Profile) { p.DiscoverableCredentials = -1 }, "discoverableCredentials"},
		{DefaultProfile, func(p *Profile) { p.BackedUp = true }, "backedUp"},
		{DefaultProfile, func(p *Profile) { p.BackedUp, p.BackupEligible = true, true }, ""},

		// What versions make mandatory.
		{DefaultProfile, options(nil, ctap.OptionClientPIN), "needs clientPin or uv"},
		{DefaultProfile, both(options(nil, ctap.OptionCredMgmt), commands(ctap.CommandCredentialManagement)), "needs credMgmt"},
		{DefaultProfile, options(map[string]bool{ctap.OptionCredMgmt: false}), "needs credMgmt"},
		{DefaultProfile, options(map[string]bool{ctap.OptionPinUvAuthToken: false}), "needs pinUvAuthToken"},
		{"fido2.1", options(nil, ctap.OptionPinUvAuthToken), "needs pinUvAuthToken"},
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = []uint64{1} }, "FIDO_2_3 needs 2"},
		{"fido2.1", func(p *Profile) { p.PinUvAuthProtocols = []uint64{1} }, ""},
		{"fido2.1", commands(ctap.CommandSelection), "needs authenticatorSelection"},
		{draft, versions(ctap.VersionFIDO20), "previews are of FIDO_2_1_PRE"},
		{DefaultProfile, func(p *Profile) {
			p.DiscoverableCredentials = 0
			p.Commands = without(p.Commands, ctap.CommandGetNextAssertion)
		}, ""},

		// The PIN.
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = nil }, "pinUvAuthProtocols"},
		{plain, func(p *Profile) { p.PinUvAuthProtocols = nil }, "pinUvAuthProtocols: clientPin and uv need one"},
		{plain, both(options(nil, ctap.OptionClientPIN), func(p *Profile) { p.Extensions = nil }), "for neither clientPin, uv nor hmac-secret"},
		{plain, options(nil, ctap.OptionClientPIN), ""}, // hmac-secret
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = []uint64{2, 3} }, "pinUvAuthProtocols: not 1 or 2"},
		{plain, options(map[string]bool{ctap.OptionPinUvAuthToken: true}, ctap.OptionClientPIN), "pinUvAuthToken needs clientPin or uv"},
		{plain, func(p *Profile) { p.MinPINLength = 3 }, "minPINLength"},
		{plain, func(p *Profile) { p.MinPINLength = 64 }, "minPINLength"},
		{plain, func(p *Profile) { p.MaxPINLength = 7 }, "maxPINLength"},
		{plain, func(p *Profile) { p.MaxPINLength = 64 }, "maxPINLength"},
		{plain, func(p *Profile) { p.MinPINLength, p.MaxPINLength = 8, 8 }, ""},
		{plain, options(map[string]bool{ctap.OptionNoMcGaPermissionsWithClientPIN: true}, ctap.OptionClientPIN), "noMcGaPermissionsWithClientPin needs clientPin"},
		{plain, both(options(nil, ctap.OptionClientPIN), func(p *Profile) { p.PINComplexityPolicy = no() }), "pinComplexityPolicy: needs"},
		{plain, func(p *Profile) { p.PINComplexityPolicyURL = "https://example.com" }, "pinComplexityPolicyURL"},
		{plain, both(options(map[string]bool{ctap.OptionCredMgmt: true}), commands(0, ctap.CommandCredentialManagement)), "credMgmt needs pinUvAuthToken"},
		{"fido2.1", both(options(map[string]bool{ctap.OptionPerCredMgmtRO: true}, ctap.OptionCredMgmt), commands(ctap.CommandCredentialManagement)), "perCredMgmtRO needs credMgmt"},
		{draft, both(options(map[string]bool{ctap.OptionBioEnroll: false}), commands(0, ctap.CommandBioEnrollment)), "bioEnroll needs pinUvAuthToken"},

		// Built-in user verification.
		{bio, options(nil, ctap.OptionUV), "bioEnroll needs uv"},
		{draft, options(nil, ctap.OptionUV), "bioEnroll needs uv"},
		{bio, both(options(nil, ctap.OptionBioEnroll), commands(ctap.CommandBioEnrollment)), "uvBioEnroll needs bioEnroll"},
		{DefaultProfile, options(map[string]bool{ctap.OptionUVAcfg: true}), "uvAcfg needs uv"},
		{bio, func(p *Profile) { p.UVRetries = 0 }, "uvRetries"},
		{bio, func(p *Profile) { p.UVRetries = 26 }, "uvRetries"},
		{bio, func(p *Profile) { p.UVRetries = 25 }, ""},
		{bio, func(p *Profile) { p.UVModality = 0 }, "uvModality: none"},
		{bio, func(p *Profile) { p.UVModality |= passcodeExternal }, "uvModality: passcode_external"},

		// What is configured.
		{"platform", options(nil, ctap.OptionClientPIN), "setMinPINLength needs clientPin"},
		{"fido2.1", both(options(nil, ctap.OptionAuthnrCfg), commands(ctap.CommandConfig)), "setMinPINLength needs authnrCfg"},
		{DefaultProfile, func(p *Profile) { p.MaxRPIDsForSetMinPINLength = -1 }, "maxRPIDsForSetMinPINLength"},
		{DefaultProfile, func(p *Profile) { p.MaxRPIDsForSetMinPINLength = 0 }, ""},
		{plain, options(map[string]bool{ctap.OptionEP: false}), "ep needs authnrCfg"},
		{plain, func(p *Profile) { p.VendorPrototypeCommands = []uint64{} }, "vendorPrototypeConfigCommands"},
		{DefaultProfile, func(p *Profile) { p.MaxSerializedLargeBlobArray = 1023 }, "maxSerializedLargeBlobArray"},
		{DefaultProfile, func(p *Profile) { p.MaxSerializedLargeBlobArray = 1024 }, ""},

		// Commands.
		{"fido2.1", commands(ctap.CommandCredentialManagement), "credMgmt"},
		{plain, commands(0, ctap.CommandLargeBlobs), "largeBlobs"},
		{plain, commands(0, ctap.CommandConfig), "authnrCfg"},
		{plain, commands(0, ctap.CommandBioEnrollment), "bioEnroll"},
		{draft, commands(ctap.CommandCredentialManagementPreview), "credentialMgmtPreview"},
		{draft, commands(ctap.CommandBioEnrollmentPreview), "userVerificationMgmtPreview"},
		{plain, commands(ctap.CommandMakeCredential), "authenticatorMakeCredential is missing"},
		{plain, commands(ctap.CommandGetAssertion), "authenticatorGetAssertion is missing"},
		{plain, commands(ctap.CommandGetInfo), "authenticatorGetInfo is missing"},
		{plain, commands(ctap.CommandReset), "authenticatorReset is missing"},
		{plain, commands(ctap.CommandClientPIN), "authenticatorClientPIN goes with"},
		{plain, commands(ctap.CommandGetNextAssertion), "authenticatorGetNextAssertion"},
	}
	for _, tt := range tests {
		p, _ := ProfileByName(tt.profile)
		p.Commands = slices.Clone(p.Commands)
		tt.change(&p)
		err := p.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want an error about %q", tt.profile, err, tt.want)
		}
	}
}

// What a rule says begins with the name of the field to look at.
func TestEachProfileCheckHasItsName(t *testing.T) {
	for _, p := range Profiles() {
		for _, check := range p.featureChecks() {
			if field, _, ok := strings.Cut(check.what, ": "); !ok || strings.Contains(field, " ") {
				t.Errorf("%q does not begin with the name of a field", check.what)
			}
		}
	}
}
