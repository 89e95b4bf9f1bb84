package certs

import (
	"crypto/x509"
	"testing"
)

func newMetadataSigner(tb testing.TB) (root *Identity, signer *MetadataSigner) {
	tb.Helper()
	root, err := NewMetadataRoot(stream(1))
	if err != nil {
		tb.Fatal(err)
	}
	if signer, err = NewMetadataSigner(root); err != nil {
		tb.Fatal(err)
	}
	return root, signer
}

// newMetadataCA returns what stands between a signer and its root. A signer has
// forgotten the key of its own: this one is made in the same way.
func newMetadataCA(tb testing.TB) *Identity {
	tb.Helper()
	root, err := NewMetadataRoot(stream(1))
	if err != nil {
		tb.Fatal(err)
	}
	d, err := newDraft(stream(2))
	if err != nil {
		tb.Fatal(err)
	}
	if err := d.makeCA("softkey Metadata CA", 0); err != nil {
		tb.Fatal(err)
	}
	ca, err := d.issuedBy(root)
	if err != nil {
		tb.Fatal(err)
	}
	return ca
}

func TestMetadataSigner(t *testing.T) {
	root, signer := newMetadataSigner(t)
	if again, err := NewMetadataRoot(stream(1)); err != nil || !again.Certificate.Equal(root.Certificate) {
		t.Errorf("root again = %v, %v; want the same", again, err)
	}
	if len(signer.X5C) != 2 || !signer.Key.PublicKey.Equal(signer.X5C[0].PublicKey) {
		t.Fatalf("x5c of %d certificates, want that of the key and one more", len(signer.X5C))
	}
	if signer.Key.Size() != 256 || signer.X5C[0].IsCA || signer.X5C[0].KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("signer: %d bytes, CA %v, key usage %b; want 256, false and digitalSignature",
			signer.Key.Size(), signer.X5C[0].IsCA, signer.X5C[0].KeyUsage)
	}
	other, err := NewMetadataRoot(stream(2))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		root *Identity
		ok   bool
	}{
		{"its root", root, true},
		{"another metadata root", other, false},
		{"attestation root", newRoot(t, stream(3)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := signer.X5C[0].Verify(x509.VerifyOptions{
				Roots: pool([]*x509.Certificate{tt.root.Certificate}), Intermediates: pool(signer.X5C[1:]),
				KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			if (err == nil) != tt.ok {
				t.Errorf("Verify = %v, want success: %v", err, tt.ok)
			}
		})
	}
}
