package cose

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// seedFor returns bytes that are a key of any algorithm here.
func seedFor(alg Alg) []byte {
	seed := sha512.Sum512([]byte{alg.Code()})
	return append(seed[:], seed[:]...)[:alg.SeedSize()]
}

// materialFor returns a stored key that is always the same: of a seed, or of the
// vectors where there is none.
func materialFor(t testing.TB, alg Alg) []byte {
	t.Helper()
	if alg.SeedSize() == 0 {
		for _, v := range vectors(t) {
			if v.alg == alg {
				return v.material(t)
			}
		}
	}
	material, err := alg.New(seedFor(alg))
	if err != nil {
		t.Fatal(err)
	}
	return material
}

func newKey(t testing.TB, alg Alg) PrivateKey {
	t.Helper()
	key, err := alg.Key(materialFor(t, alg))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, key PrivateKey, message []byte) []byte {
	t.Helper()
	sig, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// The table as others rely on it: codes are in stored keys, names in metadata
// statements, sizes in key handles and in the size of answers.
func TestTable(t *testing.T) {
	tests := []struct {
		id                              ID
		code                            byte
		name, registry                  string
		seed, material, coseKey, maxSig int
	}{
		{-7, 1, "ES256", "secp256r1_ecdsa_sha256_raw", 32, 96, 77, 72},
		{-8, 2, "EdDSA", "ed25519_eddsa_sha512_raw", 32, 64, 42, 64},
		{-35, 3, "ES384", "secp384r1_ecdsa_sha384_raw", 48, 48, 110, 104},
		{-36, 4, "ES512", "secp521r1_ecdsa_sha512_raw", 66, 66, 146, 139},
		{-47, 5, "ES256K", "secp256k1_ecdsa_sha256_raw", 32, 32, 78, 71},
		{-9, 6, "ESP256", "secp256r1_ecdsa_sha256_raw", 32, 96, 77, 72},
		{-51, 7, "ESP384", "secp384r1_ecdsa_sha384_raw", 48, 48, 110, 104},
		{-52, 8, "ESP512", "secp521r1_ecdsa_sha512_raw", 66, 66, 146, 139},
		{-19, 9, "Ed25519", "ed25519_eddsa_sha512_raw", 32, 64, 42, 64},
		{-53, 10, "Ed448", "ed448_eddsa_sha512_raw", 57, 57, 68, 114},
		{-257, 11, "RS256", "rsassa_pkcsv15_sha256_raw", 0, 1194, 272, 256},
		{-37, 12, "PS256", "rsassa_pss_sha256_raw", 0, 1194, 271, 256},
		{-48, 13, "ML-DSA-44", "", 32, 32, 1322, 2420},
		{-49, 14, "ML-DSA-65", "", 32, 32, 1962, 3309},
		{-50, 15, "ML-DSA-87", "", 32, 32, 2602, 4627},
	}
	if len(tests) != len(algorithms) {
		t.Errorf("%d algorithms, want %d", len(algorithms), len(tests))
	}
	for _, tt := range tests {
		alg := ByCode(tt.code)
		if alg == nil || ByID(tt.id) != alg || alg.ID() != tt.id || alg.Code() != tt.code {
			t.Errorf("%s: algorithm %v, want the one of code %d and number %d", tt.name, alg, tt.code, tt.id)
			continue
		}
		if got := Name(tt.id); got != tt.name {
			t.Errorf("name %q, want %q", got, tt.name)
		}
		if got := RegistryName(tt.id); got != tt.registry {
			t.Errorf("%s: registry name %q, want %q", tt.name, got, tt.registry)
		}
		coseKey := newKey(t, alg).COSEKey()
		got := []int{alg.SeedSize(), alg.MaterialSize(), len(coseKey), alg.SignatureSize()}
		if want := []int{tt.seed, tt.material, tt.coseKey, tt.maxSig}; !slices.Equal(got, want) {
			t.Errorf("%s: sizes of seed, material, COSE_Key, signature %v, want %v", tt.name, got, want)
		}
	}
}

func TestNumbersThatNobodyHas(t *testing.T) {
	if ByID(-1) != nil || ByCode(0) != nil {
		t.Error("an algorithm answers to a number that nobody has")
	}
	if name, registry := Name(-1), RegistryName(-1); name != "" || registry != "" {
		t.Errorf("names %q, %q; want none", name, registry)
	}
}

func TestAlgorithms(t *testing.T) {
	message := []byte("authData and clientDataHash")
	for _, alg := range algorithms {
		t.Run(alg.name, func(t *testing.T) {
			key, twin := newKey(t, alg), newKey(t, alg)
			coseKey := key.COSEKey()
			if !bytes.Equal(coseKey, twin.COSEKey()) {
				t.Errorf("one seed gives two keys, %x and %x", coseKey, twin.COSEKey())
			}
			if err := ctap.CheckCanonical(coseKey); err != nil {
				t.Errorf("COSE_Key is not canonical: %v", err)
			}
			sig := sign(t, key, message)
			if err := alg.Verify(coseKey, message, sig); err != nil {
				t.Errorf("Verify = %v, want nil", err)
			}
			if err := alg.Verify(coseKey, append(message, 0), sig); !errors.Is(err, ErrSignature) {
				t.Errorf("Verify of another message = %v, want %v", err, ErrSignature)
			}
			if max := alg.SignatureSize(); len(sig) > max {
				t.Errorf("signature of %d bytes, want %d at most", len(sig), max)
			}
		})
	}
}

// New is called here for RSA too, which draws its own randomness.
func TestNewKeysDiffer(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(alg.name, func(t *testing.T) {
			var coseKeys [2][]byte
			for i := range coseKeys {
				seed := make([]byte, alg.SeedSize())
				rand.Read(seed)
				material, err := alg.New(seed)
				if err != nil || len(material) > alg.MaterialSize() {
					t.Fatalf("New = %d bytes, %v; want %d at most", len(material), err, alg.MaterialSize())
				}
				key, err := alg.Key(material)
				if err != nil {
					t.Fatal(err)
				}
				coseKeys[i] = key.COSEKey()
			}
			if bytes.Equal(coseKeys[0], coseKeys[1]) {
				t.Errorf("two keys are %x", coseKeys[0])
			}
		})
	}
}

