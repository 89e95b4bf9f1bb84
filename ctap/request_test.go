package ctap

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

// validMakeCredential is a complete request, member by member, as the tests
// below bend it.
func validMakeCredential() map[int]any {
	return map[int]any{
		1: bytes.Repeat([]byte{0xcd}, 32),
		2: map[string]any{"id": "example.com", "name": "Example"},
		3: map[string]any{"id": []byte{1, 2, 3}, "name": "ada", "displayName": "Ada L."},
		4: []any{map[string]any{"alg": -7, "type": "public-key"}},
	}
}

func validGetAssertion() map[int]any {
	return map[int]any{
		1: "example.com",
		2: bytes.Repeat([]byte{0xcd}, 32),
		3: []any{map[string]any{"id": []byte{9}, "type": "public-key"}},
	}
}

func parseMakeCredential(b []byte) error {
	_, err := ParseMakeCredentialRequest(b)
	return err
}

func parseGetAssertion(b []byte) error {
	_, err := ParseGetAssertionRequest(b)
	return err
}

// absent marks a member that a test takes away.
type absent struct{}

// structureCase is a request with one member bent.
type structureCase struct {
	name   string
	parse  func([]byte) error
	valid  func() map[int]any
	member int
	value  any
	want   error
}

func (c structureCase) encode() []byte {
	message := c.valid()
	message[c.member] = c.value
	if c.value == (absent{}) {
		delete(message, c.member)
	}
	return MustMarshal(message)
}

