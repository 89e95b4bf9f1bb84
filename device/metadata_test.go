package device

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
)

func TestMetadata(t *testing.T) {
	for _, p := range authenticator.Profiles() {
		if !p.CTAP2() {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			m, err := open(t, Config{Profile: p}).Metadata()
			if err != nil {
				t.Fatal(err)
			}
			b, err := m.Statement()
			if err != nil {
				t.Fatal(err)
			}
			var statement struct{ AAGUID string }
			if err := json.Unmarshal(b, &statement); err != nil || statement.AAGUID != p.AAGUID.String() {
				t.Errorf("statement of %q, %v; want %v", statement.AAGUID, err, p.AAGUID)
			}
		})
	}
}

// The statement says that the key can verify its user, if it can.
func TestMetadataTellsVerification(t *testing.T) {
	p, _ := authenticator.ProfileByName("platform")
	verify := authenticator.VerificationFunc(func(context.Context, authenticator.Prompt) (bool, error) { return true, nil })
	for _, tt := range []struct {
		by   authenticator.Verification
		want bool
	}{{nil, false}, {verify, true}} {
		m, err := open(t, Config{Profile: p, Verification: tt.by}).Metadata()
		if err != nil || m.Info.Options["uv"] != tt.want {
			t.Errorf("options %v, %v; want uv %v", m.Info.Options, err, tt.want)
		}
	}
}

// A key whose credentials vouch for themselves has no certificate, and says so.
func TestSelfAttestation(t *testing.T) {
	p, _ := authenticator.ProfileByName("platform")
	p.AttestationType = authenticator.AttestationSelf
	d := open(t, Config{Profile: p})
	if chain := chainOf(t, d); chain != nil {
		t.Errorf("got a chain of %d certificates, want none", len(chain))
	}
	m, err := d.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	statement, err := m.Statement()
	if err != nil || !strings.Contains(string(statement), `"attestationTypes":["basic_surrogate"]`) {
		t.Errorf("got %s, %v; want basic_surrogate alone", statement, err)
	}
	if _, _, err := d.MetadataBLOB(time.Now()); err != nil {
		t.Error(err)
	}
}

func TestMetadataBLOB(t *testing.T) {
	dir := t.TempDir()
	d := open(t, Config{Dir: dir})
	blob, root, err := d.MetadataBLOB(time.Now())
	if err != nil || strings.Count(string(blob), ".") != 2 {
		t.Fatalf("got %s, %v; want a JSON Web Token", blob, err)
	}
	_ = d.Close()
	_, again, err := open(t, Config{Dir: dir}).MetadataBLOB(time.Now())
	if err != nil || !again.Equal(root) {
		t.Errorf("the root of the metadata changed, %v", err)
	}
}

func TestEnterpriseLeaf(t *testing.T) {
	p, _ := authenticator.ProfileByName("enterprise")
	d := open(t, Config{Profile: p})
	if c := d.EnterpriseCertificate(); c == nil || c.Equal(chainOf(t, d)[0]) {
		t.Error("want a certificate of its own")
	}
	if c := open(t, Config{}).EnterpriseCertificate(); c != nil {
		t.Errorf("%v names a device whose profile has no enterprise attestation", c.Subject)
	}
}

// A CA of the user's issues the leaf; taking it away brings the self-issued root
// back.
func TestCA(t *testing.T) {
	dir, ca := t.TempDir(), newCA(t)
	for _, tt := range []struct {
		name string
		ca   *certs.CA
		want string
	}{{"self-issued", nil, "softkey"}, {"the user's", ca, "Test CA"}, {"self-issued again", nil, "softkey"}} {
		d := open(t, Config{Dir: dir, CA: tt.ca})
		chain := chainOf(t, d)
		if got := chain[1].Subject.CommonName; !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: root %q, want %q", tt.name, got, tt.want)
		}
		if err := chain[0].CheckSignatureFrom(chain[1]); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		_ = d.Close()
	}
}

func newCA(t *testing.T) *certs.CA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := certs.ParseCA(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestFirstPIN(t *testing.T) {
	if _, err := New(Config{Profile: defaultProfile(), PIN: "123"}); err == nil {
		t.Error("a PIN of three characters is set")
	}
	u2f, _ := authenticator.ProfileByName("u2f")
	if _, err := New(Config{Profile: u2f, PIN: "1234"}); err == nil {
		t.Error("a U2F key takes a PIN")
	}
	d := open(t, Config{PIN: "1234"})
	if got := string(send(t, d, 2, []byte{4})); !strings.Contains(got, "\x69clientPin\xf5") {
		t.Errorf("getInfo %x, want clientPin true", got)
	}
}
