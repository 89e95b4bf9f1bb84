package attestation

import "github.com/softkey-project/softkey/certs"

// androidKey presents a credential as one of Android's key store (WebAuthn
// §8.4): the credential's own key signs authData ‖ clientDataHash, and a
// certificate made for it says where the key lives.
type androidKey struct{}

func (androidKey) Name() string { return "android-key" }

func (androidKey) attestationTypes() []string { return []string{basicFull} }

// Statement returns a statement with the members of packed. Its x5c holds the
// root too, as that of Android does: relying parties look for it there.
func (androidKey) Statement(in *Input) (any, error) {
	public, err := in.certifiable()
	if err != nil {
		return nil, err
	}
	certificate, err := certs.NewAndroidKey(in.Attester.issuer, public, in.ClientDataHash)
	if err != nil {
		return nil, err
	}
	sig, err := in.Key.Sign(in.signed())
	if err != nil {
		return nil, err
	}
	return packedStatement{Algorithm: in.Algorithm, Signature: sig, X5C: in.Attester.pathToRoot(certificate)}, nil
}