func TestKeysOfOtherAlgorithms(t *testing.T) {
	for _, theirs := range algorithms {
		coseKey := newKey(t, theirs).COSEKey()
		for _, alg := range algorithms {
			err := alg.Verify(coseKey, nil, nil)
			if want := theirs == alg; errors.Is(err, ErrSignature) != want || errors.Is(err, ErrKey) == want {
				t.Errorf("%s with a key of %s: Verify = %v", alg.name, theirs.name, err)
			}
		}
	}
}

// What each key does about randomness: as it comes, hedged, deterministic.
func TestRandomness(t *testing.T) {
	type answer struct{ plain, hedged, deterministic bool }
	want := map[ID]answer{
		ES256: {hedged: true}, ESP256: {hedged: true},
		ES384: {hedged: true}, ESP384: {hedged: true},
		ES512: {hedged: true}, ESP512: {hedged: true},
		MLDSA44: {plain: true, hedged: true},
		MLDSA65: {plain: true, hedged: true},
		MLDSA87: {plain: true, hedged: true},
		PS256:   {true, true, true},
	}
	for _, alg := range algorithms {
		varies := func(key PrivateKey) bool {
			a, b := sign(t, key, []byte("m")), sign(t, key, []byte("m"))
			for _, sig := range [][]byte{a, b} {
				if err := alg.Verify(key.COSEKey(), []byte("m"), sig); err != nil {
					t.Errorf("%s: Verify = %v, want nil", alg.name, err)
				}
			}
			return !bytes.Equal(a, b)
		}
		key := newKey(t, alg)
		got := answer{varies(key), varies(Hedged(key)), varies(Deterministic(key))}
		if got != want[alg.id] {
			t.Errorf("%s: random signatures %+v, want %+v", alg.name, got, want[alg.id])
		}
		if varies(Deterministic(Hedged(key))) != want[alg.id].deterministic {
			t.Errorf("%s: Deterministic does not undo Hedged", alg.name)
		}
	}
}

func TestMaterialThatIsNone(t *testing.T) {
	for _, alg := range algorithms {
		if _, err := alg.New(make([]byte, alg.SeedSize()+1)); !errors.Is(err, ErrMaterial) {
			t.Errorf("%s: New of a long seed = %v, want %v", alg.name, err, ErrMaterial)
		}
		material := materialFor(t, alg)
		for _, bad := range [][]byte{nil, material[1:], material[:len(material)-1], append(bytes.Clone(material), 0)} {
			if _, err := alg.Key(bad); !errors.Is(err, ErrMaterial) {
				t.Errorf("%s: Key of %d bytes = %v, want %v", alg.name, len(bad), err, ErrMaterial)
			}
		}
	}
}

