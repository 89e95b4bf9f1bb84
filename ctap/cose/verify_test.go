package cose

import (
	"bytes"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// A key with one member changed is a key of no algorithm.
func TestCorruptedKeys(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(alg.name, func(t *testing.T) {
			coseKey := newKey(t, alg).COSEKey()
			for label, value := range members(t, coseKey) {
				for what, changed := range corruptions(value) {
					bad := members(t, coseKey)
					if delete(bad, label); changed != nil {
						bad[label] = changed
					}
					if err := alg.Verify(ctap.MustMarshal(bad), nil, nil); !errors.Is(err, ErrKey) {
						t.Errorf("member %d %s: Verify = %v, want %v", label, what, err, ErrKey)
					}
				}
			}
			for _, bad := range [][]byte{nil, {0xa0}, {0x01}, coseKey[:len(coseKey)-1], append(bytes.Clone(coseKey), 0)} {
				if err := alg.Verify(bad, nil, nil); !errors.Is(err, ErrKey) {
					t.Errorf("key of %d bytes: Verify = %v, want %v", len(bad), err, ErrKey)
				}
			}
		})
	}
}

func members(t testing.TB, coseKey []byte) map[int]any {
	t.Helper()
	var m map[int]any
	if err := ctap.Unmarshal(coseKey, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// corruptions returns what a member of a COSE_Key must not be; nil: left out.
func corruptions(value any) map[string]any {
	b, isBytes := value.([]byte)
	if !isBytes {
		return map[string]any{"left out": nil, "another": 1000, "bytes": []byte{1}}
	}
	return map[string]any{
		"left out": nil, "a number": 1, "empty": []byte{},
		"shorter": b[:len(b)-1], "with a leading zero": append([]byte{0}, b...),
	}
}

func TestPointsThatAreNone(t *testing.T) {
	for _, id := range []ID{ES256, ES384, ES512, ES256K} {
		coseKey := newKey(t, ByID(id)).COSEKey()
		off := members(t, coseKey)
		off[-3].([]byte)[5] ^= 1

		shifted := members(t, coseKey) // X and Y together are the point all the same
		x, y := shifted[-2].([]byte), shifted[-3].([]byte)
		shifted[-2], shifted[-3] = x[:len(x)-1], append([]byte{x[len(x)-1]}, y...)

		for name, bad := range map[string]map[int]any{"off the curve": off, "X a byte short, Y long": shifted} {
			if err := ByID(id).Verify(ctap.MustMarshal(bad), nil, nil); !errors.Is(err, ErrKey) {
				t.Errorf("%s, %s: Verify = %v, want %v", Name(id), name, err, ErrKey)
			}
		}
	}
}

func TestRSAKeysOutOfBounds(t *testing.T) {
	modulus := func(bits int) []byte { return bytes.Repeat([]byte{0xff}, bits/8) }
	even := modulus(2048)
	even[255] = 0xfe
	tests := []struct {
		name string
		n, e []byte
		want error
	}{
		{"shortest", modulus(2048), []byte{1, 0, 1}, ErrSignature},
		{"longest", modulus(16384), []byte{0x7f, 0xff, 0xff, 0xff}, ErrSignature},
		{"short modulus", modulus(2040), []byte{1, 0, 1}, ErrKey},
		{"long modulus", modulus(16392), []byte{1, 0, 1}, ErrKey},
		{"even modulus", even, []byte{1, 0, 1}, ErrKey},
		{"exponent 1", modulus(2048), []byte{1}, ErrKey},
		{"exponent 3", modulus(2048), []byte{3}, ErrSignature},
		{"even exponent", modulus(2048), []byte{1, 0, 0}, ErrKey},
		{"long exponent", modulus(2048), []byte{0x80, 0, 0, 1}, ErrKey},
	}
	for _, tt := range tests {
		for _, id := range []ID{RS256, PS256} {
			coseKey := ctap.MustMarshal(rsaKey{Type: typeRSA, Algorithm: id, N: tt.n, E: tt.e})
			if err := ByID(id).Verify(coseKey, nil, make([]byte, len(tt.n))); !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: Verify = %v, want %v", Name(id), tt.name, err, tt.want)
			}
		}
	}
}

func TestCorruptedSignatures(t *testing.T) {
	message := []byte("authData and clientDataHash")
	for _, alg := range algorithms {
		t.Run(alg.name, func(t *testing.T) {
			key := newKey(t, alg)
			sig := sign(t, key, message)
			bad := [][]byte{nil, {}, sig[1:], sig[:len(sig)-1], append(bytes.Clone(sig), 0), make([]byte, len(sig))}
			for at := 0; at < len(sig); at += 1 + len(sig)/64 {
				flipped := bytes.Clone(sig)
				flipped[at] ^= 1
				bad = append(bad, flipped)
			}
			for i, sig := range bad {
				if err := alg.Verify(key.COSEKey(), message, sig); !errors.Is(err, ErrSignature) {
					t.Errorf("case %d, %x…: Verify = %v, want %v", i, sig[:min(8, len(sig))], err, ErrSignature)
				}
			}
		})
	}
}

// FuzzVerify holds Verify to three properties: a COSE_Key is of one algorithm at
// most; whether it is one does not depend on the signature; and no signature
// verifies with a key of ours but those of the vectors.
func FuzzVerify(f *testing.F) {
	message := make(map[string][]byte) // of each of our keys
	known := make(map[string]bool)     // key ‖ signature
	for _, v := range vectors(f) {
		coseKey, sig := v.hex(f, "cose key"), v.hex(f, "signature")
		if message[string(coseKey)] == nil {
			message[string(coseKey)] = v.hex(f, "message")
		}
		if bytes.Equal(message[string(coseKey)], v.hex(f, "message")) {
			known[string(coseKey)+string(sig)] = true
			f.Add(coseKey, sig)
		}
	}
	f.Fuzz(func(t *testing.T, coseKey, sig []byte) {
		var of []string
		for _, alg := range algorithms {
			err := alg.Verify(coseKey, message[string(coseKey)], sig)
			isKey := !errors.Is(err, ErrKey)
			if isKey {
				of = append(of, alg.name)
			}
			if without := alg.Verify(coseKey, nil, nil); isKey != errors.Is(without, ErrSignature) {
				t.Errorf("%s: %v, and without a signature %v", alg.name, err, without)
			}
			if err == nil && message[string(coseKey)] != nil && !known[string(coseKey)+string(sig)] {
				t.Errorf("%s: forged signature accepted: %x", alg.name, sig)
			}
		}
		if len(of) > 1 {
			t.Errorf("a key of %v", of)
		}
	})
}
