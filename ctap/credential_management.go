package ctap

import "fmt"

// CredentialManagementSubcommand is a subcommand of
// authenticatorCredentialManagement (§6.8).
type CredentialManagementSubcommand uint64

// The subcommands of authenticatorCredentialManagement.
const (
	GetCredsMetadata                      CredentialManagementSubcommand = 0x01
	EnumerateRPsBegin                     CredentialManagementSubcommand = 0x02
	EnumerateRPsGetNextRP                 CredentialManagementSubcommand = 0x03
	EnumerateCredentialsBegin             CredentialManagementSubcommand = 0x04
	EnumerateCredentialsGetNextCredential CredentialManagementSubcommand = 0x05
	DeleteCredential                      CredentialManagementSubcommand = 0x06
	UpdateUserInformation                 CredentialManagementSubcommand = 0x07
)

// CredentialManagementRequest holds the parameters of
// authenticatorCredentialManagement (§6.8).
type CredentialManagementRequest struct {
	Subcommand        CredentialManagementSubcommand `cbor:"1,keyasint"`
	Params            Raw                            `cbor:"2,keyasint,omitempty"` // a CredentialManagementParams, as it came: it is authenticated
	PinUvAuthProtocol *uint64                        `cbor:"3,keyasint,omitempty"`
	PinUvAuthParam    Bytes                          `cbor:"4,keyasint,omitzero"`
}

// CredentialManagementParams are the parameters of its subcommands.
type CredentialManagementParams struct {
	RPIDHash     Bytes                 `cbor:"1,keyasint,omitzero"`
	CredentialID *CredentialDescriptor `cbor:"2,keyasint,omitempty"`
	User         *User                 `cbor:"3,keyasint,omitempty"`
}

// ParseCredentialManagementRequest decodes the parameters; the error is or
// wraps a [Status].
func ParseCredentialManagementRequest(data []byte) (*CredentialManagementRequest, *CredentialManagementParams, error) {
	var r CredentialManagementRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, nil, err
	}
	if r.Subcommand == 0 && !hasMember(data, 1) {
		return nil, nil, fmt.Errorf("subCommand: %w", StatusMissingParameter)
	}
	var p CredentialManagementParams
	if len(r.Params) > 0 {
		if err := UnmarshalLax(r.Params, &p); err != nil {
			return nil, nil, fmt.Errorf("subCommandParams: %w", err)
		}
	}
	return &r, &p, nil
}

// CredentialManagementResponse is the answer to
// authenticatorCredentialManagement (§6.8).
type CredentialManagementResponse struct {
	ExistingCount     *uint64               `cbor:"1,keyasint,omitempty"`
	RemainingCount    *uint64               `cbor:"2,keyasint,omitempty"`
	RP                *RelyingParty         `cbor:"3,keyasint,omitempty"`
	RPIDHash          []byte                `cbor:"4,keyasint,omitempty"`
	TotalRPs          uint64                `cbor:"5,keyasint,omitempty"`
	User              *User                 `cbor:"6,keyasint,omitempty"`
	CredentialID      *CredentialDescriptor `cbor:"7,keyasint,omitempty"`
	PublicKey         Raw                   `cbor:"8,keyasint,omitempty"`
	TotalCredentials  uint64                `cbor:"9,keyasint,omitempty"`
	CredProtect       uint64                `cbor:"10,keyasint,omitempty"`
	LargeBlobKey      []byte                `cbor:"11,keyasint,omitempty"`
	ThirdPartyPayment *bool                 `cbor:"12,keyasint,omitempty"`
}
