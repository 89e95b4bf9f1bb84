package ctap

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestU2FRequests(t *testing.T) {
	challenge, application := [32]byte{1}, [32]byte{2}
	register := U2FRegisterRequest{challenge, application}
	apdu, err := ParseCommandAPDU(register.APDU().Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseU2FRegisterRequest(apdu.Data); err != nil || got != register {
		t.Errorf("register: got %v, %v; want %v", got, err, register)
	}
	want := U2FAuthenticateRequest{U2FCheckOnly, challenge, application, bytes.Repeat([]byte{3}, 128)}
	if apdu, err = ParseCommandAPDU(want.APDU().Append(nil)); err != nil {
		t.Fatal(err)
	}
	if got, err := ParseU2FAuthenticateRequest(apdu); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("authenticate: got %v, %v; want %v", got, err, want)
	}
}

func TestU2FRequestLengths(t *testing.T) {
	for _, n := range []int{0, 63, 65} {
		if _, err := ParseU2FRegisterRequest(make([]byte, n)); !errors.Is(err, SWWrongLength) {
			t.Errorf("register with %d bytes: got %v, want %v", n, err, SWWrongLength)
		}
	}
	handle5 := append(make([]byte, 64), 5, 1, 2, 3, 4, 5)
	for _, data := range [][]byte{nil, make([]byte, 64), make([]byte, 65), handle5[:69], append(handle5, 6)} {
		if _, err := ParseU2FAuthenticateRequest(CommandAPDU{Data: data}); !errors.Is(err, SWWrongLength) {
			t.Errorf("authenticate with %d bytes: got %v, want %v", len(data), err, SWWrongLength)
		}
	}
}

func TestU2FResponses(t *testing.T) {
	register := &U2FRegisterResponse{
		PublicKey: append([]byte{4}, make([]byte, 64)...), KeyHandle: []byte{1, 2, 3},
		Certificate: []byte{0x30, 3, 2, 1, 7}, Signature: []byte{0x30, 0},
	}
	got, err := ParseU2FRegisterResponse(register.Append(nil))
	if err != nil || !reflect.DeepEqual(got, register) {
		t.Errorf("got %+v, %v; want %+v", got, err, register)
	}
	authenticate := &U2FAuthenticateResponse{FlagUP, 0x01020304, []byte{0x30}}
	again, err := ParseU2FAuthenticateResponse(authenticate.Append(nil))
	if err != nil || !reflect.DeepEqual(again, authenticate) {
		t.Errorf("got %+v, %v; want %+v", again, err, authenticate)
	}
}

// The status word is put behind an answer without a copy of the whole. These are
// of 640 and 80 bytes, sizes that Go's allocator has and rounds up to.
func TestU2FResponsesLeaveRoom(t *testing.T) {
	certificate := make([]byte, 573)
	answers := map[string][]byte{
		"register":     (&U2FRegisterResponse{PublicKey: make([]byte, 65), Certificate: certificate}).Append(nil),
		"authenticate": (&U2FAuthenticateResponse{Signature: make([]byte, 75)}).Append(nil),
	}
	for name, data := range answers {
		if got := SWNoError.Append(data); &got[0] != &data[0] {
			t.Errorf("%s: room for %d bytes, want %d", name, cap(data), len(got))
		}
	}
}

// Hosts must survive any answer; what they accept is what was sent.
func FuzzParseU2FRegisterResponse(f *testing.F) {
	r := U2FRegisterResponse{PublicKey: make([]byte, 65), KeyHandle: []byte{1}, Certificate: []byte{0x30, 0}, Signature: []byte{1}}
	f.Add(r.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseU2FRegisterResponse(b); err == nil && !bytes.Equal(got.Append(nil), b) {
			t.Errorf("got %x again, want %x", got.Append(nil), b)
		}
	})
}
