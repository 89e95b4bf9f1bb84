package cose

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// vector is a file of testdata/vectors: a key and a signature that were made by
// another implementation, as testdata/vectors.py says.
type vector struct {
	name   string
	fields map[string]string
	alg    Alg
}

func vectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.txt")
	if err != nil || len(files) < len(algorithms) {
		t.Fatalf("found %d vectors, %v; want one for each of %d algorithms at least", len(files), err, len(algorithms))
	}
	var all []vector
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := vector{name: strings.TrimSuffix(filepath.Base(file), ".txt"), fields: make(map[string]string)}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			v.fields[name] = value
		}
		id, err := strconv.Atoi(v.fields["algorithm"])
		if v.alg = ByID(ID(id)); err != nil || v.alg == nil {
			t.Fatalf("%s: algorithm %q is not ours", file, v.fields["algorithm"])
		}
		all = append(all, v)
	}
	return all
}

func (v *vector) hex(t testing.TB, field string) []byte {
	t.Helper()
	b, err := hex.DecodeString(v.fields[field])
	if err != nil {
		t.Fatalf("%s: %s: %v", v.name, field, err)
	}
	return b
}

// material returns the key of v as it is stored: what New makes of the seed, or
// for RSA, which has no seed, what the file says.
func (v *vector) material(t testing.TB) []byte {
	t.Helper()
	if v.alg.SeedSize() == 0 {
		return v.hex(t, "material")
	}
	material, err := v.alg.New(v.hex(t, "seed"))
	if err != nil {
		t.Fatalf("%s: New: %v", v.name, err)
	}
	return material
}

func (v *vector) key(t testing.TB) PrivateKey {
	t.Helper()
	key, err := v.alg.Key(v.material(t))
	if err != nil {
		t.Fatalf("%s: Key: %v", v.name, err)
	}
	return key
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			if want := v.hex(t, "material"); len(want) > 0 && !bytes.Equal(v.material(t), want) {
				t.Errorf("material %x, want %x", v.material(t), want)
			}
			key, message := v.key(t), v.hex(t, "message")
			if got, want := key.COSEKey(), v.hex(t, "cose key"); !bytes.Equal(got, want) {
				t.Errorf("COSE_Key %x, want %x", got, want)
			}
			want := v.hex(t, "signature")
			if err := v.alg.Verify(key.COSEKey(), message, want); err != nil {
				t.Errorf("Verify = %v, want nil", err)
			}
			got, err := Deterministic(key).Sign(message)
			if err != nil {
				t.Fatal(err)
			}
			if same := bytes.Equal(got, want); same != (v.fields["expect"] == "equal") {
				t.Errorf("signature %x, theirs %x, which should be %s", got, want, v.fields["expect"])
			}
		})
	}
}

// TestVectorsOfEachAlgorithm finds an algorithm without a vector.
func TestVectorsOfEachAlgorithm(t *testing.T) {
	seen := make(map[ID]bool)
	for _, v := range vectors(t) {
		seen[v.alg.ID()] = true
	}
	for _, e := range algorithms {
		if !seen[e.id] {
			t.Errorf("%s has no vector", e.name)
		}
	}
}

func TestPointES256(t *testing.T) {
	coseKey := newKey(t, ByID(ES256)).COSEKey()
	point, err := PointES256(coseKey)
	if err != nil || !bytes.Equal(MarshalES256(point), coseKey) {
		t.Errorf("got %x, %v; want the point of %x", point, err, coseKey)
	}
	public, err := ParseES256(coseKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := public.Bytes(); err != nil || !bytes.Equal(got, point) {
		t.Errorf("ParseES256: point %x, %v; want %x", got, err, point)
	}
	if got := MarshalES256(point[1:]); got != nil {
		t.Errorf("COSE_Key of 64 bytes = %x, want nil", got)
	}
}

func TestPointES256OfOtherKeys(t *testing.T) {
	ours := newKey(t, ByID(ES256)).COSEKey()
	shortX, shortY := members(t, ours), members(t, ours)
	shortX[-2] = make([]byte, 31)
	shortY[-3] = make([]byte, 31)
	for name, coseKey := range map[string][]byte{
		"ESP256":  newKey(t, ByID(ESP256)).COSEKey(),
		"X short": ctap.MustMarshal(shortX),
		"Y short": ctap.MustMarshal(shortY),
		"none":    {0xa0},
	} {
		if point, err := PointES256(coseKey); !errors.Is(err, ErrKey) {
			t.Errorf("%s: point %x, %v; want %v", name, point, err, ErrKey)
		}
	}
}
