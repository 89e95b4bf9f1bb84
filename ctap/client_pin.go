package ctap

import "fmt"

// ClientPINSubcommand is a subcommand of authenticatorClientPIN (§6.5.5).
type ClientPINSubcommand uint64

// The subcommands of authenticatorClientPIN.
const (
	GetPINRetries                  ClientPINSubcommand = 0x01
	GetKeyAgreement                ClientPINSubcommand = 0x02
	SetPIN                         ClientPINSubcommand = 0x03
	ChangePIN                      ClientPINSubcommand = 0x04
	GetPINToken                    ClientPINSubcommand = 0x05
	GetTokenUsingUVWithPermission  ClientPINSubcommand = 0x06
	GetUVRetries                   ClientPINSubcommand = 0x07
	GetTokenUsingPINWithPermission ClientPINSubcommand = 0x09
)

// Permissions are what a pinUvAuthToken may be used for (§6.5.5.7).
type Permissions uint64

// The permissions of a pinUvAuthToken.
const (
	PermissionMakeCredential      Permissions = 0x01 // mc
	PermissionGetAssertion        Permissions = 0x02 // ga
	PermissionCredentialMgmt      Permissions = 0x04 // cm
	PermissionBioEnrollment       Permissions = 0x08 // be
	PermissionLargeBlobWrite      Permissions = 0x10 // lbw
	PermissionAuthenticatorConfig Permissions = 0x20 // acfg
	PermissionCredentialMgmtRO    Permissions = 0x40 // pcmr, of the persistent token
)

// ClientPINRequest holds the parameters of authenticatorClientPIN (§6.5.5).
type ClientPINRequest struct {
	PinUvAuthProtocol *uint64             `cbor:"1,keyasint,omitempty"`
	Subcommand        ClientPINSubcommand `cbor:"2,keyasint"`
	KeyAgreement      Raw                 `cbor:"3,keyasint,omitempty"`
	PinUvAuthParam    Bytes               `cbor:"4,keyasint,omitzero"`
	NewPINEnc         Bytes               `cbor:"5,keyasint,omitzero"`
	PINHashEnc        Bytes               `cbor:"6,keyasint,omitzero"`
	Permissions       *Permissions        `cbor:"9,keyasint,omitempty"`
	RPID              *string             `cbor:"10,keyasint,omitempty"`
}

// ParseClientPINRequest decodes the parameters; which of them a subcommand
// needs is its own business. The error is or wraps a [Status].
func ParseClientPINRequest(data []byte) (*ClientPINRequest, error) {
	var r ClientPINRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, err
	}
	if r.Subcommand == 0 && !hasMember(data, 2) {
		return nil, fmt.Errorf("subCommand: %w", StatusMissingParameter)
	}
	return &r, nil
}

// ClientPINResponse is the answer to authenticatorClientPIN (§6.5.5).
type ClientPINResponse struct {
	KeyAgreement    Raw     `cbor:"1,keyasint,omitempty"`
	PinUvAuthToken  []byte  `cbor:"2,keyasint,omitempty"` // encrypted
	PINRetries      *uint64 `cbor:"3,keyasint,omitempty"`
	PowerCycleState *bool   `cbor:"4,keyasint,omitempty"`
	UVRetries       *uint64 `cbor:"5,keyasint,omitempty"`
}
