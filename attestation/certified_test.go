package attestation

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"

	"github.com/google/go-tpm/tpm2"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// received is an attStmt as a relying party decodes it, of any format with
// certificates.
type received struct {
	Version   string   `cbor:"ver"`
	Algorithm cose.ID  `cbor:"alg"`
	Signature []byte   `cbor:"sig"`
	X5C       [][]byte `cbor:"x5c"`
	CertInfo  []byte   `cbor:"certInfo"`
	PubArea   []byte   `cbor:"pubArea"`
}

// receive decodes an attStmt, which must have that many members.
func receive(t *testing.T, sent []byte, members int) (r received, leaf *x509.Certificate) {
	t.Helper()
	if err := ctap.Unmarshal(sent, &r); err != nil {
		t.Fatal(err)
	}
	if sent[0] != 0xa0+byte(members) || len(r.X5C) == 0 {
		t.Fatalf("attStmt %x: %d members, %d certificates; want %d and some", sent, sent[0]-0xa0, len(r.X5C), members)
	}
	leaf, err := x509.ParseCertificate(r.X5C[0])
	if err != nil {
		t.Fatal(err)
	}
	return r, leaf
}

// checkPath verifies the leaf and checks what x5c has above it.
func checkPath(t *testing.T, leaf *x509.Certificate, x5c [][]byte, root *x509.Certificate, above ...*x509.Certificate) {
	t.Helper()
	if len(x5c) != 1+len(above) {
		t.Fatalf("x5c has %d certificates, want %d", len(x5c), 1+len(above))
	}
	intermediates, roots := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	for i, c := range above {
		intermediates.AddCert(c)
		if !bytes.Equal(x5c[1+i], c.Raw) {
			t.Errorf("x5c[%d] = %x, want %x", 1+i, x5c[1+i], c.Raw)
		}
	}
	leaf.UnhandledCriticalExtensions = nil // the subject alternative name of an AIK
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		t.Error(err)
	}
}

// extension returns the value of an extension of c.
func extension(t *testing.T, c *x509.Certificate, oid string) []byte {
	t.Helper()
	for _, e := range c.Extensions {
		if e.Id.String() == oid {
			return e.Value
		}
	}
	t.Fatalf("no extension %s", oid)
	return nil
}

