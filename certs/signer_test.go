package certs

import (
	"crypto/elliptic"
	"errors"
	"io"
	"math/big"
	"testing"
)

func TestRepeatable(t *testing.T) {
	pair := func(number byte) (root, leaf *Identity) {
		random := stream(number)
		root = newRoot(t, random)
		return root, newLeaf(t, root, LeafSpec{AAGUID: testAAGUID}, random)
	}
	root, leaf := pair(1)
	for _, tt := range []struct {
		name   string
		number byte
		same   bool
	}{
		{"equal bytes", 1, true},
		{"other bytes", 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, l := pair(tt.number)
			for _, ids := range [][2]*Identity{{root, r}, {leaf, l}} {
				sameCertificate := ids[0].Certificate.Equal(ids[1].Certificate)
				sameKey := ids[0].Key.Equal(ids[1].Key)
				sameSerial := ids[0].Certificate.SerialNumber.Cmp(ids[1].Certificate.SerialNumber) == 0
				if sameCertificate != tt.same || sameKey != tt.same || sameSerial != tt.same {
					t.Errorf("same certificate: %v, key: %v, serial: %v; want %v",
						sameCertificate, sameKey, sameSerial, tt.same)
				}
			}
		})
	}
}

func TestSystemRandomness(t *testing.T) {
	a, b := newRoot(t, nil), newRoot(t, nil)
	if a.Key.Equal(b.Key) || a.Certificate.SerialNumber.Cmp(b.Certificate.SerialNumber) == 0 {
		t.Error("two roots without a reader share a key or a serial number, want them to differ")
	}
}

func TestShortRandomness(t *testing.T) {
	root := newRoot(t, stream(1))
	for n := range int64(seedSize + serialSize) {
		_, errRoot := NewRoot(io.LimitReader(stream(2), n))
		_, errLeaf := NewLeaf(root, LeafSpec{}, io.LimitReader(stream(2), n))
		for _, err := range []error{errRoot, errLeaf} {
			if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
				t.Errorf("with %d random bytes: error %v, want an early end", n, err)
			}
		}
	}
}

// TestKeyOf checks the reduction against the two ends of the range of d.
func TestKeyOf(t *testing.T) {
	order := elliptic.P256().Params().N
	last := new(big.Int).Sub(order, big.NewInt(2))
	tests := []struct {
		name string
		seed *big.Int
		want *big.Int
	}{
		{"zero", big.NewInt(0), big.NewInt(1)},
		{"last", last, new(big.Int).Add(last, big.NewInt(1))},
		{"wraps", new(big.Int).Add(last, big.NewInt(1)), big.NewInt(1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := keyOf(tt.seed.FillBytes(make([]byte, seedSize)))
			if err != nil {
				t.Fatal(err)
			}
			d, err := key.Bytes()
			if err != nil || new(big.Int).SetBytes(d).Cmp(tt.want) != 0 {
				t.Errorf("d = %x, %v; want %x", d, err, tt.want)
			}
		})
	}
}
