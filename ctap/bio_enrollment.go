package ctap

import "fmt"

// BioEnrollmentSubcommand is a subcommand of authenticatorBioEnrollment (§6.7).
type BioEnrollmentSubcommand uint64

// The subcommands of authenticatorBioEnrollment.
const (
	EnrollBegin              BioEnrollmentSubcommand = 0x01
	EnrollCaptureNextSample  BioEnrollmentSubcommand = 0x02
	CancelCurrentEnrollment  BioEnrollmentSubcommand = 0x03
	EnumerateEnrollments     BioEnrollmentSubcommand = 0x04
	SetFriendlyName          BioEnrollmentSubcommand = 0x05
	RemoveEnrollment         BioEnrollmentSubcommand = 0x06
	GetFingerprintSensorInfo BioEnrollmentSubcommand = 0x07
)

// ModalityFingerprint is the one modality of authenticatorBioEnrollment.
const ModalityFingerprint = 1

// BioEnrollmentRequest holds the parameters of authenticatorBioEnrollment
// (§6.7).
type BioEnrollmentRequest struct {
	Modality          *uint64                 `cbor:"1,keyasint,omitempty"`
	Subcommand        BioEnrollmentSubcommand `cbor:"2,keyasint,omitempty"`
	Params            Raw                     `cbor:"3,keyasint,omitempty"` // a BioEnrollmentParams, as it came: it is authenticated
	PinUvAuthProtocol *uint64                 `cbor:"4,keyasint,omitempty"`
	PinUvAuthParam    Bytes                   `cbor:"5,keyasint,omitzero"`
	GetModality       bool                    `cbor:"6,keyasint,omitempty"`
}

// BioEnrollmentParams are the parameters of its subcommands.
type BioEnrollmentParams struct {
	TemplateID           Bytes   `cbor:"1,keyasint,omitzero"`
	TemplateFriendlyName *string `cbor:"2,keyasint,omitempty"`
	TimeoutMilliseconds  uint64  `cbor:"3,keyasint,omitempty"`
}

// SampleStatus says how good a captured sample was (§6.7.4).
type SampleStatus uint64

// The values of a [SampleStatus].
const (
	SampleGood               SampleStatus = 0x00
	SampleTooHigh            SampleStatus = 0x01
	SampleTooLow             SampleStatus = 0x02
	SampleTooLeft            SampleStatus = 0x03
	SampleTooRight           SampleStatus = 0x04
	SampleTooFast            SampleStatus = 0x05
	SampleTooSlow            SampleStatus = 0x06
	SamplePoorQuality        SampleStatus = 0x07
	SampleTooSkewed          SampleStatus = 0x08
	SampleTooShort           SampleStatus = 0x09
	SampleMergeFailure       SampleStatus = 0x0A
	SampleExists             SampleStatus = 0x0B
	SampleNoUserActivity     SampleStatus = 0x0D
	SampleNoFingerTransition SampleStatus = 0x0E
)

// ParseBioEnrollmentRequest decodes the parameters; the error is or wraps a
// [Status].
func ParseBioEnrollmentRequest(data []byte) (*BioEnrollmentRequest, *BioEnrollmentParams, error) {
	var r BioEnrollmentRequest
	if err := unmarshalParameters(data, &r); err != nil {
		return nil, nil, err
	}
	if r.Subcommand == 0 && !r.GetModality && !hasMember(data, 2) {
		return nil, nil, fmt.Errorf("subCommand: %w", StatusMissingParameter)
	}
	var p BioEnrollmentParams
	if len(r.Params) > 0 {
		if err := UnmarshalLax(r.Params, &p); err != nil {
			return nil, nil, err
		}
	}
	return &r, &p, nil
}

// BioEnrollmentResponse is the answer to authenticatorBioEnrollment (§6.7).
type BioEnrollmentResponse struct {
	Modality                  uint64         `cbor:"1,keyasint,omitempty"`
	FingerprintKind           uint64         `cbor:"2,keyasint,omitempty"`
	MaxCaptureSamplesRequired uint64         `cbor:"3,keyasint,omitempty"`
	TemplateID                []byte         `cbor:"4,keyasint,omitempty"`
	LastEnrollSampleStatus    *SampleStatus  `cbor:"5,keyasint,omitempty"`
	RemainingSamples          *uint64        `cbor:"6,keyasint,omitempty"`
	TemplateInfos             []TemplateInfo `cbor:"7,keyasint,omitempty"`
	MaxTemplateFriendlyName   uint64         `cbor:"8,keyasint,omitempty"`
}

// TemplateInfo names an enrolled fingerprint.
type TemplateInfo struct {
	TemplateID   []byte `cbor:"1,keyasint"`
	FriendlyName string `cbor:"2,keyasint"` // may be empty, never absent: python-fido2 reads it unasked
}
