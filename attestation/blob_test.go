package attestation

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
)

func newMetadataSigner(tb testing.TB) (root *certs.Identity, signer *certs.MetadataSigner) {
	tb.Helper()
	root, err := certs.NewMetadataRoot(nil)
	if err != nil {
		tb.Fatal(err)
	}
	if signer, err = certs.NewMetadataSigner(root); err != nil {
		tb.Fatal(err)
	}
	return root, signer
}

func sign(tb testing.TB, blob *BLOB, signer *certs.MetadataSigner) []byte {
	tb.Helper()
	token, err := blob.Sign(signer)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// verifyBLOB returns the payload of a BLOB as a relying party reads it that
// trusts root (FIDO Metadata Service §3.2).
func verifyBLOB(token []byte, root *certs.Identity) ([]byte, error) {
	parts := strings.Split(string(token), ".")
	if len(parts) != 3 {
		return nil, errors.New("not a compact JWS")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return nil, err
		}
	}
	var header struct {
		Alg, Typ string
		X5C      []string
	}
	if err := json.Unmarshal(decoded[0], &header); err != nil || header.Alg != "RS256" || header.Typ != "JWT" {
		return nil, errors.New("header is not of RS256 and JWT")
	}
	leaf, err := verifyX5C(header.X5C, root)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return decoded[1], rsa.VerifyPKCS1v15(leaf.PublicKey.(*rsa.PublicKey), crypto.SHA256, digest[:], decoded[2])
}

