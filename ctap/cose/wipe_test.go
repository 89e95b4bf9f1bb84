package cose

import (
	"bytes"
	"testing"
)

// TestWipe checks that nothing is left of the keys that this package makes of
// their material, the old one of Ed25519 too.
func TestWipe(t *testing.T) {
	tests := []struct {
		id  ID
		old bool // material that is the seed alone
	}{{ES256, false}, {ES384, false}, {ES512, false}, {ES256K, false}, {EdDSA, false}, {EdDSA, true}, {Ed448, false}}
	for _, tt := range tests {
		alg := ByID(tt.id)
		material := materialFor(t, alg)
		if tt.old {
			material = material[:alg.SeedSize()]
		}
		key, err := alg.Key(material)
		if err != nil {
			t.Fatal(err)
		}
		if before := secretOf(t, key); !bytes.Equal(before, material[:alg.SeedSize()]) {
			t.Fatalf("%s: the key holds %x, want %x", Name(tt.id), before, material[:alg.SeedSize()])
		}
		Wipe(Deterministic(key))
		if after := secretOf(t, key); !bytes.Equal(after, make([]byte, alg.SeedSize())) {
			t.Errorf("%s: after Wipe the key holds %x, want zeros", Name(tt.id), after)
		}
	}
}

// secretOf returns a copy of what a key signs with.
func secretOf(t *testing.T, key PrivateKey) []byte {
	t.Helper()
	switch k := key.(type) {
	case *ecdsaKey:
		return bytes.Clone(k.pair[:k.scheme.size])
	case *edwardsKey:
		return bytes.Clone(k.private[:k.scheme.size])
	case koblitzKey:
		return k.private.Serialize()
	}
	t.Fatalf("a key of type %T", key)
	return nil
}

// Keys that cannot be wiped still sign.
func TestWipeLeavesOthers(t *testing.T) {
	for _, id := range []ID{RS256, MLDSA44} {
		key := newKey(t, ByID(id))
		Wipe(key)
		message := []byte("message")
		if err := ByID(id).Verify(key.COSEKey(), message, sign(t, key, message)); err != nil {
			t.Errorf("%s: Verify = %v", Name(id), err)
		}
	}
}
