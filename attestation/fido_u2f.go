package attestation

import (
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// fidoU2F presents a credential as if it came from U2F (WebAuthn §8.6): the
// signature is that of a U2F registration response, with the credential ID for
// the key handle. Relying parties want an AAGUID of zeros with it, which is in
// the hands of whoever makes the authenticator data.
type fidoU2F struct{}

type fidoU2FStatement struct {
	Signature []byte   `cbor:"sig"`
	X5C       [][]byte `cbor:"x5c"` // exactly one
}

func (fidoU2F) Name() string { return "fido-u2f" }

func (fidoU2F) attestationTypes() []string { return []string{basicFull} }

func (fidoU2F) Statement(in *Input) (any, error) {
	if in.Attester == nil {
		return nil, errors.New("fido-u2f has no self attestation")
	}
	if in.Algorithm != cose.ES256 {
		return nil, fmt.Errorf("fido-u2f with algorithm %d: %w", in.Algorithm, ctap.StatusUnsupportedAlgorithm)
	}
	if len(in.ClientDataHash) != 32 {
		return nil, fmt.Errorf("fido-u2f with a clientDataHash of %d bytes: %w",
			len(in.ClientDataHash), ctap.StatusInvalidParameter)
	}
	publicKey, err := cose.PointES256(in.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("fido-u2f: %w", err)
	}
	sig, err := in.Attester.SignU2F(in.RPIDHash, [32]byte(in.ClientDataHash), in.CredentialID, publicKey)
	if err != nil {
		return nil, err
	}
	return fidoU2FStatement{Signature: sig, X5C: in.Attester.X5C()[:1]}, nil
}
