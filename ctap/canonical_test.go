package ctap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCheckCanonical(t *testing.T) {
	tests := []struct {
		name string
		data string
		want error
	}{
		{"unsigned", "17", nil},
		{"unsigned in one byte", "1818", nil},
		{"unsigned in eight", "1b0000000100000000", nil},
		{"negative", "38ff", nil},
		{"byte string", "43010203", nil},
		{"text", "63e282ac", nil},
		{"false, true", "82f4f5", nil},
		{"half float", "f93c00", nil},
		{"double that would fit a half", "fb3ff0000000000000", nil},
		{"map in order: unsigned, negative, bytes, text", "a4 01 01 20 01 41 00 01 61 61 01", nil},
		{"map in order: shorter text first", "a2 61 7a 01 62 61 61 01", nil},
		{"four levels", "a1 01 a1 61 61 a1 01 a1 01 02", nil},

		{"nothing", "", StatusInvalidCBOR},
		{"two items", "0101", StatusInvalidCBOR},
		{"long 23", "1817", StatusInvalidCBOR},
		{"long 255 in two bytes", "1900ff", StatusInvalidCBOR},
		{"long 65535 in four bytes", "1a0000ffff", StatusInvalidCBOR},
		{"long 2^32-1 in eight bytes", "1b00000000ffffffff", StatusInvalidCBOR},
		{"long length of bytes", "580101", StatusInvalidCBOR},
		{"long count of a map", "b800", StatusInvalidCBOR},
		{"long count of an array", "980101", StatusInvalidCBOR},
		{"indefinite bytes", "5f4101ff", StatusInvalidCBOR},
		{"indefinite text", "7f6161ff", StatusInvalidCBOR},
		{"indefinite array", "9f01ff", StatusInvalidCBOR},
		{"indefinite map", "bf0101ff", StatusInvalidCBOR},
		{"break alone", "ff", StatusInvalidCBOR},
		{"reserved length", "1c", StatusInvalidCBOR},
		{"tag", "c001", StatusInvalidCBOR},
		{"tag in a map", "a101c001", StatusInvalidCBOR},
		{"keys unsorted", "a2 02 01 01 01", StatusInvalidCBOR},
		{"keys repeated", "a2 01 01 01 02", StatusInvalidCBOR},
		{"text keys by bytes, not by length", "a2 62 61 61 01 61 7a 01", StatusInvalidCBOR},
		{"negative before unsigned", "a2 20 01 01 01", StatusInvalidCBOR},
		{"array as a key", "a1 80 01", StatusInvalidCBOR},
		{"five levels", "a1 01 a1 61 61 a1 01 a1 01 80", StatusInvalidCBOR},
		{"text not UTF-8", "62c328", StatusInvalidCBOR},
		{"bytes cut", "430102", StatusInvalidCBOR},
		{"array cut", "8201", StatusInvalidCBOR},
		{"map cut before a value", "a101", StatusInvalidCBOR},
		{"head cut", "19ff", StatusInvalidCBOR},
		{"float cut", "f93c", StatusInvalidCBOR},
		{"count of 2^64-1", "9bffffffffffffffff", StatusInvalidCBOR},
		{"length of 2^64-1", "5bffffffffffffffff", StatusInvalidCBOR},
		{"true in two bytes", "f815", StatusInvalidCBOR},
		{"unassigned simple value", "e0", StatusInvalidCBOR},
		{"null", "f6", StatusCBORUnexpectedType},
		{"undefined in a map", "a101f7", StatusCBORUnexpectedType},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckCanonical(unhex(t, tt.data))
			if !errors.Is(err, tt.want) {
				t.Errorf("CheckCanonical(%s) = %v; want %v", tt.data, err, tt.want)
			}
		})
	}
}

// Our reading of CBOR against the library's, for any bytes:
//
//	canonical  ⇒  the library finds them well-formed, and decodes them
//	canonical  ⇔  the library decodes them, and encodes that to the same bytes
//
// That leaves out, in the library's ways: negative keys beyond an int64, which Go
// cannot compare; floats, all of which it makes 64 bits long; null, other
// simple values, and keys that are neither number nor string, which it takes.
func FuzzCBORDifferential(f *testing.F) {
	for _, seed := range []string{
		"a4 01 01 20 01 41 00 01 61 61 01", "1817", "5f4101ff", "a2 02 01 01 01", "fb3ff0000000000000", "63e282ac",
		"a201582000000000000000000000000000000000000000000000000000000000000000000262aabb", "c001", "81f6", "f9 3c00",
		"3b ffffffffffffffff", "1b ffffffffffffffff", "81 81 81 81 01", "81 81 81 81 80", "a2 01 f4 18 17 00", "a1 80 01",
	} {
		f.Add(unhex(f, seed))
	}
	for _, request := range []any{fullMakeCredential(), fullGetAssertion()} {
		f.Add(MustMarshal(request))
	}
	library := fourLevels(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= longestMessage {
			return
		}
		canonical := CheckCanonical(data)
		if canonical == nil && library.Wellformed(data) != nil {
			t.Fatalf("canonical %x: the library refuses it: %v", data, library.Wellformed(data))
		}
		var v any
		err := library.Unmarshal(data, &v)
		if canonical == nil && err != nil && !errors.As(err, new(*cbor.InvalidMapKeyTypeError)) {
			t.Fatalf("canonical %x is not decoded: %v", data, err)
		}
		if err != nil || canonical == nil && contains(v, isFloat) || canonical != nil && contains(v, isNotOurs) {
			return
		}
		again, err := codec.enc.Marshal(v)
		if err != nil {
			t.Fatalf("%x is not encoded again: %v", data, err)
		}
		if same := bytes.Equal(again, data); same != (canonical == nil) {
			t.Errorf("%x: got %v; the library makes %x of it", data, canonical, again)
		}
	})
}

// fourLevels is the library, with the nesting that requests may have.
func fourLevels(f *testing.F) cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: maxDepth,
	}.DecMode()
	if err != nil {
		f.Fatal(err)
	}
	return mode
}

// contains tells whether there is a leaf in v, which the library decoded.
func contains(v any, leaf func(v any, key bool) bool) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return contains(e, leaf) })
	case map[any]any:
		for key, value := range v {
			if leaf(key, true) || contains(value, leaf) {
				return true
			}
		}
		return false
	}
	return leaf(v, false)
}

func isFloat(v any, _ bool) bool {
	_, ok := v.(float64)
	return ok
}

// isNotOurs finds what is well-formed, and has no place in a message of CTAP.
func isNotOurs(v any, key bool) bool {
	switch v.(type) {
	case nil, cbor.SimpleValue:
		return true
	case bool, float64:
		return key
	}
	return false
}