func verifyX5C(x5c []string, root *certs.Identity) (*x509.Certificate, error) {
	var chain []*x509.Certificate
	for _, text := range x5c {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, err
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	options.Roots.AddCert(root.Certificate)
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(options)
	return chain[0], err
}

func TestBLOB(t *testing.T) {
	root, signer := newMetadataSigner(t)
	m := newMetadata(t)
	fido2, err := m.Statement()
	if err != nil {
		t.Fatal(err)
	}
	u2f, err := m.U2FStatement()
	if err != nil {
		t.Fatal(err)
	}
	keyID, err := certs.KeyIdentifier(m.Leaf.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := verifyBLOB(sign(t, &BLOB{Models: []Metadata{*m}}, signer), root)
	if err != nil {
		t.Fatal(err)
	}
	const status = `"statusReports":[{"status":"NOT_FIDO_CERTIFIED","effectiveDate":"2020-01-01"}],"timeOfLastStatusChange":"2020-01-01"}`
	keyIDs, err := json.Marshal([]string{hexText(keyID)})
	if err != nil {
		t.Fatal(err)
	}
	checkMembers(t, payload, []member{
		{"legalHeader", `"This BLOB describes software security keys for tests. It does not come from the FIDO Alliance and says nothing about any product."`},
		{"no", "1"},
		{"nextUpdate", `"2049-12-31"`},
		{"entries", `[{"aaguid":"` + testUUID + `","metadataStatement":` + string(fido2) + "," + status +
			`,{"attestationCertificateKeyIdentifiers":` + string(keyIDs) + `,"metadataStatement":` + string(u2f) + "," + status + "]"},
	})
}

func hexText(b []byte) string {
	text, _ := hexadecimal(b).MarshalText()
	return string(text)
}

// TestBLOBFields checks what the caller may choose.
func TestBLOBFields(t *testing.T) {
	root, signer := newMetadataSigner(t)
	day := time.Date(2026, 3, 4, 23, 59, 59, 0, time.UTC)
	m := newMetadata(t)
	m.Leaf = nil
	m.Status = []StatusReport{{"SELF_ASSERTION_SUBMITTED", day.AddDate(-1, 0, 0)}, {"REVOKED", day}}
	east := day.In(time.FixedZone("", 14*60*60)) // where it is the 5th
	blob := &BLOB{LegalHeader: "ours", Number: 7, NextUpdate: east, Models: []Metadata{*m}}
	payload, err := verifyBLOB(sign(t, blob, signer), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"legalHeader":"ours","no":7,"nextUpdate":"2026-03-04","entries":[{"aaguid":`,
		`"statusReports":[{"status":"SELF_ASSERTION_SUBMITTED","effectiveDate":"2025-03-04"},` +
			`{"status":"REVOKED","effectiveDate":"2026-03-04"}],"timeOfLastStatusChange":"2026-03-04"}]}`,
	} {
		if !strings.Contains(string(payload), want) {
			t.Errorf("payload = %s, want it to have %s", payload, want)
		}
	}
}

// TestBLOBEntries checks which entries a model gets.
func TestBLOBEntries(t *testing.T) {
	tests := []struct {
		name  string
		bend  func(*Metadata)
		fido2 int
		u2f   int
	}{
		{"both", func(*Metadata) {}, 1, 1},
		{"no U2F", func(m *Metadata) { m.Info.Versions = []string{"FIDO_2_0"} }, 1, 0},
		{"fido-u2f as a format", func(m *Metadata) {
			m.Info.Versions, m.Info.AttestationFormats = []string{"FIDO_2_0"}, []string{"packed", "fido-u2f"}
		}, 1, 1},
		{"no leaf", func(m *Metadata) { m.Leaf = nil }, 1, 0},
		{"self attestation", func(m *Metadata) { m.Roots, m.Leaf = nil, nil }, 1, 0},
		{"U2F alone", func(m *Metadata) { m.Info = nil }, 0, 1},
		{"U2F alone, AAGUID of zeros", func(m *Metadata) {
			m.Info = &ctap.GetInfoResponse{Versions: []string{"U2F_V2"}, AAGUID: make([]byte, 16)}
		}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMetadata(t)
			tt.bend(m)
			entries, err := m.entries()
			if err != nil {
				t.Fatal(err)
			}
			var fido2, u2f int
			for _, e := range entries {
				fido2 += min(1, len(e.AAGUID))
				u2f += len(e.KeyIdentifiers)
			}
			if fido2 != tt.fido2 || u2f != tt.u2f {
				t.Errorf("entries by AAGUID: %d, by key: %d; want %d and %d", fido2, u2f, tt.fido2, tt.u2f)
			}
		})
	}
}

func TestBLOBSignature(t *testing.T) {
	root, signer := newMetadataSigner(t)
	foreign, _ := newMetadataSigner(t)
	blob := &BLOB{Models: []Metadata{*newMetadata(t)}}
	token := sign(t, blob, signer)
	if again := sign(t, blob, signer); !bytes.Equal(again, token) {
		t.Errorf("BLOB again = %s, want %s", again, token)
	}
	if _, err := verifyBLOB(token, foreign); err == nil {
		t.Error("a BLOB is good for a foreign root")
	}
	bent := bytes.Clone(token)
	bent[bytes.IndexByte(bent, '.')+100] ^= 1
	if _, err := verifyBLOB(bent, root); err == nil {
		t.Error("a bent BLOB is good")
	}
}

func TestBLOBRefuses(t *testing.T) {
	_, signer := newMetadataSigner(t)
	nothing := newMetadata(t)
	nothing.Info, nothing.Leaf = nil, nil
	nameless := newMetadata(t)
	nameless.Description = ""
	for name, model := range map[string]*Metadata{"neither FIDO2 nor U2F": nothing, "no description": nameless} {
		t.Run(name, func(t *testing.T) {
			if token, err := (&BLOB{Models: []Metadata{*model}}).Sign(signer); err == nil {
				t.Errorf("Sign = %s, want an error", token)
			}
		})
	}
}

// FuzzInfo checks that metadata of whatever passes for an answer to
// authenticatorGetInfo are JSON.
func FuzzInfo(f *testing.F) {
	f.Add(ctap.MustMarshal(newMetadata(f).Info))
	f.Add(ctap.MustMarshal(map[int]any{4: map[string]bool{"uv": true}, 18: 0xffff, 25: []byte{1}, 19: map[string]int{"\"": 1}}))
	f.Fuzz(func(t *testing.T, answer []byte) {
		info, err := parseInfo(answer)
		if err != nil {
			return
		}
		text, err := json.Marshal(info)
		if err != nil || !json.Valid(text) {
			t.Errorf("metadata of %x = %s, %v", answer, text, err)
		}
		if len(info.verificationDetails()) == 0 || len(info.attachmentHint()) == 0 {
			t.Errorf("no verification details or no attachment hint for %x", answer)
		}
	})
}
