package interop

import (
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/metadata/providers/memory"
	"github.com/google/uuid"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/certs"
)

// decode returns what a site reads in a metadata BLOB whose signer root vouches
// for.
func decode(blob []byte, root *x509.Certificate) (*metadata.Metadata, error) {
	decoder, err := metadata.NewDecoder(metadata.WithRootCertificate(base64.StdEncoding.EncodeToString(root.Raw)))
	if err != nil {
		return nil, err
	}
	payload, err := decoder.DecodeBytes(blob)
	if err != nil {
		return nil, err
	}
	return decoder.Parse(payload)
}

// strict holds registrations against everything that metadata say of a model.
func strict(t *testing.T, m *metadata.Metadata) metadata.Provider {
	t.Helper()
	p, err := memory.New(
		memory.WithMetadata(m.ToMap()), memory.WithMetadataKeyIdentifiers(m.ToKeyIdentifierMap()),
		memory.WithValidateEntry(true), memory.WithValidateEntryKeyIdentifier(true), memory.WithValidateTrustAnchor(true),
		memory.WithValidateStatus(true), memory.WithValidateAttestationTypes(true), memory.WithValidateAAGUID(true),
		memory.WithValidateAttestationFormats(true), memory.WithValidateAlgorithms(true), memory.WithValidateExtensions(true),
		memory.WithValidateBackupEligibility(true), memory.WithValidateUserVerification(true),
	)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// exported are the metadata of a key, from the BLOB that it exports.
func (m *model) exported() *metadata.Metadata {
	m.t.Helper()
	blob, root, err := m.device.MetadataBLOB(time.Now())
	if err != nil {
		m.t.Fatal(err)
	}
	decoded, err := decode(blob, root)
	if err != nil {
		m.t.Fatal(err)
	}
	return decoded
}

// described is what a key exports, to be changed before it is published.
func (m *model) described() *attestation.Metadata {
	m.t.Helper()
	described, err := m.device.Metadata()
	if err != nil {
		m.t.Fatal(err)
	}
	return described
}

// service is a metadata service of a site's own.
type service struct {
	root   *x509.Certificate
	signer *certs.MetadataSigner
}

func newService(t *testing.T) *service {
	t.Helper()
	root, err := certs.NewMetadataRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := certs.NewMetadataSigner(root)
	if err != nil {
		t.Fatal(err)
	}
	return &service{root.Certificate, signer}
}

// publish returns what a site hears of a model from the service.
func (s *service) publish(t *testing.T, model *attestation.Metadata) *metadata.Metadata {
	t.Helper()
	blob, err := (&attestation.BLOB{Models: []attestation.Metadata{*model}}).Sign(s.signer)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decode(blob, s.root)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// The metadata BLOB of a key is accepted with its root, and with no other.
func TestMetadataBLOB(t *testing.T) {
	m := newModel(t)
	blob, root, err := m.device.MetadataBLOB(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decode(blob, root)
	if err != nil {
		t.Fatal(err)
	}
	entry := decoded.ToMap()[uuid.UUID(m.device.Profile().AAGUID)]
	if entry == nil || !entry.MetadataStatement.AttestationRootCertificates[0].Equal(m.chain(t)[1]) {
		t.Errorf("got entry %+v, want the root of the key", entry)
	}
	if len(decoded.ToKeyIdentifierMap()) != 1 {
		t.Errorf("got entries %v by key identifier, want that of U2F", decoded.ToKeyIdentifierMap())
	}
	_, err = decode(blob, impostor(t, root))
	checkJudgement(t, err, "signed by unknown authority")
}
