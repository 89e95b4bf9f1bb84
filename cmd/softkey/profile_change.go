package main

import (
	"maps"
	"slices"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// What a flag makes of a profile. The maps and lists of the profile that comes in
// are not changed.

// What a key has that gains user verification, where its profile does not say:
// a fingerprint sensor (FIDO Registry of Predefined Values §3.1).
const (
	fingerprintInternal = 0x02
	builtInUVRetries    = 5
)

// withVerification returns p with built-in user verification.
func withVerification(p authenticator.Profile) authenticator.Profile {
	if _, has := p.Options[ctap.OptionUV]; has {
		return p
	}
	p.Options = maps.Clone(p.Options)
	p.Options[ctap.OptionUV] = false // until the key says that it is set up
	if p.Options[ctap.OptionAuthnrCfg] {
		p.Options[ctap.OptionUVAcfg] = true
	}
	if p.UVModality == 0 {
		p.UVModality = fingerprintInternal
	}
	if p.UVRetries == 0 {
		p.UVRetries = builtInUVRetries
	}
	return p
}

// withoutClientPIN returns p without a PIN, and without what only a PIN is good
// for. Where the key cannot verify its user otherwise, there are no tokens, and
// what needs one goes as well. Extension hmac-secret keeps its key agreement,
// which is of the same command; the key is none of CTAP 2.3 then, unless it has no
// discoverable credentials (§9).
func withoutClientPIN(p authenticator.Profile, verifies bool) authenticator.Profile {
	p.Options = maps.Clone(p.Options)
	p = dropOptions(p, ctap.OptionClientPIN, ctap.OptionNoMcGaPermissionsWithClientPIN, ctap.OptionSetMinPINLength,
		ctap.OptionBioEnroll, ctap.OptionUVBioEnroll, ctap.OptionUserVerificationMgmtPreview)
	p = dropCommands(p, ctap.CommandBioEnrollment, ctap.CommandBioEnrollmentPreview)
	p.Extensions = except(p.Extensions, "minPinLength", "pinComplexityPolicy")
	p.MinPINLength, p.MaxPINLength, p.MaxRPIDsForSetMinPINLength = 0, 0, 0
	p.PINComplexityPolicy, p.PINComplexityPolicyURL = nil, ""
	if verifies {
		return p
	}
	if p.DiscoverableCredentials > 0 {
		p.Versions = except(p.Versions, ctap.VersionFIDO23)
	}
	p = dropOptions(p, ctap.OptionUV, ctap.OptionPinUvAuthToken, ctap.OptionCredMgmt, ctap.OptionPerCredMgmtRO,
		ctap.OptionCredentialMgmtPreview, ctap.OptionAlwaysUv, ctap.OptionUVAcfg)
	p = dropCommands(p, ctap.CommandCredentialManagement, ctap.CommandCredentialManagementPreview)
	if _, enterprise := p.Options[ctap.OptionEP]; !enterprise && p.LongTouchForReset == nil && p.VendorPrototypeCommands == nil {
		p = dropCommands(dropOptions(p, ctap.OptionAuthnrCfg), ctap.CommandConfig)
	}
	if !slices.Contains(p.Extensions, "hmac-secret") {
		p = dropCommands(p, ctap.CommandClientPIN)
		p.PinUvAuthProtocols = nil
	}
	return p
}

// dropOptions takes options out of p.Options.
func dropOptions(p authenticator.Profile, names ...string) authenticator.Profile {
	for _, name := range names {
		delete(p.Options, name)
	}
	return p
}

func dropCommands(p authenticator.Profile, commands ...ctap.Command) authenticator.Profile {
	p.Commands = except(p.Commands, commands...)
	return p
}

// except returns list without items.
func except[T comparable](list []T, items ...T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return slices.Contains(items, x) })
}
