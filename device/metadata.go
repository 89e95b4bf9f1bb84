package device

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// Metadata returns what a relying party is told of the device's model: what it
// would answer to authenticatorGetInfo as new, and who vouches for it.
func (d *Device) Metadata() (*attestation.Metadata, error) {
	m := &attestation.Metadata{
		Description:    "softkey, a security key made of software (profile " + d.profile.Name + ")",
		FriendlyName:   "softkey " + d.profile.Name,
		BackupEligible: d.profile.BackupEligible,
		Algorithms:     d.profile.Algorithms,
		Version:        authenticator.FirmwareVersion,
	}
	chain, err := d.Chain()
	if err != nil {
		return nil, err
	}
	if chain != nil {
		m.Leaf, m.Intermediates, m.Roots = chain[0], chain[1:len(chain)-1], chain[len(chain)-1:]
	}
	if !d.profile.CTAP2() {
		return m, nil
	}
	m.Info, err = d.factoryInfo()
	return m, err
}

// factoryInfo asks a twin of the device, made of its profile and of how it
// verifies users.
func (d *Device) factoryInfo() (*ctap.GetInfoResponse, error) {
	model, err := d.modelFor(d.verification)
	if err != nil {
		return nil, err
	}
	twin, err := authenticator.New(authenticator.Config{
		Model: model, Store: keystore.NewMemory(), Attester: d.attester(), Enterprise: d.enterpriseAttester(),
		Verification: d.verification,
	})
	if err != nil {
		return nil, err
	}
	answer := twin.Handle(context.Background(), &ctap.Request{
		Protocol: ctap.CTAP2, Data: []byte{byte(ctap.CommandGetInfo)}, Notify: func(ctap.KeepaliveStatus) {},
	})
	if err := twin.Close(); err != nil {
		return nil, err
	}
	if status := ctap.Status(answer[0]); status != ctap.StatusOK {
		return nil, fmt.Errorf("device: getInfo: %w", status)
	}
	info := &ctap.GetInfoResponse{}
	return info, ctap.Unmarshal(answer[1:], info)
}

// metadataLifetime is how long an exported BLOB may be used.
const metadataLifetime = 30 * 24 * time.Hour

// MetadataBLOB returns a signed MDS3 BLOB with the device's model, as of now, and
// the certificate that a verifier must trust for it. Making the signer takes a
// fraction of a second.
func (d *Device) MetadataBLOB(now time.Time) (blob []byte, root *x509.Certificate, err error) {
	m, err := d.Metadata()
	if err != nil {
		return nil, nil, err
	}
	authority, err := d.metadata()
	if err != nil {
		return nil, nil, err
	}
	signer, err := certs.NewMetadataSigner(authority)
	if err != nil {
		return nil, nil, err
	}
	b := attestation.BLOB{Number: 1, NextUpdate: now.Add(metadataLifetime), Models: []attestation.Metadata{*m}}
	blob, err = b.Sign(signer)
	return blob, authority.Certificate, err
}
