package interop

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/device"
)

// enterpriseModes are the ways in which a site may be told which very key it is
// (§7.1 of CTAP): the key's maker has listed it, or the user's administrator.
var enterpriseModes = []struct {
	name           string
	vendor, manage []string // relying parties that either lists
}{
	{"vendor-facilitated", []string{rpID}, nil},
	{"platform-managed", nil, []string{rpID}},
}

// newEnterpriseModel plugs in a key with enterprise attestation switched on.
func newEnterpriseModel(t *testing.T, listed, managed []string, ca *authority) *model {
	t.Helper()
	m := newModel(t, func(cfg *device.Config) {
		cfg.Profile, _ = authenticator.ProfileByName("enterprise")
		cfg.Profile.Options[ctap.OptionEP] = true
		cfg.Profile.EnterpriseRPIDs = listed
		if ca != nil {
			cfg.CA = ca.parsed(t)
		}
	})
	m.client.EnterpriseRPIDs = managed
	return m
}

// recorder is a page that remembers what it was last told.
type recorder struct {
	page
	response []byte
}

func (r *recorder) Create(options any) []byte {
	r.response = r.page.Create(options)
	return r.response
}

// x5c returns the certificates of the attestation.
func (r *recorder) x5c(t *testing.T) [][]byte {
	t.Helper()
	parsed, err := protocol.ParseCredentialCreationResponseBytes(r.response)
	if err != nil {
		t.Fatal(err)
	}
	var chain [][]byte
	for _, c := range parsed.Response.AttestationObject.AttStatement["x5c"].([]any) {
		chain = append(chain, c.([]byte))
	}
	return chain
}

// A site that may know which very key it is gets the certificate that says so,
// and go-webauthn has it lead to the root that is exported, and to no other.
func TestEnterpriseAttestation(t *testing.T) {
	for _, issuer := range issuers {
		for _, mode := range enterpriseModes {
			t.Run(issuer.name+"/"+mode.name, func(t *testing.T) {
				var ca *authority
				if issuer.make != nil {
					ca = issuer.make(t)
				}
				m := newEnterpriseModel(t, mode.vendor, mode.manage, ca)
				key := &recorder{page: m}
				newSite(t, strict(t, m.exported())).enrol(t, key, "ada", conveyance(protocol.PreferEnterpriseAttestation))
				if got, want := key.x5c(t), m.device.EnterpriseCertificate().Raw; len(got) != 1 || !bytes.Equal(got[0], want) {
					t.Errorf("got x5c %x, want the enterprise certificate %x alone", got, want)
				}
				wrong := m.described()
				wrong.Roots, wrong.Intermediates = []*x509.Certificate{impostor(t, wrong.Roots[0])}, nil
				_, err := newSite(t, strict(t, newService(t).publish(t, wrong))).
					register(t, m, &account{id: []byte("bob")}, conveyance(protocol.PreferEnterpriseAttestation))
				checkJudgement(t, err, "error validating the trust chain against the Metadata Service")
			})
		}
	}
}

// Any other site, and one that does not ask, hears of the model alone.
func TestNoEnterpriseAttestation(t *testing.T) {
	for _, tt := range []struct {
		name   string
		listed []string
		asked  protocol.ConveyancePreference
	}{
		{"not listed", []string{"example.org"}, protocol.PreferEnterpriseAttestation},
		{"not asked for", []string{rpID}, protocol.PreferDirectAttestation},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newEnterpriseModel(t, tt.listed, nil, nil)
			key := &recorder{page: m}
			newSite(t, strict(t, m.exported())).enrol(t, key, "ada", conveyance(tt.asked))
			if got, want := key.x5c(t), m.chain(t)[0].Raw; len(got) != 1 || !bytes.Equal(got[0], want) {
				t.Errorf("got x5c %x, want the model's certificate %x alone", got, want)
			}
		})
	}
}
