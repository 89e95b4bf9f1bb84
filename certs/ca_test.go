package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// now is when the tests of CAs take place.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// A userCA is a CA as a user might have made it, with another tool.
type userCA struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// newUserCA returns a CA below parent, or a root if parent is nil. bend changes
// the certificate before it is signed.
func newUserCA(tb testing.TB, name string, key crypto.Signer, parent *userCA, bend func(*x509.Certificate)) *userCA {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: -1, KeyUsage: x509.KeyUsageCertSign,
	}
	if bend != nil {
		bend(template)
	}
	issuer, issuerKey := template, key
	if parent != nil {
		issuer, issuerKey = parent.certificate, parent.key
	}
	der, err := x509.CreateCertificate(nil, template, issuer, key.Public(), issuerKey)
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &userCA{certificate, key}
}

func ecKey(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func rsaKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func keyPEM(tb testing.TB, kind string, key any) []byte {
	tb.Helper()
	var der []byte
	var err error
	if kind == "EC PRIVATE KEY" {
		der, err = x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	} else {
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func chainPEM(cas ...*userCA) []byte {
	var out []byte
	for _, ca := range cas {
		out = append(out, EncodePEM(ca.certificate)...)
	}
	return out
}

// TestCA has each kind of CA issue a leaf, and others judge it.
func TestCA(t *testing.T) {
	p256, p384 := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384())
	root := newUserCA(t, "Root", p384, nil, nil)
	intermediate := newUserCA(t, "Intermediate", p256, root, nil)
	own := newUserCA(t, "Own", p256, nil, nil)
	rsaRoot := newUserCA(t, "RSA", rsaKey(t), nil, nil)
	parameters := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{5, 0}})
	tests := []struct {
		name  string
		chain []*userCA
		key   []byte
	}{
		{"root", []*userCA{own}, keyPEM(t, "PRIVATE KEY", p256)},
		{"root, SEC 1", []*userCA{own}, keyPEM(t, "EC PRIVATE KEY", p256)},
		{"root on P-384", []*userCA{root}, keyPEM(t, "EC PRIVATE KEY", p384)},
		{"RSA root", []*userCA{rsaRoot}, keyPEM(t, "PRIVATE KEY", rsaRoot.key)},
		{"intermediate", []*userCA{intermediate, root}, keyPEM(t, "PRIVATE KEY", p256)},
		{"as OpenSSL writes it", []*userCA{own}, append(parameters, keyPEM(t, "EC PRIVATE KEY", p256)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ca, err := ParseCA(chainPEM(tt.chain...), tt.key, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := ca.Chain(); len(got) != len(tt.chain) || !got[0].Equal(tt.chain[0].certificate) {
				t.Errorf("Chain has %d certificates, the first of %v; want those of the file", len(got), got[0].Subject)
			}
			leaf, err := NewLeaf(ca, LeafSpec{AAGUID: testAAGUID}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckLeaf(leaf, ca, now); err != nil {
				t.Errorf("CheckLeaf = %v, want nil", err)
			}
			if err := leaf.Certificate.CheckSignatureFrom(tt.chain[0].certificate); err != nil {
				t.Error(err)
			}
			if c, issuer := leaf.Certificate, tt.chain[0].certificate; !c.NotBefore.Equal(issuer.NotBefore) || !c.NotAfter.Equal(issuer.NotAfter) {
				t.Errorf("leaf is valid from %v to %v, want %v to %v", c.NotBefore, c.NotAfter, issuer.NotBefore, issuer.NotAfter)
			}
		})
	}
}

// TestCARefuses checks that the user learns what is wrong, and with which
// certificate.
func TestCARefuses(t *testing.T) {
	key, other := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P256())
	good := newUserCA(t, "Good", key, nil, nil)
	bent := func(bend func(*x509.Certificate)) []byte {
		return chainPEM(newUserCA(t, "Bent", key, nil, bend))
	}
	root := newUserCA(t, "Root", other, nil, nil)
	below := newUserCA(t, "Below", key, root, nil)
	shallow := newUserCA(t, "Shallow", other, nil, func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true })
	impostor := newUserCA(t, "Root", ecKey(t, elliptic.P256()), nil, nil)
	oldRoot := newUserCA(t, "Old", other, nil, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := keyPEM(t, "PRIVATE KEY", key)
	unknown := pkix.Extension{Id: oidTPMModel, Critical: true, Value: []byte{5, 0}}
	tests := []struct {
		name      string
		chain     []byte
		key       []byte
		wantError string
	}{
		{"no certificate", nil, keyFile, "no PEM certificate"},
		{"no key", chainPEM(good), nil, "no private key in PEM"},
		{"key that is none", chainPEM(good), []byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), "CA key: "},
		{"encrypted key", chainPEM(good), bytes.ReplaceAll(keyFile, []byte("PRIVATE"), []byte("ENCRYPTED PRIVATE")), "encrypted"},
		{"old encryption", chainPEM(good), []byte("-----BEGIN EC PRIVATE KEY-----\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END EC PRIVATE KEY-----\n"), "encrypted"},
		{"Ed25519", chainPEM(good), keyPEM(t, "PRIVATE KEY", edwards), "neither ECDSA nor RSA"},
		{"another key", chainPEM(good), keyPEM(t, "PRIVATE KEY", other), `not that of the CA certificate "CN=Good"`},
		{"expired", bent(func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) }), keyFile, `"CN=Bent": expired on 2026-05-31`},
		{"not yet valid", bent(func(c *x509.Certificate) { c.NotBefore = now.AddDate(0, 0, 1) }), keyFile, `"CN=Bent": not valid before 2026-06-02`},
		{"not a CA", bent(func(c *x509.Certificate) { c.IsCA, c.MaxPathLen = false, 0 }), keyFile, "not a CA"},
		{"no basic constraints", bent(func(c *x509.Certificate) { c.BasicConstraintsValid = false }), keyFile, "not a CA"},
		{"key usage", bent(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), keyFile, "may not sign certificates"},
		{"unknown critical extension", bent(func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{unknown} }), keyFile, "critical extension 2.23.133.2.2"},
		{"no root", chainPEM(below), keyFile, `that of "CN=Root" is missing`},
		{"another root", chainPEM(below, good), keyFile, `"CN=Below" is not issued by "CN=Good": its issuer is "CN=Root"`},
		{"another root of that name", chainPEM(below, impostor), keyFile, `"CN=Below" is not issued by "CN=Root": `},
		{"root first", chainPEM(root, below), keyPEM(t, "PRIVATE KEY", other), `"CN=Root" is not issued by "CN=Below"`},
		{"path length", chainPEM(newUserCA(t, "Deep", key, shallow, nil), shallow), keyFile, `"CN=Shallow": may have 0 CAs below it, has 1`},
		{"expired root", chainPEM(newUserCA(t, "New", key, oldRoot, nil), oldRoot), keyFile, `"CN=Old": expired`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ca, err := ParseCA(tt.chain, tt.key, now)
			if ca != nil || err == nil || !strings.Contains(err.Error(), tt.wantError) {
				t.Errorf("ParseCA = %v, %v; want an error with %q", ca, err, tt.wantError)
			}
		})
	}
}

