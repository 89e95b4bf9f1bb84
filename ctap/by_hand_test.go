package ctap

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
)

// The tests of this file hold what is decoded and encoded by hand to what the
// library makes of the same bytes and values.

// reference is Unmarshal of what does not decode itself.
func reference(data []byte, v any) error {
	if err := CheckCanonical(data); err != nil {
		return err
	}
	return UnmarshalLax(data, v)
}

// request is a message that decodes itself.
type request[T any] interface {
	*T
	message
	read(*cursor)
}

// unmarshalsLikeReference holds one message to the reference: the same errors to
// the letter, since a trace shows them, or equal values; which are encoded alike,
// if it encodes itself.
func unmarshalsLikeReference[T any, R request[T]](t *testing.T, data []byte) {
	t.Helper()
	var got, want T
	theirs := bytes.Clone(data)
	gotErr, wantErr := Unmarshal(theirs, R(&got)), reference(data, R(&want))
	if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || StatusOf(gotErr) != StatusOf(wantErr) {
		t.Errorf("%x: got error %v, want %v", data, gotErr, wantErr)
	}
	for i := range theirs {
		theirs[i] ^= 0xff // which nothing decoded may notice
	}
	if wantErr == nil {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%x: got %+v, want %+v", data, got, want)
		}
		if a, ok := any(R(&want)).(Appender); ok {
			marshalsLikeReference(t, a)
		}
	}
	if byHand := decodesByHand[T, R](data); byHand != (wantErr == nil) {
		t.Errorf("%x: by hand alone it decodes: %v; reference: %v", data, byHand, wantErr)
	}
}

// decodesByHand tells whether the library is not asked about a message.
func decodesByHand[T any, R request[T]](data []byte) bool {
	c := newCursor(data)
	R(new(T)).read(&c)
	c.end()
	return c.err == nil && !c.misfit
}

// oddities are encodings that few hosts send: what the library makes of them is
// the point.
var oddities = map[string]string{
	"nothing":                             "",
	"empty map":                           "a0",
	"array":                               "80",
	"text":                                "61 78",
	"null":                                "f6",
	"bytes after it":                      "a0 00",
	"key: byte string":                    "a1 41 00 01",
	"key: text that is a member's number": "a1 61 31 41 00",
	"key: zero":                           "a1 00 01",
	"key: longest int64":                  "a1 1b 7fffffffffffffff 01",
	"key: no int64":                       "a1 1b 8000000000000000 01",
	"key: least int64":                    "a1 3b 7fffffffffffffff 01",
	"key: below int64":                    "a1 3b 8000000000000000 01",
	"key: array":                          "a1 80 01",
	"key: false":                          "a1 f4 01",
	"keys out of order":                   "a2 02 01 01 01",
	"keys repeated":                       "a2 18 63 01 18 63 01",
	"mistake, then not canonical":         "a2 01 f4 18 17 00",
	"mistake, then null":                  "a2 01 f4 18 63 f6",
	"null, then not canonical":            "a2 01 f6 18 17 00",
	"two mistakes":                        "a2 01 f4 02 f4",
	"unknown member":                      "a1 18 63 01",
	"unknown member with odd keys":        "a1 18 63 a2 41 00 01 41 01 02",
	"unknown member at the deepest":       "a1 18 63 81 81 81 01",
	"unknown member too deep":             "a1 18 63 81 81 81 80",
	"descriptors too deep":                "a1 03 81 a1 6a 7472616e73706f727473 81 80",
	"list too deep":                       "a1 05 81 a1 6a 7472616e73706f727473 81 80",
	"list with more than it has":          "a1 03 9b ffffffffffffffff a0",
	"extensions":                          "a1 04 a2 61 78 f5 61 79 a1 01 81 02",
	"extensions, none":                    "a1 04 a0",
	"extensions, a key a number":          "a1 04 a2 01 f5 61 79 01",
	"extensions, a key bytes":             "a1 04 a1 41 01 f5",
	"extensions, a long name":             "a1 04 a1 78 20 6161616161616161616161616161616161616161616161616161616161616161 01",
	"extensions of a creation":            "a1 06 a1 61 78 f9 3c00",
	"extensions, a float cut":             "a1 06 a1 61 78 f9 3c",
	"options, all":                        "a1 05 a3 62 726b f5 62 7570 f4 62 7576 f5",
	"options of a creation":               "a1 07 a3 62 726b f5 62 7570 f4 62 7576 f5",
	"options, a key a number":             "a1 05 a1 01 f5",
	"options, a key bytes":                "a1 05 a1 42 726b f5",
	"protocol, the greatest":              "a1 07 1b ffffffffffffffff",
	"protocol, half a float":              "a1 07 f9 3c00",
	"protocol of a creation":              "a1 09 02",
	"enterprise attestation":              "a1 0a 01",
	"formats":                             "a1 0b 82 66 7061636b6564 64 6e6f6e65",
	"formats, none":                       "a1 0b 80",
	"alg, the greatest":                   "a1 04 81 a1 63 616c67 1b 7fffffffffffffff",
	"alg, no int64":                       "a1 04 81 a1 63 616c67 1b 8000000000000000",
	"alg, below int64":                    "a1 04 81 a1 63 616c67 3b 8000000000000000",
	"parameters, a key bytes":             "a1 04 81 a1 43 616c67 26",
	"user with all":                       "a1 03 a3 62 6964 41 01 64 6e616d65 61 78 6b 646973706c61794e616d65 61 79",
	"user, an empty id":                   "a1 03 a1 62 6964 40",
	"user, a key bytes":                   "a1 03 a1 42 6964 41 01",
	"rp with an icon":                     "a1 02 a2 62 6964 61 78 64 69636f6e 61 79",
	"rp, a key too long":                  "a1 02 a1 1b 8000000000000000 61 78",
	"rp ID not UTF-8":                     "a1 01 61 ff",
	"indefinite":                          "bf 01 61 78 ff",
	"tag":                                 "a1 01 c0 61 78",
	"salts":                               "a4 01 a1 01 02 02 41 05 03 41 06 04 02",
	"salts, none":                         "a2 02 40 03 40",
	"salts, a list of numbers":            "a2 02 81 05 03 41 06",
	"salts, a number beyond":              "a2 01 a0 18 63 01",
}

