package authenticator

import (
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// What authenticatorGetInfo says must not contradict itself (§6.4), a version
// promises features (§9), and what is claimed must be answered. These are the
// rules for profiles, by topic; those for extensions are beside Validate.

// featureChecks are all the rules of this file.
func (p *Profile) featureChecks() []profileCheck {
	if !p.CTAP2() {
		return p.u2fChecks()
	}
	return slices.Concat(
		p.listChecks(), p.limitChecks(), p.versionChecks(), p.storageChecks(), p.pinChecks(),
		p.verificationChecks(), p.configChecks(), p.commandChecks(), p.attestationChecks(),
	)
}

// u2fChecks are about a key that speaks U2F alone, as one without commands does:
// nobody can ask it for anything else.
func (p *Profile) u2fChecks() []profileCheck {
	checks := []profileCheck{item("versions", p.Versions, isFIDO2, "needs commands")}
	for _, field := range []struct {
		set  bool
		name string
	}{
		{len(p.Options) > 0, "options"},
		{len(p.Extensions) > 0, "extensions"},
		{len(p.Algorithms) > 0, "algorithms"},
		{len(p.PinUvAuthProtocols) > 0, "pinUvAuthProtocols"},
		{len(p.AttestationFormats) > 0, "attestationFormats"},
		{p.AttestationType != AttestationBasic, "attestationType"},
		{p.DiscoverableCredentials > 0, "discoverableCredentials"},
		{p.LongTouchForReset != nil, "longTouchForReset"},
		{p.PINComplexityPolicy != nil, "pinComplexityPolicy"},
		{p.VendorPrototypeCommands != nil, "vendorPrototypeConfigCommands"},
		{len(p.EnterpriseRPIDs) > 0, "enterpriseRpIds"},
		{p.BackupEligible, "backupEligible"},
	} {
		checks = append(checks, profileCheck{field.set, field.name + ": not of a key that speaks U2F alone, as one without commands does"})
	}
	return checks
}

// storageChecks are about what is kept with discoverable credentials alone
// (§6.8, §12.2 to §12.4).
func (p *Profile) storageChecks() []profileCheck {
	none := p.DiscoverableCredentials == 0
	const need = " needs discoverableCredentials"
	return []profileCheck{
		{none && p.promises(ctap.OptionCredMgmt), "options: credMgmt" + need},
		{none && p.promises(ctap.OptionCredentialMgmtPreview), "options: credentialMgmtPreview" + need},
		{none && p.promises(ctap.OptionLargeBlobs), "options: largeBlobs" + need},
		{none && p.extends("largeBlob"), "extensions: largeBlob" + need},
		{none && p.extends("credBlob"), "extensions: credBlob" + need},
	}
}

// attestationChecks are about who vouches for new credentials. Only the format
// packed has self attestation (WebAuthn §8), U2F and enterprise attestation have
// none.
func (p *Profile) attestationChecks() []profileCheck {
	self := p.AttestationType == AttestationSelf
	return []profileCheck{
		{self && slices.ContainsFunc(p.AttestationFormats, certified), "attestationFormats: only packed has self attestation"},
		{self && p.U2F(), "attestationType: U2F_V2 needs a certificate, not self attestation: leave it out of versions"},
		{self && p.promises(ctap.OptionEP), "attestationType: option ep needs a certificate, not self attestation"},
	}
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

// isFIDO2 tells whether a version is one of CTAP2.
func isFIDO2(version string) bool { return version != ctap.VersionU2FV2 }

// certified tells whether the statements of a format need a certificate.
func certified(format string) bool { return format != packed }

// versionChecks are about the features that a version makes mandatory (§9).
func (p *Profile) versionChecks() []profileCheck {
	fido21 := p.is(ctap.VersionFIDO21) || p.is(ctap.VersionFIDO23)
	resident := p.is(ctap.VersionFIDO23) && p.DiscoverableCredentials > 0
	return []profileCheck{
		{!slices.ContainsFunc(p.Versions, isFIDO2), "versions: commands need FIDO_2_0, FIDO_2_1 or FIDO_2_3"},
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

// configChecks are about authenticatorConfig and what it sets. alwaysUv may be on
// for good, for its subcommand is optional (§7.2); off for good is no feature.
func (p *Profile) configChecks() []profileCheck {
	config, minPIN := p.promises(ctap.OptionAuthnrCfg), p.promises(ctap.OptionSetMinPINLength)
	return []profileCheck{
		{minPIN && !p.promises(ctap.OptionClientPIN), "options: setMinPINLength needs clientPin"},
		{minPIN && !config, "options: setMinPINLength needs authnrCfg"},
		{minPIN && p.MaxRPIDsForSetMinPINLength < 0, "maxRPIDsForSetMinPINLength: less than 0"},
		{p.promises(ctap.OptionEP) && !config, "options: ep needs authnrCfg"},
		{p.VendorPrototypeCommands != nil && !config, "vendorPrototypeConfigCommands: need option authnrCfg"},
		{slices.Contains(p.VendorPrototypeCommands, 0), "vendorPrototypeConfigCommands: 0 is none"},
		{
			p.promises(ctap.OptionLargeBlobs) && p.MaxSerializedLargeBlobArray < minLargeBlobRoom,
			"maxSerializedLargeBlobArray: less than 1024",
		},
		{p.promises(ctap.OptionAlwaysUv) && !p.verifies(), "options: alwaysUv needs clientPin or uv"},
		{p.promises(ctap.OptionAlwaysUv) && !p.Options[ctap.OptionAlwaysUv] && !config, "options: alwaysUv that is off needs authnrCfg"},
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
