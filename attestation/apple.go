package attestation

import (
	"crypto/sha256"

	"github.com/softkey-project/softkey/certs"
)

// apple is the anonymous attestation of Apple's devices (WebAuthn §8.8): a
// certificate made for the credential, with a hash of the registration in it,
// and no signature.
type apple struct{}

type appleStatement struct {
	X5C [][]byte `cbor:"x5c"`
}

func (apple) Name() string { return "apple" }

func (apple) attestationTypes() []string { return []string{anonCA} }

func (apple) Statement(in *Input) (any, error) {
	public, err := in.certifiable()
	if err != nil {
		return nil, err
	}
	certificate, err := certs.NewApple(in.Attester.issuer, public, sha256.Sum256(in.signed()))
	if err != nil {
		return nil, err
	}
	return appleStatement{X5C: in.Attester.path(certificate)}, nil
}
