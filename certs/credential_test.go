package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"testing"
)

// newAIK returns the AIK certificate of a leaf of issuer, with the leaf's key.
func newAIK(tb testing.TB, issuer Issuer) *Identity {
	tb.Helper()
	leaf, err := NewLeaf(issuer, LeafSpec{AAGUID: testAAGUID}, stream(6))
	if err != nil {
		tb.Fatal(err)
	}
	aik, err := NewAIK(issuer, leaf)
	if err != nil {
		tb.Fatal(err)
	}
	return &Identity{aik, leaf.Key}
}

func newAndroidKey(tb testing.TB, issuer Issuer, credential *Identity, challenge byte) *x509.Certificate {
	tb.Helper()
	c, err := NewAndroidKey(issuer, &credential.Key.PublicKey, bytes.Repeat([]byte{challenge}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func newApple(tb testing.TB, issuer Issuer, credential *Identity, nonce byte) *x509.Certificate {
	tb.Helper()
	c, err := NewApple(issuer, &credential.Key.PublicKey, [32]byte(bytes.Repeat([]byte{nonce}, 32)))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestCredentialCertificates(t *testing.T) {
	root := newRoot(t, stream(1))
	rootID := keyIDHex(bare(t, root.Certificate))
	credential := newLeaf(t, root, LeafSpec{}, stream(2)) // any key will do
	const ones = "0101010101010101010101010101010101010101010101010101010101010101"
	tests := []struct {
		name        string
		certificate *x509.Certificate
		oid, value  string
		commonName  string
	}{
		{"android-key", newAndroidKey(t, root, credential, 1), "1.3.6.1.4.1.11129.2.1.17",
			"3059" + // KeyDescription
				"020103" + "0a0101" + // attestation version 3, by a trusted environment
				"020104" + "0a0101" + // of Keymaster 4, in the same
				"0420" + ones + // attestationChallenge
				"0400" + // no uniqueId
				"3000" + // nothing enforced by software
				"3025" + // enforced by the trusted environment:
				"a105" + "3103020102" + // purpose: sign, and nothing else
				"a203" + "020103" + // algorithm: EC
				"a304" + "02020100" + // keySize: 256
				"a505" + "3103020104" + // digest: SHA-256
				"aa03" + "020101" + // ecCurve: P-256
				"bf853e03" + "020100", // [702] origin: generated
			"Soft Device Android Key"},
		{"apple", newApple(t, root, credential, 1), "1.2.840.113635.100.8.2",
			"3024" + "a122" + "0420" + ones, "Soft Device Credential"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tbs := bare(t, tt.certificate)
			checkExtensions(t, tbs.Extensions, []wantExtension{
				{"2.5.29.19", true, "3000"},     // BasicConstraints: no CA
				{"2.5.29.15", true, "03020780"}, // digitalSignature
				{"2.5.29.14", false, "0414" + keyIDHex(bare(t, credential.Certificate))},
				{"2.5.29.35", false, "30168014" + rootID},
				{tt.oid, false, tt.value},
			})
			checkName(t, tbs.Subject, []nameItem{
				{"2.5.4.6", asn1.TagPrintableString, "US"},
				{"2.5.4.10", asn1.TagUTF8String, "softkey"},
				{"2.5.4.3", asn1.TagUTF8String, tt.commonName},
			})
			if !credential.Key.PublicKey.Equal(tt.certificate.PublicKey) {
				t.Error("the certificate's key is not the credential's")
			}
			if err := tt.certificate.CheckSignatureFrom(root.Certificate); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCredentialSerial checks that a certificate repeats with its registration,
// and that no two of an issuer share a serial number otherwise.
func TestCredentialSerial(t *testing.T) {
	root := newRoot(t, stream(1))
	one, two := newLeaf(t, root, LeafSpec{}, stream(2)), newLeaf(t, root, LeafSpec{}, stream(3))
	first := newAndroidKey(t, root, one, 1)
	if again := newAndroidKey(t, root, one, 1); !again.Equal(first) {
		t.Errorf("certificate again = %x, want %x", again.Raw, first.Raw)
	}
	for name, other := range map[string]*x509.Certificate{
		"another challenge": newAndroidKey(t, root, one, 2),
		"another key":       newAndroidKey(t, root, two, 1),
		"another kind":      newApple(t, root, one, 1),
	} {
		if other.SerialNumber.Cmp(first.SerialNumber) == 0 {
			t.Errorf("%s: serial number = %x, want another", name, other.SerialNumber)
		}
	}
}

func TestCredentialRefuses(t *testing.T) {
	root := newRoot(t, stream(1))
	leaf := newLeaf(t, root, LeafSpec{}, stream(2))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		issuer Issuer
		key    *ecdsa.PublicKey
		want   error // nil: any
	}{
		{"another curve", root, &p384.PublicKey, errNotP256},
		{"issuer that is a leaf", leaf, &leaf.Key.PublicKey, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errAndroid := NewAndroidKey(tt.issuer, tt.key, nil)
			_, errApple := NewApple(tt.issuer, tt.key, [32]byte{})
			for _, err := range []error{errAndroid, errApple} {
				if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("error = %v, want %v", err, tt.want)
				}
			}
		})
	}
	if aik, err := NewAIK(leaf, leaf); err == nil {
		t.Errorf("NewAIK below a leaf = %v, want an error", aik.SerialNumber)
	}
}

func TestAIK(t *testing.T) {
	root := newRoot(t, stream(1))
	for _, tt := range []struct {
		name   string
		aaguid [16]byte
		want   []wantExtension
	}{
		{"AAGUID", testAAGUID, []wantExtension{
			{"1.3.6.1.4.1.45724.1.1.4", false, "04107357ef0d58065ebca51f4119e7d97116"},
		}},
		{"no AAGUID", [16]byte{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			leaf := newLeaf(t, root, LeafSpec{AAGUID: tt.aaguid}, stream(2))
			aik, err := NewAIK(root, leaf)
			if err != nil {
				t.Fatal(err)
			}
			tbs := bare(t, aik)
			if got := hex.EncodeToString(tbs.Subject.FullBytes); got != "3000" {
				t.Errorf("subject = %s, want the empty 3000", got)
			}
			san := checkTPMName(t, tbs)
			checkExtensions(t, tbs.Extensions, append(tt.want,
				wantExtension{"2.5.29.19", true, "3000"},
				wantExtension{"2.5.29.37", false, "30070605" + "6781050803"}, // 2.23.133.8.3
				wantExtension{"2.5.29.14", false, "0414" + keyIDHex(bare(t, leaf.Certificate))},
				wantExtension{"2.5.29.35", false, "30168014" + keyIDHex(bare(t, root.Certificate))},
				wantExtension{"2.5.29.17", true, san},
			))
			if err := aik.CheckSignatureFrom(root.Certificate); err != nil {
				t.Error(err)
			}
			if aik.SerialNumber.Cmp(leaf.Certificate.SerialNumber) == 0 {
				t.Error("AIK and leaf have one serial number, want two")
			}
		})
	}
}

// checkTPMName checks the subject alternative name, which it returns in hex.
func checkTPMName(t *testing.T, tbs bareTBS) string {
	t.Helper()
	for _, e := range tbs.Extensions {
		if e.Id.String() != "2.5.29.17" {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(e.Value, &names); err != nil || len(names) != 1 || names[0].FullBytes[0] != 0xa4 {
			t.Fatalf("subject alternative name = %x, %v; want one directoryName", e.Value, err)
		}
		checkName(t, asn1.RawValue{FullBytes: names[0].Bytes}, []nameItem{
			{"2.23.133.2.1", asn1.TagUTF8String, "id:FFFFF1D0"},
			{"2.23.133.2.2", asn1.TagUTF8String, "softkey"},
			{"2.23.133.2.3", asn1.TagUTF8String, "id:00000001"},
		})
		return hex.EncodeToString(e.Value)
	}
	t.Fatal("no subject alternative name")
	return ""
}

func BenchmarkNewAndroidKey(b *testing.B) {
	root := newRoot(b, stream(1))
	credential := newLeaf(b, root, LeafSpec{}, stream(2))
	b.ReportAllocs()
	for b.Loop() {
		newAndroidKey(b, root, credential, 1)
	}
}
