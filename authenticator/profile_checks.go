package authenticator

import (
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// What authenticatorGetInfo says must not contradict itself (§6.4), a version
// promises features (§9), and what is claimed must be answered. These are the
// rules for profiles, by topic; those for extensions are beside Validate.

// featureChecks are all the rules of this file.
func (p *Profile) featureChecks() []profileCheck {
	if !p.CTAP2() {
		return nil
	}
	return slices.Concat(
		p.listChecks(), p.versionChecks(), p.pinChecks(), p.verificationChecks(), p.configChecks(), p.commandChecks(),
	)
}

// promises tells whether the key has what an option stands for. Some options
// say whether it is set up: those are a promise whatever their value.
func (p *Profile) promises(option string) bool {
	switch option {
	case ctap.OptionClientPIN, ctap.OptionUV, ctap.OptionBioEnroll, ctap.OptionUserVerificationMgmtPreview,
		ctap.OptionAlwaysUv, ctap.OptionEP:
		return p.has(option)
	}
	return p.Options[option]
}

// verifies tells whether the key can verify its user in some way.
func (p *Profile) verifies() bool {
	return p.promises(ctap.OptionClientPIN) || p.promises(ctap.OptionUV)
}

func (p *Profile) is(version string) bool { return slices.Contains(p.Versions, version) }

// knownVersions and knownOptions are those that a profile may list. rk and up
// are not a profile's to say, uvToken is of a draft that nobody speaks.
var (
	knownVersions = []string{
		ctap.VersionU2FV2, ctap.VersionFIDO20, ctap.VersionFIDO21Pre, ctap.VersionFIDO21, ctap.VersionFIDO23,
	}
	knownOptions = []string{
		ctap.OptionPlat, ctap.OptionClientPIN, ctap.OptionUV, ctap.OptionPinUvAuthToken,
		ctap.OptionNoMcGaPermissionsWithClientPIN, ctap.OptionLargeBlobs, ctap.OptionEP, ctap.OptionBioEnroll,
		ctap.OptionUserVerificationMgmtPreview, ctap.OptionUVBioEnroll, ctap.OptionAuthnrCfg, ctap.OptionUVAcfg,
		ctap.OptionCredMgmt, ctap.OptionPerCredMgmtRO, ctap.OptionCredentialMgmtPreview,
		ctap.OptionSetMinPINLength, ctap.OptionMakeCredUvNotRqd, ctap.OptionAlwaysUv,
	}
	lastMembers = []uint64{0x06, 0x0A, 0x15, 0x1E, 0x1F} // of the editions
)

// listChecks are about what stands in a list, and about numbers by themselves.
func (p *Profile) listChecks() []profileCheck {
	options := make([]string, 0, len(p.Options))
	for option := range p.Options {
		options = append(options, option)
	}
	return []profileCheck{
		{!within(p.Versions, knownVersions), "versions: one is unknown"},
		{!within(options, knownOptions), "options: one is unknown, or not a profile's to say"},
		{!within(p.TransportsForReset, p.Transports), "transportsForReset: not all are transports"},
		{repeats(p.Versions), "versions: one is there twice"},
		{repeats(p.PinUvAuthProtocols), "pinUvAuthProtocols: one is there twice"},
		{repeats(p.Transports), "transports: one is there twice"},
		{repeats(p.Algorithms), "algorithms: one is there twice"},
		{repeats(p.AttestationFormats), "attestationFormats: one is there twice"},
		{repeats(p.TransportsForReset), "transportsForReset: one is there twice"},
		{repeats(p.Commands), "commands: one is there twice"},
		{slices.Contains(p.AttestationFormats, "none"), `attestationFormats: "none" is understood, not listed`},
		{!slices.Contains(lastMembers, p.MaxInfoMember), "maxInfoMember: not the last of an edition (6, 10, 21, 30, 31)"},
		{p.MaxCredentialCountInList < 0, "maxCredentialCountInList: less than 0"},
		{p.DiscoverableCredentials < 0, "discoverableCredentials: less than 0"},
		{p.BackedUp && !p.BackupEligible, "backedUp: not without backupEligible"},
	}
}

// versionChecks are about the features that a version makes mandatory (§9).
func (p *Profile) versionChecks() []profileCheck {
	fido21 := p.is(ctap.VersionFIDO21) || p.is(ctap.VersionFIDO23)
	resident := p.is(ctap.VersionFIDO23) && p.DiscoverableCredentials > 0
	return []profileCheck{
		{resident && !p.verifies(), "options: FIDO_2_3 with discoverable credentials needs clientPin or uv"},
		{resident && !p.promises(ctap.OptionCredMgmt), "options: FIDO_2_3 with discoverable credentials needs credMgmt"},
		{fido21 && p.verifies() && !p.promises(ctap.OptionPinUvAuthToken), "options: FIDO_2_1 with user verification needs pinUvAuthToken"},
		{p.is(ctap.VersionFIDO23) && !slices.Contains(p.PinUvAuthProtocols, 2), "pinUvAuthProtocols: FIDO_2_3 needs 2"},
		{fido21 && !p.lists(ctap.CommandSelection), "commands: FIDO_2_1 needs authenticatorSelection"},
		{
			!p.is(ctap.VersionFIDO21Pre) && (p.lists(ctap.CommandBioEnrollmentPreview) || p.lists(ctap.CommandCredentialManagementPreview)),
			"commands: the previews are of FIDO_2_1_PRE",
		},
	}
}

// pinChecks are about the PIN, its protocols and tokens.
func (p *Profile) pinChecks() []profileCheck {
	pin, tokens := p.promises(ctap.OptionClientPIN), p.promises(ctap.OptionPinUvAuthToken)
	agrees := p.verifies() || p.extends("hmac-secret") // which agree on secrets by a protocol
	return []profileCheck{
		{p.verifies() && len(p.PinUvAuthProtocols) == 0, "pinUvAuthProtocols: clientPin and uv need one"},
		{!agrees && len(p.PinUvAuthProtocols) > 0, "pinUvAuthProtocols: for neither clientPin, uv nor hmac-secret"},
		{slices.ContainsFunc(p.PinUvAuthProtocols, func(n uint64) bool { return pinuv.ByNumber(n) == nil }), "pinUvAuthProtocols: not 1 or 2"},
		{tokens && !p.verifies(), "options: pinUvAuthToken needs clientPin or uv"},
		{pin && (p.MinPINLength < 4 || p.MinPINLength > p.MaxPINLength), "minPINLength: not between 4 and maxPINLength"},
		{pin && (p.MaxPINLength < 8 || p.MaxPINLength > pinMaxLength), "maxPINLength: not between 8 and 63"},
		{p.promises(ctap.OptionNoMcGaPermissionsWithClientPIN) && !pin, "options: noMcGaPermissionsWithClientPin needs clientPin"},
		{p.PINComplexityPolicy != nil && !pin, "pinComplexityPolicy: needs option clientPin"},
		{p.PINComplexityPolicy == nil && p.PINComplexityPolicyURL != "", "pinComplexityPolicyURL: of no pinComplexityPolicy"},
		{p.promises(ctap.OptionCredMgmt) && !tokens, "options: credMgmt needs pinUvAuthToken"},
		{p.promises(ctap.OptionPerCredMgmtRO) && !p.promises(ctap.OptionCredMgmt), "options: perCredMgmtRO needs credMgmt"},
		{p.promises(ctap.OptionBioEnroll) && !tokens, "options: bioEnroll needs pinUvAuthToken"},
	}
}

// verificationChecks are about built-in user verification.
func (p *Profile) verificationChecks() []profileCheck {
	uv := p.promises(ctap.OptionUV)
	enrolls := p.promises(ctap.OptionBioEnroll) || p.promises(ctap.OptionUserVerificationMgmtPreview)
	return []profileCheck{
		{enrolls && !uv, "options: bioEnroll needs uv"},
		{p.promises(ctap.OptionUVBioEnroll) && !p.promises(ctap.OptionBioEnroll), "options: uvBioEnroll needs bioEnroll"},
		{p.promises(ctap.OptionUVAcfg) && (!uv || !p.promises(ctap.OptionAuthnrCfg)), "options: uvAcfg needs uv and authnrCfg"},
		{uv && (p.UVRetries < 1 || p.UVRetries > 25), "uvRetries: not between 1 and 25"},
		{uv && p.UVModality == 0, "uvModality: none, with option uv"},
		{p.UVModality&passcodeExternal != 0, "uvModality: passcode_external is clientPin, not built in"},
	}
}

// configChecks are about authenticatorConfig and what it sets.
func (p *Profile) configChecks() []profileCheck {
	config, minPIN := p.promises(ctap.OptionAuthnrCfg), p.promises(ctap.OptionSetMinPINLength)
	return []profileCheck{
		{minPIN && !p.promises(ctap.OptionClientPIN), "options: setMinPINLength needs clientPin"},
		{minPIN && !config, "options: setMinPINLength needs authnrCfg"},
		{minPIN && p.MaxRPIDsForSetMinPINLength < 0, "maxRPIDsForSetMinPINLength: less than 0"},
		{p.promises(ctap.OptionEP) && !config, "options: ep needs authnrCfg"},
		{p.VendorPrototypeCommands != nil && !config, "vendorPrototypeConfigCommands: need option authnrCfg"},
		{
			p.promises(ctap.OptionLargeBlobs) && p.MaxSerializedLargeBlobArray < minLargeBlobRoom,
			"maxSerializedLargeBlobArray: less than 1024",
		},
	}
}

// optionCommands are the commands that stand and fall with an option.
var optionCommands = []struct {
	option  string
	command ctap.Command
	what    string
}{
	{ctap.OptionCredMgmt, ctap.CommandCredentialManagement, "commands: authenticatorCredentialManagement goes with option credMgmt"},
	{ctap.OptionLargeBlobs, ctap.CommandLargeBlobs, "commands: authenticatorLargeBlobs goes with option largeBlobs"},
	{ctap.OptionAuthnrCfg, ctap.CommandConfig, "commands: authenticatorConfig goes with option authnrCfg"},
	{ctap.OptionBioEnroll, ctap.CommandBioEnrollment, "commands: authenticatorBioEnrollment goes with option bioEnroll"},
	{ctap.OptionCredentialMgmtPreview, ctap.CommandCredentialManagementPreview, "commands: 41 goes with option credentialMgmtPreview"},
	{ctap.OptionUserVerificationMgmtPreview, ctap.CommandBioEnrollmentPreview, "commands: 40 goes with option userVerificationMgmtPreview"},
}

// commandChecks are about the commands that what is claimed needs.
func (p *Profile) commandChecks() []profileCheck {
	var checks []profileCheck
	for _, row := range optionCommands {
		checks = append(checks, profileCheck{p.promises(row.option) != p.lists(row.command), row.what})
	}
	for _, id := range []ctap.Command{ctap.CommandMakeCredential, ctap.CommandGetAssertion, ctap.CommandGetInfo, ctap.CommandReset} {
		checks = append(checks, profileCheck{!p.lists(id), "commands: " + id.String() + " is missing"})
	}
	agrees := len(p.PinUvAuthProtocols) > 0
	return append(checks,
		profileCheck{agrees != p.lists(ctap.CommandClientPIN), "commands: authenticatorClientPIN goes with pinUvAuthProtocols"},
		profileCheck{
			p.DiscoverableCredentials > 0 && !p.lists(ctap.CommandGetNextAssertion),
			"commands: discoverable credentials need authenticatorGetNextAssertion",
		},
	)
}

// lists tells whether a command is among the profile's.
func (p *Profile) lists(id ctap.Command) bool { return slices.Contains(p.Commands, id) }

// within tells whether all of some are among all.
func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// repeats tells whether an item is in list twice.
func repeats[T comparable](list []T) bool {
	for i, item := range list {
		if slices.Contains(list[:i], item) {
			return true
		}
	}
	return false
}
