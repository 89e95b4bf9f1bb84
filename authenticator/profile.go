package authenticator

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Profile is what a key claims to be and does: data, not code. Its JSON form is
// what `softkey run --profile FILE` reads.
type Profile struct {
	Name string `json:"name"`

	// USB identity.
	ProductName string `json:"productName"`
	VendorID    uint16 `json:"vendorId"`
	ProductID   uint16 `json:"productId"`

	// What authenticatorGetInfo says (§6.4), and what is answered. Options are
	// those of a new key; a name that is missing is a feature that is. rk and
	// up are not among them: the first follows from DiscoverableCredentials.
	Versions                    []string        `json:"versions"`
	Extensions                  []string        `json:"extensions"`
	AAGUID                      AAGUID          `json:"aaguid"`
	Options                     map[string]bool `json:"options"`
	Commands                    []ctap.Command  `json:"commands"`
	MaxMsgSize                  uint64          `json:"maxMsgSize"`
	PinUvAuthProtocols          []uint64        `json:"pinUvAuthProtocols"`
	MaxCredentialCountInList    int             `json:"maxCredentialCountInList"` // 0: no limit
	Transports                  []string        `json:"transports"`
	Algorithms                  []cose.ID       `json:"algorithms"` // most preferred first
	MaxSerializedLargeBlobArray int             `json:"maxSerializedLargeBlobArray"`
	MinPINLength                uint64          `json:"minPINLength"` // in code points
	MaxPINLength                uint64          `json:"maxPINLength"` // likewise
	MaxCredBlobLength           int             `json:"maxCredBlobLength"`
	MaxRPIDsForSetMinPINLength  int             `json:"maxRPIDsForSetMinPINLength"`
	UVRetries                   uint64          `json:"uvRetries"`
	UVModality                  uint64          `json:"uvModality"`
	DiscoverableCredentials     int             `json:"discoverableCredentials"` // how many fit; 0: option rk is false
	VendorPrototypeCommands     []uint64        `json:"vendorPrototypeConfigCommands"`
	AttestationFormats          []string        `json:"attestationFormats"` // the first is the default
	LongTouchForReset           *bool           `json:"longTouchForReset"`  // nil: not a feature
	TransportsForReset          []string        `json:"transportsForReset"`
	PINComplexityPolicy         *bool           `json:"pinComplexityPolicy"` // nil: not a feature
	PINComplexityPolicyURL      string          `json:"pinComplexityPolicyURL"`

	// MaxInfoMember is the last member of authenticatorGetInfo that the
	// profile's edition of CTAP knows: 06 for 2.0, 0A for the draft of 2.1, 15
	// for 2.1, 1E for 2.2, 1F for 2.3.
	MaxInfoMember uint64 `json:"maxInfoMember"`

	// EnterpriseRPIDs are the relying parties of vendor-facilitated enterprise
	// attestation (§7.1).
	EnterpriseRPIDs []string `json:"enterpriseRpIds"`

	// BackupEligible and BackedUp are the flags BE and BS of every credential.
	BackupEligible bool `json:"backupEligible"`
	BackedUp       bool `json:"backedUp"`

	// AttestationType says who vouches for new credentials (WebAuthn §6.5.4):
	// "basic" (the default), a certificate of the model, or "self", the
	// credential's own key.
	AttestationType string `json:"attestationType"`

	// Signatures is "rfc6979" (the default: no randomness in a signature) or
	// "hedged".
	Signatures string `json:"signatures"`

	// CTAPHID.
	Lock           bool `json:"lock"`           // answer CTAPHID_LOCK
	StrictChannels bool `json:"strictChannels"` // refuse channels that were not allocated
}

// The values of Profile.AttestationType.
const (
	AttestationBasic = "basic"
	AttestationSelf  = "self"
)

// The values of Profile.Signatures.
const (
	SignaturesRFC6979 = "rfc6979"
	SignaturesHedged  = "hedged"
)

// AAGUID names a model of authenticator. Its text form is a UUID.
type AAGUID [16]byte

// String returns the UUID, in lower case.
func (g AAGUID) String() string {
	h := hex.EncodeToString(g[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// MarshalText returns the UUID.
func (g AAGUID) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads a UUID.
func (g *AAGUID) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), "-", ""))
	if err != nil || len(b) != len(g) || len(text) != 36 {
		return fmt.Errorf("aaguid %q is not a UUID", text)
	}
	*g = AAGUID(b)
	return nil
}

