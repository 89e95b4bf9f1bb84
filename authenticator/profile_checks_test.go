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
	noRK := func(p *Profile) { p.DiscoverableCredentials = 0 }
	unmanaged := both(options(nil, ctap.OptionCredMgmt, ctap.OptionPerCredMgmtRO), commands(ctap.CommandCredentialManagement), versions(ctap.VersionFIDO21))
	self := func(p *Profile) { p.AttestationType = AttestationSelf }
	const plain, draft, bio = "fido2.0", "fido2.1-pre", "biometric"
	tests := []struct {
		profile string
		change  func(*Profile)
		want    string // in the error; empty: none
	}{
		// Lists and numbers.
		{DefaultProfile, versions("FIDO_2_0", "FIDO_2_9"), `versions: "FIDO_2_9" is unknown`},
		{DefaultProfile, versions("FIDO_2_0", "FIDO_2_0"), `versions: "FIDO_2_0" is there twice`},
		{DefaultProfile, options(map[string]bool{"rk": true}), `options: "rk" is unknown`},
		{DefaultProfile, options(map[string]bool{"uvToken": true}), `options: "uvToken" is unknown`},
		{DefaultProfile, options(map[string]bool{"alwaysUV": true}), `options: "alwaysUV" is unknown`},
		{DefaultProfile, func(p *Profile) { p.TransportsForReset = []string{"nfc"} }, `transportsForReset: "nfc" is not one of transports`},
		{DefaultProfile, func(p *Profile) { p.TransportsForReset = []string{"usb", "usb"} }, `transportsForReset: "usb" is there twice`},
		{DefaultProfile, func(p *Profile) { p.Transports = []string{"usb", "usb"} }, `transports: "usb" is there twice`},
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = []uint64{2, 2} }, "pinUvAuthProtocols: 2 is there twice"},
		{DefaultProfile, func(p *Profile) { p.Algorithms = []cose.ID{cose.ES256, cose.ES256} }, "algorithms: -7 is there twice"},
		{DefaultProfile, func(p *Profile) { p.AttestationFormats = []string{"packed", "packed"} }, `attestationFormats: "packed" is there twice`},
		{DefaultProfile, func(p *Profile) { p.AttestationFormats = []string{"packed", "none"} }, `attestationFormats: "none"`},
		{DefaultProfile, commands(0, ctap.CommandGetInfo), "commands: authenticatorGetInfo is there twice"},
		{DefaultProfile, func(p *Profile) { p.Extensions = append(p.Extensions, "credBlob") }, `extensions: "credBlob" is there twice`},
		{DefaultProfile, func(p *Profile) { p.Transports = []string{"usb", "foo"} }, `transports: "foo" is unknown`},
		{DefaultProfile, func(p *Profile) { p.Transports, p.TransportsForReset = nil, nil }, ""},
		{DefaultProfile, func(p *Profile) { p.Transports = nil }, `transportsForReset: "usb" is not one of transports`},
		{DefaultProfile, func(p *Profile) { p.Extensions = append(p.Extensions, "appid") }, `extensions: "appid" is not implemented`},
		{DefaultProfile, func(p *Profile) { p.AAGUID = AAGUID{} }, "aaguid"},
		{DefaultProfile, func(p *Profile) { p.MaxInfoMember = 0x1d }, "maxInfoMember"},
		{DefaultProfile, func(p *Profile) { p.MaxInfoMember = 0x1e }, ""},
		{DefaultProfile, func(p *Profile) { p.MaxCredentialCountInList = -1 }, "maxCredentialCountInList"},
		{DefaultProfile, func(p *Profile) { p.MaxCredentialCountInList = 205 }, ""},
		{DefaultProfile, func(p *Profile) { p.MaxCredentialCountInList = 206 }, "maxCredentialCountInList: so many do not fit"},
		{DefaultProfile, func(p *Profile) { p.MaxCredBlobLength = 3804 }, ""},
		{DefaultProfile, func(p *Profile) { p.MaxCredBlobLength = 3805 }, "maxCredBlobLength: more than half"},
		{plain, func(p *Profile) { p.MaxCredBlobLength = 3805 }, ""}, // and no credBlob
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
		{DefaultProfile, versions(ctap.VersionU2FV2), "versions: commands need FIDO_2_0"},
		{DefaultProfile, func(p *Profile) { p.Commands = nil }, `versions: "FIDO_2_0" needs commands`},
		{DefaultProfile, both(versions(ctap.VersionU2FV2), func(p *Profile) { p.Commands = nil }), "options: not of a key that speaks U2F alone"},
		{"u2f", versions(ctap.VersionU2FV2, ctap.VersionFIDO20), `versions: "FIDO_2_0" needs commands`},
		{"u2f", versions(ctap.VersionFIDO20), `versions: "FIDO_2_0" needs commands`},
		{"u2f", options(map[string]bool{ctap.OptionCredMgmt: true}), "options: not of"},
		{"u2f", func(p *Profile) { p.Extensions = []string{"credProtect"} }, "extensions: not of"},
		{"u2f", func(p *Profile) { p.Algorithms = []cose.ID{cose.ES256} }, "algorithms: not of"},
		{"u2f", func(p *Profile) { p.PinUvAuthProtocols = []uint64{2} }, "pinUvAuthProtocols: not of"},
		{"u2f", func(p *Profile) { p.AttestationFormats = []string{"packed"} }, "attestationFormats: not of"},
		{"u2f", func(p *Profile) { p.AttestationType = AttestationSelf }, "attestationType: not of"},
		{"u2f", func(p *Profile) { p.DiscoverableCredentials = 1 }, "discoverableCredentials: not of"},
		{"u2f", func(p *Profile) { p.LongTouchForReset = no() }, "longTouchForReset: not of"},
		{"u2f", func(p *Profile) { p.PINComplexityPolicy = no() }, "pinComplexityPolicy: not of"},
		{"u2f", func(p *Profile) { p.VendorPrototypeCommands = []uint64{} }, "vendorPrototypeConfigCommands: not of"},
		{"u2f", func(p *Profile) { p.EnterpriseRPIDs = []string{"example.com"} }, "enterpriseRpIds: not of"},
		{"u2f", func(p *Profile) { p.BackupEligible = true }, "backupEligible: not of"},

		// What only discoverable credentials have.
		{plain, func(p *Profile) {
			p.DiscoverableCredentials = 0
			p.Commands = without(p.Commands, ctap.CommandGetNextAssertion)
		}, ""},
		{DefaultProfile, noRK, "options: credMgmt needs discoverableCredentials"},
		{draft, noRK, "options: credentialMgmtPreview needs discoverableCredentials"},
		{"fido2.1", both(noRK, unmanaged), "options: largeBlobs needs discoverableCredentials"},
		{"large-blob-extension", both(noRK, unmanaged), "extensions: largeBlob needs discoverableCredentials"},
		{"fido2.1", both(noRK, unmanaged, options(nil, ctap.OptionLargeBlobs), commands(ctap.CommandLargeBlobs), func(p *Profile) {
			p.Extensions = without(p.Extensions, "largeBlobKey")
		}), "extensions: credBlob needs discoverableCredentials"},

		// Who vouches for credentials.
		{"platform", self, ""},
		{"platform", both(self, func(p *Profile) { p.AttestationFormats = nil }), ""},
		{"platform", both(self, func(p *Profile) { p.AttestationFormats = []string{"packed", "tpm"} }), "attestationFormats: only packed"},
		{DefaultProfile, self, "attestationType: U2F_V2 needs a certificate"},
		{"platform", both(self, options(map[string]bool{ctap.OptionEP: false})), "attestationType: option ep needs a certificate"},
		{"platform", func(p *Profile) { p.AttestationType = "" }, "attestationType: neither"},
		{DefaultProfile, func(p *Profile) { p.VendorPrototypeCommands = []uint64{0} }, "vendorPrototypeConfigCommands: 0 is none"},
		{DefaultProfile, func(p *Profile) { p.VendorPrototypeCommands = []uint64{1, 1} }, "vendorPrototypeConfigCommands: 1 is there twice"},

		// The PIN.
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = nil }, "pinUvAuthProtocols"},
		{plain, func(p *Profile) { p.PinUvAuthProtocols = nil }, "pinUvAuthProtocols: clientPin and uv need one"},
		{plain, both(options(nil, ctap.OptionClientPIN), func(p *Profile) { p.Extensions = nil }), "for neither clientPin, uv nor hmac-secret"},
		{plain, options(nil, ctap.OptionClientPIN), ""}, // hmac-secret
		{DefaultProfile, func(p *Profile) { p.PinUvAuthProtocols = []uint64{2, 3} }, "pinUvAuthProtocols: 3 is not implemented"},
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
		{plain, options(map[string]bool{ctap.OptionAlwaysUv: true}), ""}, // for good
		{plain, options(map[string]bool{ctap.OptionAlwaysUv: false}), "options: alwaysUv that is off needs authnrCfg"},
		{plain, options(map[string]bool{ctap.OptionAlwaysUv: true}, ctap.OptionClientPIN), "options: alwaysUv needs clientPin or uv"},
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
