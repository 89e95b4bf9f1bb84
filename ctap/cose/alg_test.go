package cose

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
)

// seedFor returns bytes that are a key of any algorithm here.
func seedFor(alg Alg) []byte {
	seed := sha256.Sum256([]byte{alg.Code()})
	return seed[:alg.SeedSize()]
}

func newKey(t testing.TB, alg Alg) PrivateKey {
	t.Helper()
	material, err := alg.New(seedFor(alg))
	if err != nil {
		t.Fatal(err)
	}
	key, err := alg.Key(material)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAlgorithms(t *testing.T) {
	message := []byte("authData and clientDataHash")
	for _, alg := range algorithms {
		t.Run(name(alg), func(t *testing.T) {
			key, twin := newKey(t, alg), newKey(t, alg)
			if !bytes.Equal(key.COSEKey(), twin.COSEKey()) {
				t.Errorf("one seed gives two keys, %x and %x", key.COSEKey(), twin.COSEKey())
			}
			sig, err := key.Sign(message)
			if err != nil {
				t.Fatal(err)
			}
			if err := alg.Verify(key.COSEKey(), message, sig); err != nil {
				t.Errorf("Verify = %v, want nil", err)
			}
			if again, _ := twin.Sign(message); !bytes.Equal(sig, again) {
				t.Errorf("signatures differ: %x and %x; want none random", sig, again)
			}
			if err := alg.Verify(key.COSEKey(), append(message, 0), sig); !errors.Is(err, ErrSignature) {
				t.Errorf("Verify of another message = %v, want %v", err, ErrSignature)
			}
			if err := alg.Verify([]byte{0xa0}, message, sig); !errors.Is(err, ErrKey) {
				t.Errorf("Verify with no key = %v, want %v", err, ErrKey)
			}
		})
	}
}

func name(alg Alg) string {
	switch alg.ID() {
	case ES256:
		return "ES256"
	case EdDSA:
		return "EdDSA"
	}
	return "unnamed"
}

func TestMaterialOfWrongSize(t *testing.T) {
	for _, alg := range algorithms {
		if _, err := alg.New(make([]byte, alg.SeedSize()+1)); !errors.Is(err, ErrMaterial) {
			t.Errorf("%s: New = %v, want %v", name(alg), err, ErrMaterial)
		}
		if _, err := alg.Key([]byte{1, 2, 3}); !errors.Is(err, ErrMaterial) {
			t.Errorf("%s: Key = %v, want %v", name(alg), err, ErrMaterial)
		}
	}
	if _, err := (es256{}).New(make([]byte, 32)); !errors.Is(err, ErrMaterial) {
		t.Errorf("a scalar of zero: New = %v, want %v", err, ErrMaterial)
	}
}

func TestTableIsUnambiguous(t *testing.T) {
	for _, alg := range algorithms {
		if ByID(alg.ID()) != alg || ByCode(alg.Code()) != alg {
			t.Errorf("%d has a namesake", alg.ID())
		}
	}
	if ByID(-1) != nil || ByCode(0) != nil {
		t.Error("an algorithm answers to a number that nobody has")
	}
}

func TestHedged(t *testing.T) {
	key := newKey(t, es256{})
	a, _ := Hedged(key).Sign([]byte("m"))
	b, _ := Hedged(key).Sign([]byte("m"))
	if bytes.Equal(a, b) {
		t.Error("two hedged signatures are equal")
	}
	for _, sig := range [][]byte{a, b} {
		if err := (es256{}).Verify(key.COSEKey(), []byte("m"), sig); err != nil {
			t.Errorf("Verify = %v, want nil", err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(name(alg), func(b *testing.B) {
			material, err := alg.New(seedFor(alg))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				key, err := alg.Key(material)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := key.Sign([]byte("message")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