func TestCheckLeafRefuses(t *testing.T) {
	root := newRoot(t, stream(1))
	leaf := newLeaf(t, root, LeafSpec{}, stream(2))
	brief := newUserCA(t, "Brief", ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) { c.NotAfter = now.AddDate(0, 1, 0) })
	key := ecKey(t, elliptic.P256())
	ca, err := ParseCA(chainPEM(newUserCA(t, "CA", key, brief, nil), brief), keyPEM(t, "PRIVATE KEY", key), now)
	if err != nil {
		t.Fatal(err)
	}
	caLeaf, err := NewLeaf(ca, LeafSpec{}, stream(4))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		leaf      *Identity
		issuer    Issuer
		at        time.Time
		wantError string
	}{
		{"another root", leaf, newRoot(t, stream(3)), now, "unknown authority"},
		{"too late", leaf, root, time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), "expired"},
		{"too early", leaf, root, time.Date(2019, 12, 31, 0, 0, 0, 0, time.UTC), "not yet valid"},
		{"root of the CA expired", caLeaf, ca, now.AddDate(0, 2, 0), "expired"},
		{"root", root, root, now, "a CA"},
		{"another curve", selfSigned(t, elliptic.P384()), root, now, "not on P-256"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := CheckLeaf(tt.leaf, tt.issuer, tt.at); err == nil || !strings.Contains(err.Error(), tt.wantError) {
				t.Errorf("CheckLeaf = %v, want an error with %q", err, tt.wantError)
			}
		})
	}
	if err := CheckLeaf(leaf, root, now); err != nil {
		t.Errorf("CheckLeaf = %v, want nil", err)
	}
}

// FuzzParseCA checks that a leaf of whatever ParseCA takes for a CA is good.
func FuzzParseCA(f *testing.F) {
	key, rootKey := newLeaf(f, newRoot(f, stream(1)), LeafSpec{}, stream(2)).Key, newRoot(f, stream(1)).Key
	root := newUserCA(f, "Root", rootKey, nil, nil)
	ca := newUserCA(f, "CA", key, root, nil)
	f.Add(chainPEM(ca, root), keyPEM(f, "PRIVATE KEY", key))
	f.Add(chainPEM(ca, root, root), keyPEM(f, "EC PRIVATE KEY", key))
	f.Add(chainPEM(ca), keyPEM(f, "EC PRIVATE KEY", key))
	f.Fuzz(func(t *testing.T, certificates, key []byte) {
		ca, err := ParseCA(certificates, key, now)
		if err != nil {
			return
		}
		leaf, err := NewLeaf(ca, LeafSpec{}, stream(1))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckLeaf(leaf, ca, now); err != nil {
			t.Error(err)
		}
	})
}