func structureCases() []structureCase {
	longID := bytes.Repeat([]byte{1}, 65)
	return []structureCase{
		{"valid", parseMakeCredential, validMakeCredential, 99, "unknown member", nil},
		{"clientDataHash missing", parseMakeCredential, validMakeCredential, 1, absent{}, StatusMissingParameter},
		{"clientDataHash of numbers", parseMakeCredential, validMakeCredential, 1, make([]int, 32), StatusCBORUnexpectedType},
		{"user.id of numbers", parseMakeCredential, validMakeCredential, 3, map[string]any{"id": []int{1}}, StatusCBORUnexpectedType},
		{"clientDataHash text", parseMakeCredential, validMakeCredential, 1, "hash", StatusCBORUnexpectedType},
		{"clientDataHash of 31 bytes", parseMakeCredential, validMakeCredential, 1, make([]byte, 31), StatusInvalidParameter},
		{"rp missing", parseMakeCredential, validMakeCredential, 2, absent{}, StatusMissingParameter},
		{"rp text", parseMakeCredential, validMakeCredential, 2, "rp", StatusCBORUnexpectedType},
		{"rp null", parseMakeCredential, validMakeCredential, 2, nil, StatusCBORUnexpectedType},
		{"rp.id missing", parseMakeCredential, validMakeCredential, 2, map[string]any{"name": "x"}, StatusMissingParameter},
		{"rp.id bytes", parseMakeCredential, validMakeCredential, 2, map[string]any{"id": []byte{1}}, StatusCBORUnexpectedType},
		{"rp.name number", parseMakeCredential, validMakeCredential, 2, map[string]any{"id": "x", "name": 1}, StatusCBORUnexpectedType},
		{"rp.icon", parseMakeCredential, validMakeCredential, 2, map[string]any{"id": "x", "icon": "y"}, nil},
		{"user missing", parseMakeCredential, validMakeCredential, 3, absent{}, StatusMissingParameter},
		{"user array", parseMakeCredential, validMakeCredential, 3, []int{}, StatusCBORUnexpectedType},
		{"user.id missing", parseMakeCredential, validMakeCredential, 3, map[string]any{"name": "x"}, StatusMissingParameter},
		{"user.id empty", parseMakeCredential, validMakeCredential, 3, map[string]any{"id": []byte{}}, StatusInvalidParameter},
		{"user.id of 65 bytes", parseMakeCredential, validMakeCredential, 3, map[string]any{"id": longID}, StatusInvalidLength},
		{"user.id text", parseMakeCredential, validMakeCredential, 3, map[string]any{"id": "x"}, StatusCBORUnexpectedType},
		{"user.name bytes", parseMakeCredential, validMakeCredential, 3, map[string]any{"id": []byte{1}, "name": []byte{1}}, StatusCBORUnexpectedType},
		{"user.displayName bytes", parseMakeCredential, validMakeCredential, 3, map[string]any{"id": []byte{1}, "displayName": []byte{1}}, StatusCBORUnexpectedType},
		{"pubKeyCredParams missing", parseMakeCredential, validMakeCredential, 4, absent{}, StatusMissingParameter},
		{"pubKeyCredParams map", parseMakeCredential, validMakeCredential, 4, map[string]any{}, StatusCBORUnexpectedType},
		{"pubKeyCredParams empty", parseMakeCredential, validMakeCredential, 4, []any{}, nil},
		{"parameters not a map", parseMakeCredential, validMakeCredential, 4, []any{1}, StatusCBORUnexpectedType},
		{"parameters without type", parseMakeCredential, validMakeCredential, 4, []any{map[string]any{"alg": -7}}, StatusInvalidCBOR},
		{"parameters without alg", parseMakeCredential, validMakeCredential, 4, []any{map[string]any{"type": "public-key"}}, StatusInvalidCBOR},
		{"alg text", parseMakeCredential, validMakeCredential, 4, []any{map[string]any{"type": "public-key", "alg": "ES256"}}, StatusCBORUnexpectedType},
		{"type number", parseMakeCredential, validMakeCredential, 4, []any{map[string]any{"type": 1, "alg": -7}}, StatusCBORUnexpectedType},
		{"excludeList text", parseMakeCredential, validMakeCredential, 5, "x", StatusCBORUnexpectedType},
		{"excludeList null", parseMakeCredential, validMakeCredential, 5, nil, StatusCBORUnexpectedType},
		{"descriptor number", parseMakeCredential, validMakeCredential, 5, []any{1}, StatusCBORUnexpectedType},
		{"descriptor without type", parseMakeCredential, validMakeCredential, 5, []any{map[string]any{"id": []byte{1}}}, StatusCBORUnexpectedType},
		{"descriptor without id", parseMakeCredential, validMakeCredential, 5, []any{map[string]any{"type": "public-key"}}, StatusCBORUnexpectedType},
		{"descriptor of unknown type", parseMakeCredential, validMakeCredential, 5, []any{map[string]any{"id": []byte{1}, "type": "other"}}, nil},
		{"descriptor id text", parseMakeCredential, validMakeCredential, 5, []any{map[string]any{"id": "1", "type": "public-key"}}, StatusCBORUnexpectedType},
		{"extensions array", parseMakeCredential, validMakeCredential, 6, []any{}, StatusCBORUnexpectedType},
		{"extension unknown", parseMakeCredential, validMakeCredential, 6, map[string]any{"unheard-of": []int{1}}, nil},
		{"options array", parseMakeCredential, validMakeCredential, 7, []any{}, StatusCBORUnexpectedType},
		{"option rk number", parseMakeCredential, validMakeCredential, 7, map[string]any{"rk": 1}, StatusCBORUnexpectedType},
		{"option unknown", parseMakeCredential, validMakeCredential, 7, map[string]any{"unheard-of": true}, nil},
		{"pinUvAuthProtocol negative", parseMakeCredential, validMakeCredential, 9, -1, StatusCBORUnexpectedType},
		{"enterpriseAttestation text", parseMakeCredential, validMakeCredential, 10, "x", StatusCBORUnexpectedType},
		{"formats preference text", parseMakeCredential, validMakeCredential, 11, "packed", StatusCBORUnexpectedType},
		{"formats preference of numbers", parseMakeCredential, validMakeCredential, 11, []int{1}, StatusCBORUnexpectedType},

		{"valid assertion", parseGetAssertion, validGetAssertion, 99, "unknown member", nil},
		{"rpId missing", parseGetAssertion, validGetAssertion, 1, absent{}, StatusMissingParameter},
		{"rpId bytes", parseGetAssertion, validGetAssertion, 1, []byte{1}, StatusCBORUnexpectedType},
		{"clientDataHash missing", parseGetAssertion, validGetAssertion, 2, absent{}, StatusMissingParameter},
		{"clientDataHash text", parseGetAssertion, validGetAssertion, 2, "x", StatusCBORUnexpectedType},
		{"allowList map", parseGetAssertion, validGetAssertion, 3, map[string]any{}, StatusCBORUnexpectedType},
		{"second descriptor not a map", parseGetAssertion, validGetAssertion, 3,
			[]any{map[string]any{"id": []byte{9}, "type": "public-key"}, 1}, StatusCBORUnexpectedType},
	}
}

