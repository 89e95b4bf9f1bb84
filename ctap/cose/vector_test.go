package cose

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The key and the signatures of RFC 6979, appendix A.2.5.
func TestES256AgainstRFC6979(t *testing.T) {
	seed := unhex(t, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
	x := unhex(t, "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6")
	y := unhex(t, "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299")
	material, err := es256{}.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	if want := append(append(bytes.Clone(seed), x...), y...); !bytes.Equal(material, want) {
		t.Errorf("material %x, want %x", material, want)
	}
	key, err := es256{}.Key(material)
	if err != nil {
		t.Fatal(err)
	}
	wantKey := append(append(append(unhex(t, "A5010203262001215820"), x...), unhex(t, "225820")...), y...)
	if got := key.COSEKey(); !bytes.Equal(got, wantKey) {
		t.Errorf("COSE_Key %x, want %x", got, wantKey)
	}
	wantSig := unhex(t, "3046"+
		"022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"+
		"022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")
	if got, err := key.Sign([]byte("sample")); err != nil || !bytes.Equal(got, wantSig) {
		t.Errorf("signature %x, %v; want %x", got, err, wantSig)
	}
}

// The second test of RFC 8032, section 7.1.
func TestEdDSAAgainstRFC8032(t *testing.T) {
	material, err := ed25519Alg{}.New(unhex(t, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ed25519Alg{}.Key(material)
	if err != nil {
		t.Fatal(err)
	}
	wantKey := unhex(t, "a4010103272006215820"+"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
	if got := key.COSEKey(); !bytes.Equal(got, wantKey) {
		t.Errorf("COSE_Key %x, want %x", got, wantKey)
	}
	wantSig := unhex(t, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"+
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
	if got, err := key.Sign([]byte{0x72}); err != nil || !bytes.Equal(got, wantSig) {
		t.Errorf("signature %x, %v; want %x", got, err, wantSig)
	}
}

func TestPointES256(t *testing.T) {
	key := newKey(t, es256{})
	point, err := PointES256(key.COSEKey())
	if err != nil || !bytes.Equal(MarshalES256(point), key.COSEKey()) {
		t.Errorf("got %x, %v; want the point of %x", point, err, key.COSEKey())
	}
	if got := MarshalES256(point[1:]); got != nil {
		t.Errorf("COSE_Key of 64 bytes = %x, want nil", got)
	}
}
