package attestation

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/certs"
)

// newIdentities returns a root and a leaf of it, always the same.
func newIdentities(tb testing.TB) (root, leaf *certs.Identity) {
	tb.Helper()
	random := rand.NewChaCha8([32]byte{1})
	root, err := certs.NewRoot(random)
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err = certs.NewLeaf(root, certs.LeafSpec{AAGUID: [16]byte{1}}, random)
	if err != nil {
		tb.Fatal(err)
	}
	return root, leaf
}

func newAttester(tb testing.TB, cfg AttesterConfig) *Attester {
	tb.Helper()
	_, leaf := newIdentities(tb)
	return NewAttester(leaf, cfg)
}

// newIssuing returns an attester below a root of its own, and the two.
func newIssuing(tb testing.TB) (attester *Attester, root, leaf *certs.Identity) {
	tb.Helper()
	root, leaf = newIdentities(tb)
	return NewAttester(leaf, AttesterConfig{Issuer: root}), root, leaf
}

// newCA returns a CA of the user's that is not a root, and its root.
func newCA(tb testing.TB) (ca *certs.CA, intermediate, root *x509.Certificate) {
	tb.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		tb.Fatal(err)
	}
	certify := func(name string, parent *x509.Certificate) *x509.Certificate {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
		}
		der, err := x509.CreateCertificate(nil, template, cmp.Or(parent, template), &key.PublicKey, key)
		if err != nil {
			tb.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}
	root = certify("Their root", nil)
	intermediate = certify("Their CA", root)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if ca, err = certs.ParseCA(certs.EncodePEM(intermediate, root), keyPEM, time.Now()); err != nil {
		tb.Fatal(err)
	}
	return ca, intermediate, root
}

// checkSignature verifies with the certificate alone, as a relying party does.
func checkSignature(t *testing.T, certificate, message, sig []byte) {
	t.Helper()
	c, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(c.PublicKey.(*ecdsa.PublicKey), digest[:], sig) {
		t.Errorf("signature %x of %x does not verify", sig, message)
	}
}

func TestAttesterSign(t *testing.T) {
	tests := []struct {
		name       string
		cfg        AttesterConfig
		repeatable bool
	}{
		{"RFC 6979", AttesterConfig{}, true},
		{"hedged", AttesterConfig{Hedged: true}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			message := []byte("authData and clientDataHash")
			a, b := newAttester(t, tt.cfg), newAttester(t, tt.cfg)
			var sigs [][]byte
			for _, attester := range []*Attester{a, a, b} {
				sig, err := attester.Sign(message)
				if err != nil {
					t.Fatal(err)
				}
				checkSignature(t, attester.Certificate(), message, sig)
				sigs = append(sigs, sig)
			}
			for _, sig := range sigs[1:] {
				if same := bytes.Equal(sig, sigs[0]); same != tt.repeatable {
					t.Errorf("signature again is the same: %v, want %v", same, tt.repeatable)
				}
			}
		})
	}
}

func TestAttesterX5C(t *testing.T) {
	root, leaf := newIdentities(t)
	ca, intermediate, _ := newCA(t)
	tests := []struct {
		name   string
		issuer certs.Issuer
		want   [][]byte
	}{
		{"no issuer", nil, [][]byte{leaf.Certificate.Raw}},
		{"root", root, [][]byte{leaf.Certificate.Raw}},
		{"CA below a root", ca, [][]byte{leaf.Certificate.Raw, intermediate.Raw}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := NewAttester(leaf, AttesterConfig{Issuer: tt.issuer})
			if !slices.EqualFunc(a.X5C(), tt.want, bytes.Equal) {
				t.Errorf("X5C = %x, want %x", a.X5C(), tt.want)
			}
			if !bytes.Equal(a.Certificate(), leaf.Certificate.Raw) {
				t.Errorf("Certificate = %x, want %x", a.Certificate(), leaf.Certificate.Raw)
			}
		})
	}
}

func TestSignU2F(t *testing.T) {
	a := newAttester(t, AttesterConfig{})
	application, challenge := [32]byte{0xaa, 31: 0xab}, [32]byte{0xcc, 31: 0xcd}
	keyHandle := bytes.Repeat([]byte{0x11}, 128)
	publicKey := append([]byte{4}, bytes.Repeat([]byte{0x22}, 64)...)

	message := []byte{0}
	message = append(message, application[:]...)
	message = append(message, challenge[:]...)
	message = append(message, keyHandle...)
	message = append(message, publicKey...)
	sig, err := a.SignU2F(application, challenge, keyHandle, publicKey)
	if err != nil {
		t.Fatal(err)
	}
	checkSignature(t, a.Certificate(), message, sig)
}

// TestAttesterParallel has the race detector watch one attester at work for
// several callers.
func TestAttesterParallel(t *testing.T) {
	a := newAttester(t, AttesterConfig{})
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 50 {
				sig, err := a.Sign([]byte(name))
				if err != nil {
					t.Fatal(err)
				}
				checkSignature(t, a.Certificate(), []byte(name), sig)
			}
		})
	}
}

func BenchmarkAttesterSign(b *testing.B) {
	for name, cfg := range map[string]AttesterConfig{"RFC6979": {}, "Hedged": {Hedged: true}} {
		b.Run(name, func(b *testing.B) {
			a := newAttester(b, cfg)
			message := make([]byte, 300)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := a.Sign(message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
