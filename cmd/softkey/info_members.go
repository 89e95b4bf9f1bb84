package main

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// ctapInfo is the answer to authenticatorGetInfo, under the names of §6.4.
type ctapInfo struct {
	infoMembers
	AAGUID                 string          `json:"aaguid"`
	Algorithms             []infoAlgorithm `json:"algorithms,omitempty"`
	EncIdentifier          string          `json:"encIdentifier,omitempty"`     // hexadecimal
	EncCredStoreState      string          `json:"encCredStoreState,omitempty"` // likewise
	PINComplexityPolicyURL string          `json:"pinComplexityPolicyURL,omitempty"`
}

// infoMembers has the fields of [ctap.GetInfoResponse], of which it is made by
// conversion.
type infoMembers struct {
	Versions                         []string                    `json:"versions"`
	Extensions                       []string                    `json:"extensions,omitempty"`
	AAGUID                           []byte                      `json:"-"`
	Options                          map[string]bool             `json:"options,omitempty"`
	MaxMsgSize                       uint64                      `json:"maxMsgSize,omitempty"`
	PinUvAuthProtocols               []uint64                    `json:"pinUvAuthProtocols,omitempty"`
	MaxCredentialCountInList         uint64                      `json:"maxCredentialCountInList,omitempty"`
	MaxCredentialIDLength            uint64                      `json:"maxCredentialIdLength,omitempty"`
	Transports                       []string                    `json:"transports,omitempty"`
	Algorithms                       []ctap.CredentialParameters `json:"-"`
	MaxSerializedLargeBlobArray      uint64                      `json:"maxSerializedLargeBlobArray,omitempty"`
	ForcePINChange                   *bool                       `json:"forcePINChange,omitempty"`
	MinPINLength                     uint64                      `json:"minPINLength,omitempty"`
	FirmwareVersion                  uint64                      `json:"firmwareVersion,omitempty"`
	MaxCredBlobLength                uint64                      `json:"maxCredBlobLength,omitempty"`
	MaxRPIDsForSetMinPINLength       *uint64                     `json:"maxRPIDsForSetMinPINLength,omitempty"`
	PreferredPlatformUvAttempts      uint64                      `json:"preferredPlatformUvAttempts,omitempty"`
	UVModality                       uint64                      `json:"uvModality,omitempty"`
	Certifications                   map[string]uint64           `json:"certifications,omitempty"`
	RemainingDiscoverableCredentials *uint64                     `json:"remainingDiscoverableCredentials,omitempty"`
	VendorPrototypeConfigCommands    []uint64                    `json:"vendorPrototypeConfigCommands,omitzero"`
	AttestationFormats               []string                    `json:"attestationFormats,omitempty"`
	UVCountSinceLastPINEntry         *uint64                     `json:"uvCountSinceLastPinEntry,omitempty"`
	LongTouchForReset                *bool                       `json:"longTouchForReset,omitempty"`
	EncIdentifier                    []byte                      `json:"-"`
	TransportsForReset               []string                    `json:"transportsForReset,omitempty"`
	PINComplexityPolicy              *bool                       `json:"pinComplexityPolicy,omitempty"`
	PINComplexityPolicyURL           []byte                      `json:"-"`
	MaxPINLength                     uint64                      `json:"maxPINLength,omitempty"`
	EncCredStoreState                []byte                      `json:"-"`
	AuthenticatorConfigCommands      []uint64                    `json:"authenticatorConfigCommands,omitempty"`
}

type infoAlgorithm struct {
	Type string `json:"type"`
	Alg  int64  `json:"alg"`
}

func newCTAPInfo(r *ctap.GetInfoResponse) *ctapInfo {
	if r == nil {
		return nil
	}
	i := &ctapInfo{
		infoMembers: infoMembers(*r), AAGUID: uuid(r.AAGUID),
		EncIdentifier: hex.EncodeToString(r.EncIdentifier), EncCredStoreState: hex.EncodeToString(r.EncCredStoreState),
		PINComplexityPolicyURL: string(r.PINComplexityPolicyURL),
	}
	for _, a := range r.Algorithms {
		i.Algorithms = append(i.Algorithms, infoAlgorithm{a.Type, a.Algorithm})
	}
	return i
}

