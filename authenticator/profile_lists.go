package authenticator

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// What may stand in a list of a profile, and which numbers make sense by
// themselves.

// The names that a profile may list. rk and up are not a profile's to say, uvToken
// is of a draft that nobody speaks. Transports are those of WebAuthn §5.8.4.
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
	knownTransports = []string{
		ctap.TransportUSB, ctap.TransportNFC, "ble", "smart-card", "hybrid", ctap.TransportInternal,
	}
	lastMembers = []uint64{0x06, 0x0A, 0x15, 0x1E, 0x1F} // of the editions
)

// item is the rule that no item of a list is bad; what says how a bad one is.
func item[T any](field string, list []T, bad func(T) bool, what string) profileCheck {
	i := slices.IndexFunc(list, bad)
	if i < 0 {
		return profileCheck{what: field + ": one " + what}
	}
	return profileCheck{true, field + ": " + itemText(list[i]) + " " + what}
}

// itemText returns an item of a list as a message has it.
func itemText(item any) string {
	if text, ok := item.(string); ok {
		return strconv.Quote(text)
	}
	return fmt.Sprint(item)
}

// twice is the rule that no item is in a list twice.
func twice[T comparable](field string, list []T) profileCheck {
	seen := make(map[T]bool)
	again := func(x T) bool {
		defer func() { seen[x] = true }()
		return seen[x]
	}
	return item(field, list, again, "is there twice")
}

// noneOf returns a test for what is not among all.
func noneOf[T comparable](all []T) func(T) bool {
	return func(x T) bool { return !slices.Contains(all, x) }
}

// itemChecks are about what stands in a list.
func (p *Profile) itemChecks() []profileCheck {
	options := make([]string, 0, len(p.Options))
	for option := range p.Options {
		options = append(options, option)
	}
	slices.Sort(options)
	const strange, undone = "is unknown", "is not implemented"
	return []profileCheck{
		item("versions", p.Versions, noneOf(knownVersions), strange),
		item("options", options, noneOf(knownOptions), "is unknown, or not a profile's to say"),
		item("transports", p.Transports, noneOf(knownTransports), strange),
		item("transportsForReset", p.TransportsForReset, noneOf(p.Transports), "is not one of transports"),
		item("pinUvAuthProtocols", p.PinUvAuthProtocols, func(n uint64) bool { return pinuv.ByNumber(n) == nil }, undone),
		item("algorithms", p.Algorithms, func(id cose.ID) bool { return cose.ByID(id) == nil }, undone),
		item("attestationFormats", p.AttestationFormats, func(name string) bool { return attestation.ByName(name) == nil }, undone),
		item("extensions", p.Extensions, func(name string) bool { return extensionByName(name) == nil }, undone),
		item("commands", p.Commands, func(c ctap.Command) bool { return commands[c].run == nil }, undone),
	}
}

// listChecks are about lists as a whole.
func (p *Profile) listChecks() []profileCheck {
	return []profileCheck{
		twice("versions", p.Versions),
		twice("extensions", p.Extensions),
		twice("pinUvAuthProtocols", p.PinUvAuthProtocols),
		twice("transports", p.Transports),
		twice("algorithms", p.Algorithms),
		twice("attestationFormats", p.AttestationFormats),
		twice("transportsForReset", p.TransportsForReset),
		twice("commands", p.Commands),
		twice("vendorPrototypeConfigCommands", p.VendorPrototypeCommands),
		{slices.Contains(p.AttestationFormats, "none"), `attestationFormats: "none" is understood, not listed`},
	}
}

// leastDescriptor is the length of the shortest PublicKeyCredentialDescriptor, with
// an ID of 16 bytes (WebAuthn §4, credential ID).
const leastDescriptor = 37

// limitChecks are about numbers, and about what fits a message.
func (p *Profile) limitChecks() []profileCheck {
	return []profileCheck{
		{!slices.Contains(lastMembers, p.MaxInfoMember), "maxInfoMember: not the last of an edition (6, 10, 21, 30, 31)"},
		{p.MaxCredentialCountInList < 0, "maxCredentialCountInList: less than 0"},
		{p.MaxCredentialCountInList > int(p.MaxMsgSize)/leastDescriptor, "maxCredentialCountInList: so many do not fit maxMsgSize"},
		{p.extends("credBlob") && p.MaxCredBlobLength > int(p.MaxMsgSize)/2, "maxCredBlobLength: more than half of maxMsgSize"},
		{p.DiscoverableCredentials < 0, "discoverableCredentials: less than 0"},
		{p.BackedUp && !p.BackupEligible, "backedUp: not without backupEligible"},
	}
}