func TestParseRequestStructure(t *testing.T) {
	for _, tt := range structureCases() {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.parse(tt.encode()); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestParseRequestEncoding(t *testing.T) {
	valid := MustMarshal(validMakeCredential())
	tests := []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"an array", []byte{0x80}},
		{"a byte more", append(bytes.Clone(valid), 0)},
		{"a byte less", valid[:len(valid)-1]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := parseMakeCredential(tt.data); StatusOf(err) != StatusInvalidCBOR {
				t.Errorf("got %v, want %v", err, StatusInvalidCBOR)
			}
		})
	}
}

func TestRequestRoundTrip(t *testing.T) {
	yes, protocol := true, uint64(2)
	want := &MakeCredentialRequest{
		ClientDataHash:    bytes.Repeat([]byte{7}, 32),
		RP:                &RelyingParty{ID: "example.com", Name: "Example"},
		User:              &User{ID: []byte{1}, Name: "ada", DisplayName: "Ada"},
		PubKeyCredParams:  []CredentialParameters{{Algorithm: -8, Type: PublicKey}},
		ExcludeList:       []CredentialDescriptor{{ID: []byte{}, Type: PublicKey, Transports: []string{"usb"}}},
		Extensions:        map[string]Raw{"credProtect": {2}},
		Options:           &Options{RK: &yes},
		PinUvAuthParam:    []byte{}, // not the same as absent: §6.1.2, step 1
		PinUvAuthProtocol: &protocol,
	}
	got, err := ParseMakeCredentialRequest(MustMarshal(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

// A request that is accepted means the same when it is written down again.
func FuzzParseMakeCredentialRequest(f *testing.F) {
	f.Add(MustMarshal(validMakeCredential()))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := ParseMakeCredentialRequest(data)
		if err != nil {
			if StatusOf(err) == StatusOther {
				t.Errorf("error without a status: %v", err)
			}
			return
		}
		again, err := ParseMakeCredentialRequest(MustMarshal(first))
		if err != nil {
			t.Fatalf("not accepted again: %v", err)
		}
		if a, b := MustMarshal(first), MustMarshal(again); !bytes.Equal(a, b) {
			t.Errorf("got %x again, want %x", b, a)
		}
	})
}

// A list that is read where another was has nothing of it.
func TestParseInRoom(t *testing.T) {
	full := MustMarshal(fullGetAssertion())
	for _, tt := range []struct {
		name   string
		room   []CredentialDescriptor
		reused bool
	}{
		{"enough", make([]CredentialDescriptor, 3), true},
		{"too little", make([]CredentialDescriptor, 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.room {
				tt.room[i] = CredentialDescriptor{ID: Bytes{1}, Type: "old", Transports: []string{TransportNFC}}
			}
			got := GetAssertionRequest{AllowList: tt.room[:0]}
			if err := got.Parse(full); err != nil {
				t.Fatal(err)
			}
			if want := fullGetAssertion(); !reflect.DeepEqual(&got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if reused := &got.AllowList[0] == &tt.room[0]; reused != tt.reused {
				t.Errorf("the room is used: %v, want %v", reused, tt.reused)
			}
		})
	}
}
