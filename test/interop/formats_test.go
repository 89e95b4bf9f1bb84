package interop

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/metadata/providers/memory"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/google/uuid"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	clientwebauthn "github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// model is a page with a key of a profile that has no name.
type model struct {
	t      *testing.T
	device *device.Device
	client *clientwebauthn.Client
}

// newModel plugs in a key of the profile full-policy, as change makes it.
func newModel(t *testing.T, change func(*authenticator.Profile)) *model {
	t.Helper()
	profile, _ := authenticator.ProfileByName("full-policy")
	change(&profile)
	d, err := device.New(device.Config{Profile: profile, Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	c, err := client.Open(context.Background(), ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &model{t, d, &clientwebauthn.Client{Device: c, Origin: "https://" + rpID}}
}

func (m *model) Create(options any) []byte {
	m.t.Helper()
	return m.ask(m.client.Create, options)
}

func (m *model) Get(options any) []byte {
	m.t.Helper()
	return m.ask(m.client.Get, options)
}

func (m *model) ask(ceremony func(context.Context, []byte) ([]byte, error), options any) []byte {
	m.t.Helper()
	request, err := json.Marshal(options)
	if err != nil {
		m.t.Fatal(err)
	}
	response, err := ceremony(context.Background(), request)
	if err != nil {
		m.t.Fatal(err)
	}
	return response
}

// attesting has a profile attest in a format, and know the others.
func attesting(format string) func(*authenticator.Profile) {
	return func(p *authenticator.Profile) {
		p.AttestationFormats = []string{format}
		for _, other := range formats {
			if other.name != format {
				p.AttestationFormats = append(p.AttestationFormats, other.name)
			}
		}
	}
}

// exported returns the metadata BLOB of a key, as a site reads it that trusts
// root for it; nil: the root that comes with it.
func (m *model) exported(root *x509.Certificate) (*metadata.Metadata, error) {
	m.t.Helper()
	blob, signer, err := m.device.MetadataBLOB(time.Now())
	if err != nil {
		m.t.Fatal(err)
	}
	if root == nil {
		root = signer
	}
	decoder, err := metadata.NewDecoder(metadata.WithRootCertificate(base64.StdEncoding.EncodeToString(root.Raw)))
	if err != nil {
		m.t.Fatal(err)
	}
	payload, err := decoder.DecodeBytes(blob)
	if err != nil {
		return nil, err
	}
	return decoder.Parse(payload)
}

// strict holds registrations against everything that metadata say of a model.
func strict(t *testing.T, byAAGUID map[uuid.UUID]*metadata.Entry, byKey map[string]*metadata.Entry) metadata.Provider {
	t.Helper()
	p, err := memory.New(
		memory.WithMetadata(byAAGUID), memory.WithMetadataKeyIdentifiers(byKey),
		memory.WithValidateEntry(true), memory.WithValidateEntryKeyIdentifier(true), memory.WithValidateTrustAnchor(true),
		memory.WithValidateStatus(true), memory.WithValidateAttestationTypes(true), memory.WithValidateAAGUID(true),
		memory.WithValidateAttestationFormats(true), memory.WithValidateAlgorithms(true),
		memory.WithValidateBackupEligibility(true), memory.WithValidateUserVerification(true),
	)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// formats are the attestation formats in which a key vouches for itself.
var formats = []struct {
	name string
	// fixed are formats that go-webauthn accepts from the roots of their inventors
	// alone: there, to refuse is right.
	fixed bool
}{
	{"packed", false}, {"tpm", false}, {"fido-u2f", false}, {"compound", false},
	{"android-key", true}, {"apple", true},
}

// A site with a key's metadata BLOB accepts what the key attests, and one with
// another root does not, nor one that holds the model for revoked.
func TestFormats(t *testing.T) {
	for _, tt := range formats {
		t.Run(tt.name, func(t *testing.T) {
			m := newModel(t, attesting(tt.name))
			exported, err := m.exported(nil)
			if err != nil {
				t.Fatal(err)
			}
			known := exported.ToMap()
			checkJudgement(t, m, "metadata", known, tt.name, !tt.fixed)
			for id, e := range known {
				foreign, revoked := *e, *e
				foreign.MetadataStatement.AttestationRootCertificates = []*x509.Certificate{impostor(t, e.MetadataStatement.AttestationRootCertificates[0])}
				revoked.StatusReports = []metadata.StatusReport{{Status: metadata.Revoked}}
				checkJudgement(t, m, "foreign root", map[uuid.UUID]*metadata.Entry{id: &foreign}, tt.name, false)
				checkJudgement(t, m, "revoked", map[uuid.UUID]*metadata.Entry{id: &revoked}, tt.name, false)
			}
		})
	}
}

// checkJudgement registers at a site that knows a model.
func checkJudgement(t *testing.T, m *model, name string, known map[uuid.UUID]*metadata.Entry, format string, accepted bool) {
	t.Helper()
	credential, err := newSite(t, strict(t, known, nil)).register(t, m, &account{id: []byte("ada")})
	if (err == nil) != accepted {
		t.Errorf("%s: got %v, want accepted %v", name, err, accepted)
	}
	if err == nil && credential.AttestationFormat != format {
		t.Errorf("%s: got format %s, want %s", name, credential.AttestationFormat, format)
	}
}

// algorithms are those of go-webauthn. It knows ML-DSA from Go 1.27 on, and not
// Ed448; python-fido2 verifies these.
var algorithms = []webauthncose.COSEAlgorithmIdentifier{
	webauthncose.AlgES256, webauthncose.AlgES384, webauthncose.AlgES512, webauthncose.AlgES256K,
	webauthncose.AlgESP256, webauthncose.AlgESP384, webauthncose.AlgESP512,
	webauthncose.AlgEdDSA, webauthncose.AlgEd25519, webauthncose.AlgRS256, webauthncose.AlgPS256,
}

// A key of each algorithm is attested and signs. The formats but packed take
// ES256 alone.
func TestAlgorithms(t *testing.T) {
	m := newModel(t, attesting("packed"))
	for _, alg := range algorithms {
		t.Run(alg.String(), func(t *testing.T) {
			m.t = t
			s := newSite(t, nil)
			a := s.enrol(t, m, "ada", algorithm(alg))
			if got := webauthncose.COSEAlgorithmIdentifier(a.credentials[0].Attestation.PublicKeyAlgorithm); got != alg {
				t.Errorf("got algorithm %v, want %v", got, alg)
			}
			s.signIn(t, m, a)
		})
	}
}

// The metadata BLOB of a key is accepted with its root, and with no other.
func TestMetadataBLOB(t *testing.T) {
	m, other := newModel(t, attesting("packed")), newModel(t, attesting("packed"))
	exported, err := m.exported(nil)
	if err != nil {
		t.Fatal(err)
	}
	entry := exported.ToMap()[uuid.UUID(m.device.Profile().AAGUID)]
	if entry == nil || !bytes.Equal(entry.MetadataStatement.AttestationRootCertificates[0].Raw, m.device.Chain()[1].Raw) {
		t.Errorf("got entry %+v, want the root of the key", entry)
	}
	if len(exported.ToKeyIdentifierMap()) == 0 {
		t.Error("got no entry by key identifier, want one for U2F")
	}
	_, foreign, err := other.device.MetadataBLOB(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.exported(foreign); err == nil {
		t.Error("the BLOB is accepted with a foreign root, want an error")
	}
}
