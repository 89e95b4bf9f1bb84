package ctap

// GetInfoResponse is the answer to authenticatorGetInfo (§6.4). A zero member
// is absent.
type GetInfoResponse struct {
	Versions                   []string               `cbor:"1,keyasint"`
	Extensions                 []string               `cbor:"2,keyasint,omitempty"`
	AAGUID                     []byte                 `cbor:"3,keyasint"`
	Options                    map[string]bool        `cbor:"4,keyasint,omitempty"`
	MaxMsgSize                 uint64                 `cbor:"5,keyasint,omitempty"`
	PinUvAuthProtocols         []uint64               `cbor:"6,keyasint,omitempty"`
	MaxCredentialCountInList   uint64                 `cbor:"7,keyasint,omitempty"`
	MaxCredentialIDLength      uint64                 `cbor:"8,keyasint,omitempty"`
	Transports                 []string               `cbor:"9,keyasint,omitempty"`
	Algorithms                 []CredentialParameters `cbor:"10,keyasint,omitempty"`
	MaxSerializedLargeBlob     uint64                 `cbor:"11,keyasint,omitempty"`
	ForcePINChange             *bool                  `cbor:"12,keyasint,omitempty"`
	MinPINLength               uint64                 `cbor:"13,keyasint,omitempty"`
	FirmwareVersion            uint64                 `cbor:"14,keyasint,omitempty"`
	MaxCredBlobLength          uint64                 `cbor:"15,keyasint,omitempty"`
	RemainingDiscoverableCreds *uint64                `cbor:"20,keyasint,omitempty"`
	AttestationFormats         []string               `cbor:"22,keyasint,omitempty"`
}