func credentialKey(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

// TestTPM verifies a statement by the steps of §8.3, with another's reading of
// the TPM's structures.
func TestTPM(t *testing.T) {
	attester, root, leaf := newIssuing(t)
	in, message := newInput(t, cose.ES256, attester)
	r, aik := receive(t, statement(t, "tpm", in), 6)
	if r.Version != "2.0" || r.Algorithm != cose.ES256 {
		t.Errorf("ver = %q, alg = %d; want 2.0 and ES256", r.Version, r.Algorithm)
	}
	checkSignature(t, r.X5C[0], r.CertInfo, r.Signature)
	checkPath(t, aik, r.X5C, root.Certificate)
	if !leaf.Key.PublicKey.Equal(aik.PublicKey) {
		t.Error("the AIK is not the attester's key")
	}
	area := checkPubArea(t, r.PubArea)
	checkCertInfo(t, r.CertInfo, area, message)
}

func checkPubArea(t *testing.T, pubArea []byte) *tpm2.TPMTPublic {
	t.Helper()
	area, err := tpm2.Unmarshal[tpm2.TPMTPublic](pubArea)
	if err != nil || !bytes.Equal(tpm2.Marshal(area), pubArea) {
		t.Fatalf("pubArea %x: %v, or not in its one form", pubArea, err)
	}
	want := tpm2.TPMAObject{
		FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true, SignEncrypt: true,
	}
	if area.Type != tpm2.TPMAlgECC || area.NameAlg != tpm2.TPMAlgSHA256 || area.ObjectAttributes != want {
		t.Errorf("type %x, nameAlg %x, attributes %+v; want ECC, SHA-256 and %+v",
			area.Type, area.NameAlg, area.ObjectAttributes, want)
	}
	parameters, err := area.Parameters.ECCDetail()
	if err != nil || parameters.CurveID != tpm2.TPMECCNistP256 || parameters.Scheme.Scheme != tpm2.TPMAlgNull ||
		parameters.Symmetric.Algorithm != tpm2.TPMAlgNull || parameters.KDF.Scheme != tpm2.TPMAlgNull {
		t.Errorf("parameters = %+v, %v; want P-256 and nothing else", parameters, err)
	}
	point, err := area.Unique.ECC()
	if err != nil {
		t.Fatal(err)
	}
	want04, err := credentialKey(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got := append(append([]byte{4}, point.X.Buffer...), point.Y.Buffer...); !bytes.Equal(got, want04) {
		t.Errorf("unique = %x, want the credential's %x", got, want04)
	}
	return area
}

func checkCertInfo(t *testing.T, certInfo []byte, area *tpm2.TPMTPublic, message []byte) {
	t.Helper()
	info, err := tpm2.Unmarshal[tpm2.TPMSAttest](certInfo)
	if err != nil || !bytes.Equal(tpm2.Marshal(info), certInfo) {
		t.Fatalf("certInfo %x: %v, or not in its one form", certInfo, err)
	}
	if err := info.Magic.Check(); err != nil || info.Type != tpm2.TPMSTAttestCertify {
		t.Errorf("magic: %v, type %x; want TPM_GENERATED_VALUE and TPM_ST_ATTEST_CERTIFY", err, info.Type)
	}
	if want := sha256.Sum256(message); !bytes.Equal(info.ExtraData.Buffer, want[:]) {
		t.Errorf("extraData = %x, want %x", info.ExtraData.Buffer, want)
	}
	attested, err := info.Attested.Certify()
	if err != nil {
		t.Fatal(err)
	}
	if name, err := tpm2.ObjectName(area); err != nil || !bytes.Equal(attested.Name.Buffer, name.Buffer) {
		t.Errorf("name = %x, want %x, %v", attested.Name.Buffer, name.Buffer, err)
	}
}

// TestAndroidKey verifies a statement by the steps of §8.4.
func TestAndroidKey(t *testing.T) {
	attester, root, _ := newIssuing(t)
	in, message := newInput(t, cose.ES256, attester)
	r, certificate := receive(t, statement(t, "android-key", in), 3)
	if r.Algorithm != cose.ES256 {
		t.Errorf("alg = %d, want ES256", r.Algorithm)
	}
	checkSignature(t, r.X5C[0], message, r.Signature)
	checkPath(t, certificate, r.X5C, root.Certificate, root.Certificate)
	if !credentialKey(t).Equal(certificate.PublicKey) {
		t.Error("the certificate's key is not the credential's")
	}
	var members []asn1.RawValue
	if _, err := asn1.Unmarshal(extension(t, certificate, "1.3.6.1.4.1.11129.2.1.17"), &members); err != nil || len(members) != 8 {
		t.Fatalf("key description with %d members, %v; want 8", len(members), err)
	}
	if got := members[4].Bytes; !bytes.Equal(got, in.ClientDataHash) {
		t.Errorf("attestationChallenge = %x, want %x", got, in.ClientDataHash)
	}
}

// TestApple verifies a statement by the steps of §8.8.
func TestApple(t *testing.T) {
	attester, root, _ := newIssuing(t)
	in, message := newInput(t, cose.ES256, attester)
	r, certificate := receive(t, statement(t, "apple", in), 1)
	checkPath(t, certificate, r.X5C, root.Certificate)
	if !credentialKey(t).Equal(certificate.PublicKey) {
		t.Error("the certificate's key is not the credential's")
	}
	nonce := sha256.Sum256(message)
	want := append([]byte{0x30, 0x24, 0xa1, 0x22, 0x04, 0x20}, nonce[:]...)
	if got := extension(t, certificate, "1.2.840.113635.100.8.2"); !bytes.Equal(got, want) {
		t.Errorf("nonce extension = %x, want %x", got, want)
	}
}

func TestCompound(t *testing.T) {
	attester, _, _ := newIssuing(t)
	in, _ := newInput(t, cose.ES256, attester)
	want := []byte("\x82")
	want = append(append(want, "\xa2\x63fmt\x66packed\x67attStmt"...), statement(t, "packed", in)...)
	want = append(append(want, "\xa2\x63fmt\x63tpm\x67attStmt"...), statement(t, "tpm", in)...)
	if got := statement(t, "compound", in); !bytes.Equal(got, want) {
		t.Errorf("attStmt = %x, want %x", got, want)
	}
}

// TestUserCA checks what x5c holds where the user's CA is not a root.
func TestUserCA(t *testing.T) {
	ca, intermediate, root := newCA(t)
	leaf, err := certs.NewLeaf(ca, certs.LeafSpec{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := newInput(t, cose.ES256, NewAttester(leaf, AttesterConfig{Issuer: ca}))
	tests := []struct {
		format  string
		members int
		above   []*x509.Certificate
	}{
		{"packed", 3, []*x509.Certificate{intermediate}},
		{"tpm", 6, []*x509.Certificate{intermediate}},
		{"apple", 1, []*x509.Certificate{intermediate}},
		{"android-key", 3, []*x509.Certificate{intermediate, root}},
	}
	for _, tt := range tests {
		t.Run(tt.format, func(t *testing.T) {
			r, certificate := receive(t, statement(t, tt.format, in), tt.members)
			checkPath(t, certificate, r.X5C, root, tt.above...)
		})
	}
}

// TestEnterprise checks that an attester without an issuer presents one
// certificate, whoever issued it.
func TestEnterprise(t *testing.T) {
	ca, intermediate, root := newCA(t)
	leaf, err := certs.NewLeaf(ca, certs.LeafSpec{SerialNumber: []byte("A17")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	in, message := newInput(t, cose.ES256, NewAttester(leaf, AttesterConfig{}))
	r, certificate := receive(t, statement(t, "packed", in), 3)
	if len(r.X5C) != 1 {
		t.Fatalf("x5c has %d certificates, want 1", len(r.X5C))
	}
	checkSignature(t, r.X5C[0], message, r.Signature)
	checkPath(t, certificate, append(r.X5C, intermediate.Raw), root, intermediate)
	if got := extension(t, certificate, "1.3.6.1.4.1.45724.1.1.2"); string(got) != "\x04\x03A17" {
		t.Errorf("serial number extension = %x, want 0403413137", got)
	}
}

func TestCertifiedRefuses(t *testing.T) {
	attester, _, leaf := newIssuing(t)
	tests := []struct {
		name string
		alg  cose.ID
		bend func(*Input)
		want error // nil: any
	}{
		{"EdDSA", cose.EdDSA, func(*Input) {}, ctap.StatusUnsupportedAlgorithm},
		{"public key that is none", cose.ES256, func(in *Input) { in.PublicKey = nil }, cose.ErrKey},
		{"no issuer", cose.ES256, func(in *Input) { in.Attester = NewAttester(leaf, AttesterConfig{}) }, nil},
		{"no attester", cose.ES256, func(in *Input) { in.Attester = nil }, nil},
	}
	for _, format := range []string{"tpm", "android-key", "apple", "compound"} {
		for _, tt := range tests {
			t.Run(format+"/"+tt.name, func(t *testing.T) {
				in, _ := newInput(t, tt.alg, attester)
				tt.bend(in)
				stmt, err := ByName(format).Statement(in)
				if stmt != nil || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("Statement = %v, %v; want the error %v", stmt, err, tt.want)
				}
			})
		}
	}
}
