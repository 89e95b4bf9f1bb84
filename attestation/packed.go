package attestation

import (
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// packed is the format of most security keys (WebAuthn §8.2). The attester signs
// authData ‖ clientDataHash; without one, the credential's own key does.
type packed struct{}

type packedStatement struct {
	Algorithm cose.ID  `cbor:"alg"` // of the signature
	Signature []byte   `cbor:"sig"`
	X5C       [][]byte `cbor:"x5c,omitempty"` // absent: self attestation
}

// AppendCBOR is for the encoder.
func (s packedStatement) AppendCBOR(b []byte) ([]byte, error) {
	members := 2
	if len(s.X5C) > 0 {
		members++
	}
	b = ctap.AppendMap(b, members)
	b = ctap.AppendInt(ctap.AppendText(b, "alg"), int64(s.Algorithm))
	b = ctap.AppendBytes(ctap.AppendText(b, "sig"), s.Signature)
	if len(s.X5C) == 0 {
		return b, nil
	}
	b = ctap.AppendArray(ctap.AppendText(b, "x5c"), len(s.X5C))
	for _, der := range s.X5C {
		b = ctap.AppendBytes(b, der)
	}
	return b, nil
}

func (packed) Name() string { return "packed" }

func (packed) attestationTypes() []string { return []string{basicFull} }

func (packed) Statement(in *Input) (any, error) {
	if in.Attester == nil {
		return packedSelf(in)
	}
	sig, err := in.Attester.Sign(in.AuthData, in.ClientDataHash)
	if err != nil {
		return nil, err
	}
	return packedStatement{Algorithm: in.Attester.Algorithm(), Signature: sig, X5C: in.Attester.X5C()}, nil
}

func packedSelf(in *Input) (any, error) {
	sig, err := in.Key.Sign(in.signed())
	if err != nil {
		return nil, err
	}
	return packedStatement{Algorithm: in.Algorithm, Signature: sig}, nil
}
