package ctap

// GetInfoResponse is the answer to authenticatorGetInfo (§6.4). A zero member
// is absent.
type GetInfoResponse struct {
	Versions                         []string               `cbor:"1,keyasint"`
	Extensions                       []string               `cbor:"2,keyasint,omitempty"`
	AAGUID                           []byte                 `cbor:"3,keyasint"`
	Options                          map[string]bool        `cbor:"4,keyasint,omitempty"`
	MaxMsgSize                       uint64                 `cbor:"5,keyasint,omitempty"`
	PinUvAuthProtocols               []uint64               `cbor:"6,keyasint,omitempty"`
	MaxCredentialCountInList         uint64                 `cbor:"7,keyasint,omitempty"`
	MaxCredentialIDLength            uint64                 `cbor:"8,keyasint,omitempty"`
	Transports                       []string               `cbor:"9,keyasint,omitempty"`
	Algorithms                       []CredentialParameters `cbor:"10,keyasint,omitempty"`
	MaxSerializedLargeBlobArray      uint64                 `cbor:"11,keyasint,omitempty"`
	ForcePINChange                   *bool                  `cbor:"12,keyasint,omitempty"`
	MinPINLength                     uint64                 `cbor:"13,keyasint,omitempty"`
	FirmwareVersion                  uint64                 `cbor:"14,keyasint,omitempty"`
	MaxCredBlobLength                uint64                 `cbor:"15,keyasint,omitempty"`
	MaxRPIDsForSetMinPINLength       *uint64                `cbor:"16,keyasint,omitempty"`
	PreferredPlatformUvAttempts      uint64                 `cbor:"17,keyasint,omitempty"`
	UVModality                       uint64                 `cbor:"18,keyasint,omitempty"`
	Certifications                   map[string]uint64      `cbor:"19,keyasint,omitempty"`
	RemainingDiscoverableCredentials *uint64                `cbor:"20,keyasint,omitempty"`
	VendorPrototypeConfigCommands    []uint64               `cbor:"21,keyasint,omitzero"`
	AttestationFormats               []string               `cbor:"22,keyasint,omitempty"`
	UVCountSinceLastPINEntry         *uint64                `cbor:"23,keyasint,omitempty"`
	LongTouchForReset                *bool                  `cbor:"24,keyasint,omitempty"`
	EncIdentifier                    []byte                 `cbor:"25,keyasint,omitempty"`
	TransportsForReset               []string               `cbor:"26,keyasint,omitempty"`
	PINComplexityPolicy              *bool                  `cbor:"27,keyasint,omitempty"`
	PINComplexityPolicyURL           []byte                 `cbor:"28,keyasint,omitempty"` // in UTF-8
	MaxPINLength                     uint64                 `cbor:"29,keyasint,omitempty"`
	EncCredStoreState                []byte                 `cbor:"30,keyasint,omitempty"`
	AuthenticatorConfigCommands      []uint64               `cbor:"31,keyasint,omitempty"`
}
