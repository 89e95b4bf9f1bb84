package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"
)

func marshal(tb testing.TB, id *Identity) []byte {
	tb.Helper()
	data, err := id.MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestIdentityRoundTrip(t *testing.T) {
	root := newRoot(t, stream(1))
	for name, id := range map[string]*Identity{
		"root": root,
		"leaf": newLeaf(t, root, LeafSpec{AAGUID: testAAGUID}, stream(2)),
	} {
		t.Run(name, func(t *testing.T) {
			data := marshal(t, id)
			got, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			clear(data) // a store takes its memory back
			if !got.Certificate.Equal(id.Certificate) || !got.Key.Equal(id.Key) {
				t.Errorf("Parse gives certificate %x, want %x, and the same key", got.Certificate.Raw, id.Certificate.Raw)
			}
		})
	}
}

// TestStoredRootSigns checks that a leaf is the same whether its root was just
// made or comes from the store.
func TestStoredRootSigns(t *testing.T) {
	root := newRoot(t, stream(1))
	stored, err := Parse(marshal(t, root))
	if err != nil {
		t.Fatal(err)
	}
	want := newLeaf(t, root, LeafSpec{}, stream(2)).Certificate
	if got := newLeaf(t, stored, LeafSpec{}, stream(2)).Certificate; !got.Equal(want) {
		t.Errorf("leaf of the stored root = %x, want %x", got.Raw, want.Raw)
	}
}

func TestParseRefuses(t *testing.T) {
	root := newRoot(t, stream(1))
	leaf := newLeaf(t, root, LeafSpec{}, stream(2))
	good := marshal(t, leaf)
	members := func(values ...[]byte) []byte {
		var raw []asn1.RawValue
		for _, v := range values {
			raw = append(raw, asn1.RawValue{FullBytes: v})
		}
		data, err := asn1.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	certificate, key := leaf.Certificate.Raw, pkcs8(t, leaf.Key)
	if !bytes.Equal(members(certificate, key), good) {
		t.Fatal("members does not build what MarshalBinary does")
	}

	otherCurve := selfSigned(t, elliptic.P384())
	tests := []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"not DER", []byte("-----BEGIN")},
		{"cut short", good[:len(good)-1]},
		{"trailing byte", append(bytes.Clone(good), 0)},
		{"no key", members(certificate)},
		{"third member", members(certificate, key, []byte{5, 0})},
		{"key first", members(key, certificate)},
		{"another key", members(certificate, pkcs8(t, root.Key))},
		{"another curve", marshal(t, otherCurve)},
		{"certificate cut short", members(certificate[:len(certificate)-1], key)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if id, err := Parse(tt.data); err == nil {
				t.Errorf("Parse = %v, want an error", id.Certificate.Subject)
			}
		})
	}
}

func pkcs8(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// selfSigned returns an identity that this package would not make.
func selfSigned(t *testing.T, curve elliptic.Curve) *Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: notBefore, NotAfter: notAfter}
	id, err := (&draft{template, key}).selfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// FuzzParse checks that whatever Parse takes for an identity has exactly those
// bytes, and a key that signs for the certificate.
func FuzzParse(f *testing.F) {
	root := newRoot(f, stream(1))
	leaf := newLeaf(f, root, LeafSpec{AAGUID: testAAGUID}, stream(2))
	f.Add(marshal(f, root))
	f.Add(marshal(f, leaf))
	f.Add(marshal(f, leaf)[:40])
	digest := sha256.Sum256(nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := Parse(data)
		if err != nil {
			return
		}
		if again, err := id.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("MarshalBinary = %x, %v; want %x", again, err, data)
		}
		sig, err := id.Key.Sign(nil, digest[:], crypto.SHA256)
		if err != nil || !ecdsa.VerifyASN1(id.Certificate.PublicKey.(*ecdsa.PublicKey), digest[:], sig) {
			t.Errorf("the key of %x does not sign for its certificate: %v", data, err)
		}
	})
}
