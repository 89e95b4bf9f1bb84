package ctap

import "fmt"

// ConfigSubcommand is a subcommand of authenticatorConfig (§6.11).
type ConfigSubcommand uint64

// The subcommands of authenticatorConfig.
const (
	EnableEnterpriseAttestation ConfigSubcommand = 0x01
	ToggleAlwaysUv              ConfigSubcommand = 0x02
	SetMinPINLength             ConfigSubcommand = 0x03
	EnableLongTouchForReset     ConfigSubcommand = 0x04
	VendorPrototype             ConfigSubcommand = 0xFF
)

// ConfigRequest holds the parameters of authenticatorConfig (§6.11).
type ConfigRequest struct {
	Subcommand        ConfigSubcommand `cbor:"1,keyasint"`
	Params            Raw              `cbor:"2,keyasint,omitempty"` // as it came: it is authenticated
	PinUvAuthProtocol *uint64          `cbor:"3,keyasint,omitempty"`
	PinUvAuthParam    Bytes            `cbor:"4,keyasint,omitzero"`
}

// ParseConfigRequest decodes the parameters; the error is or wraps a [Status].
func ParseConfigRequest(data []byte) (*ConfigRequest, error) {
	var r ConfigRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, err
	}
	if r.Subcommand == 0 && !hasMember(data, 1) {
		return nil, fmt.Errorf("subCommand: %w", StatusMissingParameter)
	}
	return &r, nil
}

// SetMinPINLengthParams are the parameters of setMinPINLength (§6.11.4).
type SetMinPINLengthParams struct {
	NewMinPINLength     *uint64  `cbor:"1,keyasint,omitempty"`
	MinPINLengthRPIDs   []string `cbor:"2,keyasint,omitzero"`
	ForceChangePIN      bool     `cbor:"3,keyasint,omitempty"`
	PINComplexityPolicy *bool    `cbor:"4,keyasint,omitempty"`
}

// VendorPrototypeParams are the parameters of vendorPrototype (§6.11.5) that
// all vendors share.
type VendorPrototypeParams struct {
	VendorCommandID uint64 `cbor:"1,keyasint"`
}
