package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/softkey-project/softkey/certs"
)

// authority is a CA of the user's, in the PEM that softkey reads.
type authority struct {
	chain, key []byte
}

// issuers are what may issue a key's attestation certificates: the key's own
// root, or an authority.
var issuers = []struct {
	name string
	make func(*testing.T) *authority // nil: the key's own root
}{
	{"own root", nil},
	{"CA that is a root", rootAuthority},
	{"CA below a root", lowerAuthority},
}

func rootAuthority(t *testing.T) *authority {
	t.Helper()
	root, key := issueCA(t, "Root of the user's", elliptic.P384(), nil, nil)
	return newAuthority(t, key, root)
}

func lowerAuthority(t *testing.T) *authority {
	t.Helper()
	root, rootKey := issueCA(t, "Root of the user's", elliptic.P384(), nil, nil)
	ca, key := issueCA(t, "CA of the user's", elliptic.P256(), root, rootKey)
	return newAuthority(t, key, ca, root)
}

func newAuthority(t *testing.T, key *ecdsa.PrivateKey, chain ...*x509.Certificate) *authority {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certs.EncodePEM(chain...), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})}
}

// issueCA returns the certificate of a CA and its key. Without an issuer it is a
// root.
func issueCA(t *testing.T, name string, curve elliptic.Curve, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(0, 0, 1),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if issuer == nil {
		issuer, issuerKey = template, key
	}
	return signCA(t, template, issuer, key, issuerKey), key
}

// impostor returns a root certificate that differs from root in its key alone.
func impostor(t *testing.T, root *x509.Certificate) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := *root
	template.PublicKey, template.SubjectKeyId = &key.PublicKey, nil
	return signCA(t, &template, &template, key, key)
}

func signCA(t *testing.T, template, issuer *x509.Certificate, key, issuerKey *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// parsed returns the authority as package device takes it.
func (a *authority) parsed(t *testing.T) *certs.CA {
	t.Helper()
	ca, err := certs.ParseCA(a.chain, a.key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// flags returns the flags that name the authority's files to the program.
func (a *authority) flags(t *testing.T) []string {
	t.Helper()
	chain, key := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "ca-key.pem")
	for name, content := range map[string][]byte{chain: a.chain, key: a.key} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--attestation-ca", chain, "--attestation-ca-key", key}
}
