package certs

import (
	"bytes"
	"strings"
	"testing"
)

func TestPEM(t *testing.T) {
	root := newRoot(t, stream(1))
	leaf := newLeaf(t, root, LeafSpec{}, stream(2))
	rootPEM, leafPEM := string(EncodePEM(root.Certificate)), string(EncodePEM(leaf.Certificate))
	other := strings.ReplaceAll(leafPEM, "CERTIFICATE", "PRIVATE KEY")
	tests := []struct {
		name string
		file string
		want []*Identity // nil: an error
	}{
		{"one", rootPEM, []*Identity{root}},
		{"in order", leafPEM + rootPEM, []*Identity{leaf, root}},
		{"text around", "leaf\n" + leafPEM + "\nroot\n" + rootPEM + "end\n", []*Identity{leaf, root}},
		{"nothing", "", nil},
		{"text only", "leaf\n", nil},
		{"another block", leafPEM + other, nil},
		{"last cut short", leafPEM + rootPEM[:len(rootPEM)-10], nil},
		{"first cut short", leafPEM[:100] + "\n" + rootPEM, nil},
		{"not a certificate", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePEM([]byte(tt.file))
			if (err == nil) != (tt.want != nil) || len(got) != len(tt.want) {
				t.Fatalf("ParsePEM = %d certificates, %v; want %d", len(got), err, len(tt.want))
			}
			for i, want := range tt.want {
				if !got[i].Equal(want.Certificate) {
					t.Errorf("certificate %d is of %v, want %v", i, got[i].Subject, want.Certificate.Subject)
				}
			}
		})
	}
}

// FuzzParsePEM checks that what was read reads the same once written.
func FuzzParsePEM(f *testing.F) {
	root := newRoot(f, stream(1))
	f.Add(EncodePEM(root.Certificate))
	f.Add(EncodePEM(root.Certificate, newLeaf(f, root, LeafSpec{}, stream(2)).Certificate))
	f.Fuzz(func(t *testing.T, data []byte) {
		certificates, err := ParsePEM(data)
		if err != nil {
			return
		}
		again, err := ParsePEM(EncodePEM(certificates...))
		if err != nil || !bytes.Equal(EncodePEM(again...), EncodePEM(certificates...)) {
			t.Errorf("read again: %d certificates, %v; want %d", len(again), err, len(certificates))
		}
	})
}