// print writes the members that the key has, in the order of the specification
// but for what people look for first.
func (i *ctapInfo) print(line func(title, value string)) {
	line("CTAP versions", strings.Join(i.Versions, " "))
	line("extensions", strings.Join(i.Extensions, " "))
	line("AAGUID", i.AAGUID+model(i.AAGUID))
	line("options", options(i.Options))
	line("algorithms", list(i.Algorithms, func(a infoAlgorithm) string { return algorithmName(cose.ID(a.Alg)) }))
	line("attestation formats", strings.Join(i.AttestationFormats, " "))
	line("certifications", list(slices.Sorted(maps.Keys(i.Certifications)), func(name string) string {
		return name + "=" + strconv.FormatUint(i.Certifications[name], 10)
	}))
	line("transports", strings.Join(i.Transports, " "))
	line("firmware", number(i.FirmwareVersion))
	i.printVerification(line)
	i.printLimits(line)
	line("reset over", strings.Join(i.TransportsForReset, " "))
	line("reset by a long touch", yesNo(i.LongTouchForReset))
	line("config commands", list(i.AuthenticatorConfigCommands, hexNumber))
	line("vendor config commands", i.vendorCommands())
	line("encrypted identifier", i.EncIdentifier)
	line("encrypted state", i.EncCredStoreState)
}

// printVerification writes what concerns PINs, and the key's own verification of
// its user.
func (i *ctapInfo) printVerification(line func(title, value string)) {
	line("PIN protocols", list(i.PinUvAuthProtocols, number))
	line("least PIN length", number(i.MinPINLength))
	line("longest PIN", number(i.MaxPINLength))
	line("PIN must be changed", yesNo(i.ForcePINChange))
	line("PIN complexity policy", yesNo(i.PINComplexityPolicy))
	line("PIN complexity page", i.PINComplexityPolicyURL)
	line("sites told of the least PIN", present(i.MaxRPIDsForSetMinPINLength))
	line("verification methods", modalities(i.UVModality))
	line("verification attempts", number(i.PreferredPlatformUvAttempts))
	line("verifications since PIN", present(i.UVCountSinceLastPINEntry))
}

// printLimits writes what bounds messages and memory, in bytes or entries.
func (i *ctapInfo) printLimits(line func(title, value string)) {
	line("longest message", number(i.MaxMsgSize))
	line("longest credential list", number(i.MaxCredentialCountInList))
	line("longest credential ID", number(i.MaxCredentialIDLength))
	line("largest large-blob array", number(i.MaxSerializedLargeBlobArray))
	line("longest credBlob", number(i.MaxCredBlobLength))
	line("room for credentials", present(i.RemainingDiscoverableCredentials))
}

// vendorCommands returns the IDs of vendorPrototype's commands; a key may have
// the feature and no command.
func (i *ctapInfo) vendorCommands() string {
	if i.VendorPrototypeConfigCommands != nil && len(i.VendorPrototypeConfigCommands) == 0 {
		return "none"
	}
	return list(i.VendorPrototypeConfigCommands, hexNumber)
}

// options returns the options of a key in order, those that are off as well.
func options(m map[string]bool) string {
	return list(slices.Sorted(maps.Keys(m)), func(name string) string {
		if m[name] {
			return name
		}
		return "no-" + name
	})
}

// uvModalities are the names of user verification methods, by their bits (FIDO
// Registry of Predefined Values §3.1).
var uvModalities = []struct {
	bit  uint64
	name string
}{
	{0x001, "presence"}, {0x002, "fingerprint"}, {0x004, "passcode"}, {0x008, "voice"}, {0x010, "face"},
	{0x020, "location"}, {0x040, "eye"}, {0x080, "pattern"}, {0x100, "hand"}, {0x200, "none"}, {0x400, "all"},
	{0x800, "passcode-external"}, {0x1000, "pattern-external"},
}

// modalities names the bits of uvModality, and returns those without a name as a
// number.
func modalities(bits uint64) string {
	var names []string
	for _, m := range uvModalities {
		if bits&m.bit != 0 {
			names = append(names, m.name)
			bits &^= m.bit
		}
	}
	if bits != 0 {
		names = append(names, hexNumber(bits))
	}
	return strings.Join(names, " ")
}

// number returns n in decimal, "" for the 0 that means absent.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// present returns n in decimal, "" where it is absent.
func present(n *uint64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatUint(*n, 10)
}

// hexNumber returns n as specifications write a command.
func hexNumber(n uint64) string { return fmt.Sprintf("%02X", n) }

// yesNo returns a word for b, "" where it is absent.
func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}
