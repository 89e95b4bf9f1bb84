package interop

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/device"
)

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

func in(format string) webauthn.RegistrationOption {
	return webauthn.WithAttestationFormats([]protocol.AttestationFormat{protocol.AttestationFormat(format)})
}

// checkJudgement compares what a site says with what it must say: nothing, or
// what is wrong.
func checkJudgement(t *testing.T, err error, wrong string) {
	t.Helper()
	switch {
	case wrong == "" && err != nil:
		t.Errorf("got %s, want acceptance", explain(err))
	case wrong != "" && err == nil:
		t.Errorf("got acceptance, want %q", wrong)
	case wrong != "" && !strings.Contains(explain(err), wrong):
		t.Errorf("got %s, want %q", explain(err), wrong)
	}
}

// A site with a key's metadata accepts what the key attests, whoever issued its
// certificates.
func TestFormats(t *testing.T) {
	for _, issuer := range issuers {
		m := newModel(t, func(cfg *device.Config) {
			if issuer.make != nil {
				cfg.CA = issuer.make(t).parsed(t)
			}
		})
		known := m.exported()
		for _, tt := range formats {
			t.Run(issuer.name+"/"+tt.name, func(t *testing.T) {
				m.t = t
				credential, err := newSite(t, strict(t, known)).register(t, m, &account{id: []byte("ada")}, in(tt.name))
				if tt.fixed {
					checkJudgement(t, err, "signed by unknown authority")
					return
				}
				checkJudgement(t, err, "")
				if err == nil && credential.AttestationFormat != tt.name {
					t.Errorf("got format %s, want %s", credential.AttestationFormat, tt.name)
				}
			})
		}
	}
}

// distrusts are metadata for which a site must refuse a key.
var distrusts = []struct {
	name   string
	change func(*testing.T, *attestation.Metadata)
	wrong  string
}{
	{"foreign root", func(t *testing.T, m *attestation.Metadata) {
		m.Roots = []*x509.Certificate{impostor(t, m.Roots[0])}
	}, "error validating the trust chain against the Metadata Service"},
	{"other model", func(t *testing.T, m *attestation.Metadata) {
		other := newModel(t, func(cfg *device.Config) { cfg.Profile.AAGUID = authenticator.AAGUID{1} }).described()
		m.Info, m.Leaf = other.Info, other.Leaf
	}, "The authenticator has no registered metadata"},
	{"revoked", func(_ *testing.T, m *attestation.Metadata) {
		m.Status = []attestation.StatusReport{{Status: "REVOKED", Effective: time.Now()}}
	}, "REVOKED"},
}

// With metadata that say something else, the site refuses the same key.
func TestDistrust(t *testing.T) {
	m, s := newModel(t), newService(t)
	for _, tt := range distrusts {
		changed := m.described()
		tt.change(t, changed)
		known := s.publish(t, changed)
		for _, format := range formats {
			if format.fixed {
				continue
			}
			t.Run(tt.name+"/"+format.name, func(t *testing.T) {
				m.t = t
				_, err := newSite(t, strict(t, known)).register(t, m, &account{id: []byte("ada")}, in(format.name))
				checkJudgement(t, err, tt.wrong)
			})
		}
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
	m := newModel(t)
	known := m.exported()
	for _, alg := range algorithms {
		t.Run(alg.String(), func(t *testing.T) {
			m.t = t
			s := newSite(t, strict(t, known))
			a := s.enrol(t, m, "ada", algorithm(alg))
			if got := webauthncose.COSEAlgorithmIdentifier(a.credentials[0].Attestation.PublicKeyAlgorithm); got != alg {
				t.Errorf("got algorithm %v, want %v", got, alg)
			}
			s.signIn(t, m, a)
		})
	}
}
