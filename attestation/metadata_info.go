package attestation

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// metadataInfo is an AuthenticatorGetInfo dictionary of a metadata statement: it
// has a name for each number of the CTAP map. It is made from the map itself, so
// that it has the members that the key sends, and those alone.
type metadataInfo struct {
	Versions                         []string            `cbor:"1,keyasint" json:"versions"`
	Extensions                       []string            `cbor:"2,keyasint" json:"extensions,omitempty"`
	AAGUID                           hexadecimal         `cbor:"3,keyasint" json:"aaguid"`
	Options                          map[string]bool     `cbor:"4,keyasint" json:"options,omitempty"`
	MaxMsgSize                       uint64              `cbor:"5,keyasint" json:"maxMsgSize,omitempty"`
	PinUvAuthProtocols               []uint64            `cbor:"6,keyasint" json:"pinUvAuthProtocols,omitempty"`
	MaxCredentialCountInList         uint64              `cbor:"7,keyasint" json:"maxCredentialCountInList,omitempty"`
	MaxCredentialIDLength            uint64              `cbor:"8,keyasint" json:"maxCredentialIdLength,omitempty"`
	Transports                       []string            `cbor:"9,keyasint" json:"transports,omitempty"`
	Algorithms                       []metadataAlgorithm `cbor:"10,keyasint" json:"algorithms,omitempty"`
	MaxSerializedLargeBlobArray      uint64              `cbor:"11,keyasint" json:"maxSerializedLargeBlobArray,omitempty"`
	ForcePINChange                   *bool               `cbor:"12,keyasint" json:"forcePINChange,omitempty"`
	MinPINLength                     uint64              `cbor:"13,keyasint" json:"minPINLength,omitempty"`
	FirmwareVersion                  uint64              `cbor:"14,keyasint" json:"firmwareVersion,omitempty"`
	MaxCredBlobLength                uint64              `cbor:"15,keyasint" json:"maxCredBlobLength,omitempty"`
	MaxRPIDsForSetMinPINLength       *uint64             `cbor:"16,keyasint" json:"maxRPIDsForSetMinPINLength,omitempty"`
	PreferredPlatformUvAttempts      uint64              `cbor:"17,keyasint" json:"preferredPlatformUvAttempts,omitempty"`
	UVModality                       uint64              `cbor:"18,keyasint" json:"uvModality,omitempty"`
	Certifications                   map[string]uint64   `cbor:"19,keyasint" json:"certifications,omitempty"`
	RemainingDiscoverableCredentials *uint64             `cbor:"20,keyasint" json:"remainingDiscoverableCredentials,omitempty"`
	VendorPrototypeConfigCommands    []uint64            `cbor:"21,keyasint" json:"vendorPrototypeConfigCommands,omitzero"`
	AttestationFormats               []string            `cbor:"22,keyasint" json:"attestationFormats,omitempty"`
	UVCountSinceLastPINEntry         *uint64             `cbor:"23,keyasint" json:"uvCountSinceLastPinEntry,omitempty"`
	LongTouchForReset                *bool               `cbor:"24,keyasint" json:"longTouchForReset,omitempty"`
	EncIdentifier                    withheld            `cbor:"25,keyasint" json:"encIdentifier,omitempty"`
	TransportsForReset               []string            `cbor:"26,keyasint" json:"transportsForReset,omitempty"`
	PINComplexityPolicy              *bool               `cbor:"27,keyasint" json:"pinComplexityPolicy,omitempty"`
	PINComplexityPolicyURL           []byte              `cbor:"28,keyasint" json:"pinComplexityPolicyURL,omitempty"`
	MaxPINLength                     uint64              `cbor:"29,keyasint" json:"maxPINLength,omitempty"`
	EncCredStoreState                withheld            `cbor:"30,keyasint" json:"encCredStoreState,omitempty"`
	AuthenticatorConfigCommands      []uint64            `cbor:"31,keyasint" json:"authenticatorConfigCommands,omitempty"`
}

type metadataAlgorithm struct {
	Type string  `cbor:"type" json:"type"`
	ID   cose.ID `cbor:"alg" json:"alg"`
}

// hexadecimal is bytes that JSON has as hexadecimal digits.
type hexadecimal []byte

func (h hexadecimal) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// withheld is bytes that tell one key from another, which metadata must not: if
// there are any, JSON has an empty string for them.
type withheld []byte

func (withheld) MarshalText() ([]byte, error) { return nil, nil }

// info returns the key's getInfo as metadata have it; no members for a key that
// knows U2F alone.
func (m *Metadata) info() (*metadataInfo, error) {
	if m.Info == nil {
		return &metadataInfo{}, nil
	}
	answer, err := ctap.Marshal(m.Info)
	if err != nil {
		return nil, err
	}
	return parseInfo(answer)
}

// parseInfo returns the answer to authenticatorGetInfo as metadata have it.
func parseInfo(answer []byte) (*metadataInfo, error) {
	info := new(metadataInfo)
	if err := ctap.Unmarshal(answer, info); err != nil {
		return nil, fmt.Errorf("authenticatorGetInfo: %w", err)
	}
	// These tell of a key's state; of a model, they tell what it can do.
	for _, option := range []string{"bioEnroll", "clientPin", "ep", "userVerificationMgmtPreview", "uv"} {
		if _, ok := info.Options[option]; ok {
			info.Options[option] = true
		}
	}
	return info, nil
}

func (i *metadataInfo) isFIDO2() bool {
	return len(i.AAGUID) == 16 && slices.ContainsFunc(i.AAGUID, func(b byte) bool { return b != 0 })
}

// upv returns the versions of CTAP, by the unified numbering in which CTAP 2.n
// is 1.n.
func (i *metadataInfo) upv() []protocolVersion {
	upv := []protocolVersion{}
	for _, v := range []struct {
		name  string
		minor int
	}{{"FIDO_2_0", 0}, {"FIDO_2_1", 1}, {"FIDO_2_3", 3}} {
		if slices.Contains(i.Versions, v.name) {
			upv = append(upv, protocolVersion{1, v.minor})
		}
	}
	return upv
}

// algorithms returns those that the key lists.
func (i *metadataInfo) algorithms() (ids []cose.ID) {
	for _, a := range i.Algorithms {
		ids = append(ids, a.ID)
	}
	return ids
}

// registryNames returns the algorithms that FIDO's registry has a name for. Some
// share theirs.
func registryNames(ids []cose.ID) (names []string) {
	for _, id := range ids {
		if name := cose.RegistryName(id); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// attestationTypes returns the types of the formats that the key has; packed,
// if it names none (§6.4, attestationFormats).
func (i *metadataInfo) attestationTypes() (types []string) {
	formats := i.AttestationFormats
	if len(formats) == 0 {
		formats = []string{(packed{}).Name()}
	}
	for _, name := range formats {
		f := ByName(name)
		if f == nil {
			continue
		}
		for _, t := range f.attestationTypes() {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	return types
}

// attachmentHint says how the key is connected; by USB, if it does not say.
func (i *metadataInfo) attachmentHint() []string {
	switch {
	case slices.Contains(i.Transports, "internal"):
		return []string{"internal"}
	case slices.Contains(i.Transports, "usb") || len(i.Transports) == 0:
		return []string{"external", "wired"}
	case slices.Contains(i.Transports, "smart-card"):
		return []string{"external", "wired", "smart-card"}
	}
	return []string{"external", "wireless"}
}