func TestUnmarshalLikeReference(t *testing.T) {
	for name, data := range oddities {
		t.Run(name, func(t *testing.T) {
			unmarshalsLikeReference[MakeCredentialRequest](t, unhex(t, data))
			unmarshalsLikeReference[GetAssertionRequest](t, unhex(t, data))
			unmarshalsLikeReference[HMACSecretInput](t, unhex(t, data))
		})
	}
	for _, tt := range structureCases() {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.encode()
			unmarshalsLikeReference[MakeCredentialRequest](t, data)
			unmarshalsLikeReference[GetAssertionRequest](t, data)
			unmarshalsLikeReference[HMACSecretInput](t, data)
		})
	}
}

// Cut anywhere, or with any bit the other way, a request is refused as the
// reference refuses it, or means the same.
func TestUnmarshalDamagedLikeReference(t *testing.T) {
	damaged(MustMarshal(fullMakeCredential()), func(data []byte) {
		unmarshalsLikeReference[MakeCredentialRequest](t, data)
	})
	damaged(MustMarshal(fullGetAssertion()), func(data []byte) {
		unmarshalsLikeReference[GetAssertionRequest](t, data)
	})
	damaged(MustMarshal(fullHMACSecret()), func(data []byte) {
		unmarshalsLikeReference[HMACSecretInput](t, data)
	})
}

func damaged(data []byte, try func([]byte)) {
	for n := range data {
		try(data[:n])
	}
	for bit := range 8 * len(data) {
		data[bit/8] ^= 1 << (bit % 8)
		try(data)
		data[bit/8] ^= 1 << (bit % 8)
	}
}

// fullMakeCredential has every member.
func fullMakeCredential() *MakeCredentialRequest {
	return &MakeCredentialRequest{
		ClientDataHash:               bytes.Repeat([]byte{7}, 32),
		RP:                           &RelyingParty{ID: "example.com", Name: "Example"},
		User:                         &User{ID: []byte{1}, Name: "ada", DisplayName: "Ada Ł."},
		PubKeyCredParams:             []CredentialParameters{{-7, PublicKey}, {-8, PublicKey}, {-257, "other"}},
		ExcludeList:                  fullGetAssertion().AllowList,
		Extensions:                   map[string]Raw{"credProtect": {2}, "hmac-secret": {0xf5}},
		Options:                      &Options{RK: new(true), UV: new(false)},
		PinUvAuthParam:               bytes.Repeat([]byte{8}, 16),
		PinUvAuthProtocol:            new(uint64(2)),
		EnterpriseAttestation:        new(uint64(1)),
		AttestationFormatsPreference: []string{"packed", "none"},
	}
}

// fullGetAssertion has every member.
func fullGetAssertion() *GetAssertionRequest {
	return &GetAssertionRequest{
		RPID:           "example.com",
		ClientDataHash: bytes.Repeat([]byte{7}, 32),
		AllowList: []CredentialDescriptor{
			{ID: bytes.Repeat([]byte{9}, 128), Type: PublicKey, Transports: []string{TransportUSB, "ble"}},
			{ID: []byte{}, Type: "other"},
		},
		Extensions:        map[string]Raw{"hmac-secret": {0xa1, 1, 0xa1, 1, 2}},
		Options:           &Options{UP: new(true)},
		PinUvAuthParam:    bytes.Repeat([]byte{8}, 16),
		PinUvAuthProtocol: new(uint64(1)),
	}
}

// fullHMACSecret has every member.
func fullHMACSecret() *HMACSecretInput {
	return &HMACSecretInput{
		KeyAgreement: Raw{0xa2, 1, 2, 0x20, 1}, SaltEnc: bytes.Repeat([]byte{7}, 48), SaltAuth: bytes.Repeat([]byte{8}, 32),
		Protocol: new(uint64(2)),
	}
}

// A request decoded by hand is the one that the reference decodes, or is refused
// in the same words; and encoded by hand it is what the library makes of it.
func FuzzMakeCredentialRequest(f *testing.F) {
	addRequests(f, MustMarshal(fullMakeCredential()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < longestMessage {
			unmarshalsLikeReference[MakeCredentialRequest](t, data)
		}
	})
}

// As FuzzMakeCredentialRequest.
func FuzzGetAssertionRequest(f *testing.F) {
	addRequests(f, MustMarshal(fullGetAssertion()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < longestMessage {
			unmarshalsLikeReference[GetAssertionRequest](t, data)
		}
	})
}

// As FuzzMakeCredentialRequest, of a part of a request.
func FuzzHMACSecretInput(f *testing.F) {
	addRequests(f, MustMarshal(fullHMACSecret()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < longestMessage {
			unmarshalsLikeReference[HMACSecretInput](t, data)
		}
	})
}

// longestMessage is longer than any transport carries. The library refuses
// longer lists, which only longer messages hold.
const longestMessage = 65536

func addRequests(f *testing.F, full []byte) {
	f.Add(full)
	for _, data := range oddities {
		f.Add(unhex(f, data))
	}
	for _, c := range structureCases() {
		f.Add(c.encode())
	}
}
