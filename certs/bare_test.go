package certs

import (
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"testing"
)

// A bareCertificate is X.509 as RFC 5280 §4.1 has it, with nothing interpreted:
// crypto/x509 made the certificates, so it does not judge them.
type bareCertificate struct {
	TBS                bareTBS
	SignatureAlgorithm asn1.RawValue
	Signature          asn1.BitString
}

type bareTBS struct {
	Version            int `asn1:"explicit,tag:0"`
	Serial             *big.Int
	SignatureAlgorithm asn1.RawValue
	Issuer             asn1.RawValue
	Validity           struct{ NotBefore, NotAfter asn1.RawValue }
	Subject            asn1.RawValue
	PublicKey          struct {
		Algorithm asn1.RawValue
		Bits      asn1.BitString
	}
	Extensions []pkix.Extension `asn1:"explicit,tag:3"`
}

func bare(t *testing.T, c *x509.Certificate) bareTBS {
	t.Helper()
	var b bareCertificate
	if rest, err := asn1.Unmarshal(c.Raw, &b); err != nil || len(rest) != 0 {
		t.Fatalf("certificate: %v, %d bytes after it", err, len(rest))
	}
	return b.TBS
}

// A nameItem is one attribute of a name, with the tag of its string type.
type nameItem struct {
	oid   string
	tag   int
	value string
}

func nameItems(t *testing.T, name asn1.RawValue) (items []nameItem) {
	t.Helper()
	type attributeSET []struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	var sets []attributeSET
	if _, err := asn1.Unmarshal(name.FullBytes, &sets); err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		for _, a := range set {
			items = append(items, nameItem{a.Type.String(), a.Value.Tag, string(a.Value.Bytes)})
		}
	}
	return items
}

func checkName(t *testing.T, name asn1.RawValue, want []nameItem) {
	t.Helper()
	got := nameItems(t, name)
	if len(got) != len(want) {
		t.Fatalf("name = %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("attribute %d of the name = %v, want %v", i, got[i], want[i])
		}
	}
}

// A wantExtension is an extension with its value in hex.
type wantExtension struct {
	oid      string
	critical bool
	value    string
}

func checkExtensions(t *testing.T, got []pkix.Extension, want []wantExtension) {
	t.Helper()
	found := make(map[string]pkix.Extension)
	for _, e := range got {
		found[e.Id.String()] = e
	}
	if len(got) != len(want) || len(found) != len(want) {
		t.Errorf("got %d extensions, %d of them different; want %d", len(got), len(found), len(want))
	}
	for _, w := range want {
		e, ok := found[w.oid]
		if !ok || e.Critical != w.critical || hex.EncodeToString(e.Value) != w.value {
			t.Errorf("extension %s = %x (critical: %v, present: %v), want %s (%v)",
				w.oid, e.Value, e.Critical, ok, w.value, w.critical)
		}
	}
}

// keyIDHex is the key identifier of RFC 5280 §4.2.1.2, method 1, by which FIDO
// metadata finds the certificate.
func keyIDHex(tbs bareTBS) string {
	sum := sha1.Sum(tbs.PublicKey.Bits.Bytes)
	return hex.EncodeToString(sum[:])
}

func checkTime(t *testing.T, name string, got asn1.RawValue, want string) {
	t.Helper()
	if got.Tag != asn1.TagUTCTime || string(got.Bytes) != want {
		t.Errorf("%s = %q with tag %d, want UTCTime %q", name, got.Bytes, got.Tag, want)
	}
}