// Key handles of Ed25519 once held the seed alone.
func TestSeedOfEd25519(t *testing.T) {
	for _, id := range []ID{EdDSA, Ed25519} {
		alg := ByID(id)
		old, err := alg.Key(seedFor(alg))
		if err != nil {
			t.Fatal(err)
		}
		key, message := newKey(t, alg), []byte("message")
		if got, want := old.COSEKey(), key.COSEKey(); !bytes.Equal(got, want) {
			t.Errorf("%s: COSE_Key %x, want %x", Name(id), got, want)
		}
		if got, want := sign(t, old, message), sign(t, key, message); !bytes.Equal(got, want) {
			t.Errorf("%s: signature %x, want %x", Name(id), got, want)
		}
	}
}

// A key signs what it is asked to, whichever signed before it.
func TestSignersAreUsedAgain(t *testing.T) {
	message := []byte("message")
	for _, id := range []ID{ES256, ES384, ES512, EdDSA} {
		alg := ByID(id)
		for n := range byte(8) {
			seed := bytes.Repeat([]byte{n + 1}, alg.SeedSize())
			seed[n] = 0 // scalars of unequal lengths
			material, err := alg.New(seed)
			if err != nil {
				t.Fatal(err)
			}
			key, err := alg.Key(material)
			if err != nil {
				t.Fatal(err)
			}
			if err := alg.Verify(key.COSEKey(), message, sign(t, key, message)); err != nil {
				t.Errorf("%s, key %d: Verify = %v", Name(id), n, err)
			}
		}
	}
}

func TestScalarsThatAreNone(t *testing.T) {
	for _, id := range []ID{ES256, ES384, ES512, ES256K} {
		alg := ByID(id)
		for _, b := range []byte{0, 0xff} { // 0xff…: above the order of each curve
			scalar := bytes.Repeat([]byte{b}, alg.SeedSize())
			if _, err := alg.New(scalar); !errors.Is(err, ErrMaterial) {
				t.Errorf("%s: New of %x… = %v, want %v", Name(id), b, err, ErrMaterial)
			}
			if _, err := alg.Key(scalar); !errors.Is(err, ErrMaterial) {
				t.Errorf("%s: Key of %x… = %v, want %v", Name(id), b, err, ErrMaterial)
			}
		}
	}
}

// Nearly all seeds of 528 bits are above the order of P-521, of 521 bits.
func TestSeedsOfP521(t *testing.T) {
	seed := seedFor(ByID(ES512))
	for i := range 256 {
		seed[0] = byte(i)
		if _, err := ByID(ES512).New(seed); err != nil {
			t.Errorf("first byte %x: New = %v, want nil", i, err)
		}
	}
}

func TestRSAMaterial(t *testing.T) {
	material := materialFor(t, ByID(RS256))
	for _, at := range []int{0, 20, len(material) / 2, len(material) - 10} {
		bad := bytes.Clone(material)
		bad[at] ^= 1
		if _, err := ByID(RS256).Key(bad); !errors.Is(err, ErrMaterial) {
			t.Errorf("byte %d: Key = %v, want %v", at, err, ErrMaterial)
		}
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ByID(PS256).Key(x509.MarshalPKCS1PrivateKey(short)); !errors.Is(err, ErrMaterial) {
		t.Errorf("1024 bits: Key = %v, want %v", err, ErrMaterial)
	}
}

func BenchmarkNew(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(alg.name, func(b *testing.B) {
			seed := seedFor(alg)
			for b.Loop() {
				if _, err := alg.New(seed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkKey is what BenchmarkSign pays before it signs.
func BenchmarkKey(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(alg.name, func(b *testing.B) {
			material := materialFor(b, alg)
			for b.Loop() {
				if _, err := alg.Key(material); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSign is an assertion's share: the key from its stored form, and one
// signature.
func BenchmarkSign(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(alg.name, func(b *testing.B) {
			material := materialFor(b, alg)
			message := make([]byte, 69)
			for i := 0; b.Loop(); i++ {
				binary.BigEndian.PutUint32(message, uint32(i)) // ML-DSA takes its time from the message
				key, err := alg.Key(material)
				if err != nil {
					b.Fatal(err)
				}
				sign(b, key, message)
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range algorithms {
		b.Run(alg.name, func(b *testing.B) {
			key := newKey(b, alg)
			coseKey, sig := key.COSEKey(), sign(b, key, nil)
			for b.Loop() {
				if err := alg.Verify(coseKey, nil, sig); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