// U2F tells whether the key speaks CTAP1.
func (p *Profile) U2F() bool { return slices.Contains(p.Versions, ctap.VersionU2FV2) }

// CTAP2 tells whether the key speaks CTAP2.
func (p *Profile) CTAP2() bool { return len(p.Commands) > 0 }

// has tells whether an option is a feature of the key, whatever its value.
func (p *Profile) has(option string) bool {
	_, ok := p.Options[option]
	return ok
}

// offers tells whether new credentials may use an algorithm.
func (p *Profile) offers(id cose.ID) bool { return slices.Contains(p.Algorithms, id) }

// backupFlags returns the flags BE and BS.
func (p *Profile) backupFlags() (f ctap.Flags) {
	if p.BackupEligible {
		f |= ctap.FlagBE
	}
	if p.BackedUp {
		f |= ctap.FlagBS
	}
	return f
}

// hidCeiling is the longest message of CTAPHID.
const hidCeiling = 7609

// profileCheck is one row of a table of rules.
type profileCheck struct {
	bad  bool
	what string
}

// Validate returns an error that names the first field which makes no sense.
func (p *Profile) Validate() error {
	for _, check := range slices.Concat([]profileCheck{
		{len(p.Versions) == 0, "versions: none"},
		{slices.Contains(p.Versions, "FIDO_2_2"), `versions: "FIDO_2_2" was never defined`},
		{p.CTAP2() && p.AAGUID == AAGUID{}, "aaguid: that of zeros is of keys that speak U2F alone"},
		{p.CTAP2() && len(p.Algorithms) == 0, "algorithms: none"},
		{p.CTAP2() && (p.MaxMsgSize < 1024 || p.MaxMsgSize > hidCeiling), "maxMsgSize: not between 1024 and 7609"},
		{p.Signatures != SignaturesRFC6979 && p.Signatures != SignaturesHedged, `signatures: neither "rfc6979" nor "hedged"`},
		{p.AttestationType != AttestationBasic && p.AttestationType != AttestationSelf, `attestationType: neither "basic" nor "self"`},
	}, p.itemChecks(), p.extensionChecks(), p.featureChecks()) {
		if check.bad {
			return fmt.Errorf("profile %s: %s", p.Name, check.what)
		}
	}
	return nil
}

// minCredBlob is the least that maxCredBlobLength may be (§12.2), in bytes.
const minCredBlob = 32

// extensionChecks are the rules for extensions that hang together with others,
// or with options (§9, §12).
func (p *Profile) extensionChecks() []profileCheck {
	largeBlobs, setMinPINLength := p.Options[ctap.OptionLargeBlobs], p.Options[ctap.OptionSetMinPINLength]
	verifies := p.has(ctap.OptionClientPIN) || p.has(ctap.OptionUV)
	fido23 := slices.Contains(p.Versions, ctap.VersionFIDO23)
	return []profileCheck{
		{fido23 && !p.extends("hmac-secret"), "extensions: FIDO_2_3 needs hmac-secret"},
		{fido23 && verifies && !p.extends("credProtect"), "extensions: FIDO_2_3 with user verification needs credProtect"},
		{p.extends("credBlob") && !p.extends("credProtect"), "extensions: credBlob needs credProtect"},
		{p.extends("credBlob") && p.MaxCredBlobLength < minCredBlob, "maxCredBlobLength: less than 32, with credBlob"},
		{p.extends("hmac-secret-mc") && !p.extends("hmac-secret"), "extensions: hmac-secret-mc needs hmac-secret"},
		{p.extends("largeBlobKey") != largeBlobs, "extensions: largeBlobKey goes with option largeBlobs"},
		{p.extends("largeBlob") && largeBlobs, "extensions: largeBlob excludes largeBlobKey and option largeBlobs"},
		{p.extends("minPinLength") != setMinPINLength, "extensions: minPinLength goes with option setMinPINLength"},
		{
			p.extends("pinComplexityPolicy") && (p.PINComplexityPolicy == nil || !setMinPINLength),
			"extensions: pinComplexityPolicy needs field pinComplexityPolicy and option setMinPINLength",
		},
	}
}
