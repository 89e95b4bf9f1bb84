package certs

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/*.pem anew")

var testAAGUID = [16]byte{0x73, 0x57, 0xef, 0x0d, 0x58, 0x06, 0x5e, 0xbc, 0xa5, 0x1f, 0x41, 0x19, 0xe7, 0xd9, 0x71, 0x16}

// stream returns random bytes that are the same for the same number.
func stream(number byte) io.Reader {
	return rand.NewChaCha8([32]byte{number})
}

func newRoot(tb testing.TB, random io.Reader) *Identity {
	tb.Helper()
	root, err := NewRoot(random)
	if err != nil {
		tb.Fatal(err)
	}
	return root
}

func newLeaf(tb testing.TB, root *Identity, spec LeafSpec, random io.Reader) *Identity {
	tb.Helper()
	leaf, err := NewLeaf(root, spec, random)
	if err != nil {
		tb.Fatal(err)
	}
	return leaf
}

// TestForm holds every certificate to what all certificates have in common.
func TestForm(t *testing.T) {
	root := newRoot(t, stream(1))
	small := newRoot(t, zeros{})
	credential := newLeaf(t, root, LeafSpec{}, stream(5)) // any key will do
	tests := []struct {
		name string
		id   *Identity
	}{
		{"root", root},
		{"leaf", newLeaf(t, root, LeafSpec{AAGUID: testAAGUID}, stream(2))},
		{"smallest leaf", newLeaf(t, root, LeafSpec{CommonName: "x"}, stream(3))},
		{"largest leaf", newLeaf(t, root, LeafSpec{
			AAGUID: testAAGUID, CommonName: strings.Repeat("\U0010ffff", 64), Transports: TransportUSB | TransportNFC,
			SerialNumber: bytes.Repeat([]byte{0xff}, 64),
		}, stream(4))},
		{"AIK", newAIK(t, root)},
		{"android-key", &Identity{newAndroidKey(t, root, credential, 1), credential.Key}},
		{"apple", &Identity{newApple(t, root, credential, 1), credential.Key}},
		{"metadata CA", newMetadataCA(t)},
		{"root of zeros", small},
		{"leaf of ones", newLeaf(t, small, LeafSpec{}, ones{})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, tbs := tt.id.Certificate, bare(t, tt.id.Certificate)
			if tbs.Version != 2 { // which means 3
				t.Errorf("version = %d, want 2", tbs.Version)
			}
			// A registration response of 1300 bytes has some 900 for it.
			if len(c.Raw) < 256 || len(c.Raw) > 900 || !bytes.HasPrefix(c.Raw, []byte{0x30, 0x82}) {
				t.Errorf("certificate has %d bytes and begins %x, want 256 to 900 and 3082", len(c.Raw), c.Raw[:2])
			}
			if n := tbs.Serial.BitLen(); tbs.Serial.Sign() <= 0 || n > 8*20-1 {
				t.Errorf("serial number = %v with %d bits, want it positive and at most 20 bytes", tbs.Serial, n)
			}
			checkTime(t, "notBefore", tbs.Validity.NotBefore, "200101000000Z")
			checkTime(t, "notAfter", tbs.Validity.NotAfter, "491231235959Z")
			if tt.id.Key.Curve != elliptic.P256() || !tt.id.Key.PublicKey.Equal(c.PublicKey) {
				t.Errorf("key is not the certificate's, or not on P-256")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type ones struct{}

func (ones) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0xff}, len(p))), nil }

func TestChain(t *testing.T) {
	root := newRoot(t, stream(1))
	other := newRoot(t, stream(2))
	leaf := newLeaf(t, root, LeafSpec{AAGUID: testAAGUID}, stream(3))
	now := time.Now()
	tests := []struct {
		name  string
		trust []*Identity
		at    time.Time
		ok    bool
	}{
		{"now", []*Identity{root}, now, true},
		{"first second", []*Identity{root}, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"last second", []*Identity{root}, time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC), true},
		{"before", []*Identity{root}, time.Date(2019, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{"after", []*Identity{root}, time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"another root", []*Identity{other}, now, false},
		{"both roots", []*Identity{other, root}, now, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pool := x509.NewCertPool()
			for _, r := range tt.trust {
				pool.AddCert(r.Certificate)
			}
			chains, err := leaf.Certificate.Verify(x509.VerifyOptions{
				Roots: pool, CurrentTime: tt.at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			if (err == nil) != tt.ok {
				t.Fatalf("Verify = %v, want success: %v", err, tt.ok)
			}
			if tt.ok && (len(chains) != 1 || len(chains[0]) != 2 || !chains[0][1].Equal(root.Certificate)) {
				t.Errorf("chains = %d, want the one of leaf and root", len(chains))
			}
		})
	}
}

// TestGolden pins the bytes: a deterministic key must stay the same from one
// version to the next. The files are for other X.509 tools too.
func TestGolden(t *testing.T) {
	random := stream(1)
	root := newRoot(t, random)
	leaf := newLeaf(t, root, LeafSpec{AAGUID: testAAGUID}, random)
	for file, id := range map[string]*Identity{"testdata/root.pem": root, "testdata/leaf.pem": leaf} {
		got := EncodePEM(id.Certificate)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%swant\n%s", file, got, want)
		}
	}
}

func BenchmarkNewLeaf(b *testing.B) {
	root := newRoot(b, stream(1))
	random := stream(2)
	b.ReportAllocs()
	for b.Loop() {
		newLeaf(b, root, LeafSpec{AAGUID: testAAGUID}, random)
	}
}
