package ctap

import (
	"bytes"
	"testing"
)

// marshalsLikeReference holds a response that writes itself to what the library
// makes of its tags.
func marshalsLikeReference(t *testing.T, resp Appender) {
	t.Helper()
	want := referenceMarshal(t, resp)
	got, err := Marshal(resp)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%+v: got %x, %v; want %x", resp, got, err, want)
	}
	got, err = Append([]byte{byte(StatusOK)}, resp)
	if err != nil || !bytes.Equal(got[1:], want) {
		t.Errorf("%+v: appended %x, %v; want 00%x", resp, got, err, want)
	}
}

func TestGetAssertionResponse(t *testing.T) {
	tests := []struct {
		name string
		resp GetAssertionResponse
	}{
		{"nothing", GetAssertionResponse{}},
		{"what must be", GetAssertionResponse{AuthData: make([]byte, 37), Signature: make([]byte, 71)}},
		{"empty strings", GetAssertionResponse{AuthData: []byte{}, Signature: []byte{}, LargeBlobKey: []byte{}}},
		{"empty credential and user", GetAssertionResponse{Credential: &CredentialDescriptor{}, User: &User{}}},
		{"empty IDs", GetAssertionResponse{Credential: &CredentialDescriptor{ID: Bytes{}}, User: &User{ID: Bytes{}}}},
		{"empty outputs", GetAssertionResponse{UnsignedExtensionOutputs: map[string]any{}}},
		{"all", GetAssertionResponse{
			Credential:          &CredentialDescriptor{ID: make([]byte, 300), Type: PublicKey, Transports: []string{"usb", "ä"}},
			AuthData:            []byte{1},
			Signature:           make([]byte, 65536),
			User:                &User{ID: []byte{1}, Name: "ada", DisplayName: "Ada"},
			NumberOfCredentials: 24, UserSelected: true, LargeBlobKey: make([]byte, 32),
			UnsignedExtensionOutputs: map[string]any{"zz": 1, "y": []byte{2}, "x": map[int]bool{-1: true, 1: false}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { marshalsLikeReference(t, &tt.resp) })
	}
}

func TestMakeCredentialResponse(t *testing.T) {
	statement := map[string]any{"alg": -7, "sig": []byte{1}, "x5c": [][]byte{{1}, {2}}}
	tests := []struct {
		name string
		resp MakeCredentialResponse
	}{
		{"nothing", MakeCredentialResponse{}},
		{"what must be", MakeCredentialResponse{Format: "packed", AuthData: make([]byte, 300), AttStmt: statement}},
		{"empty statement", MakeCredentialResponse{Format: "none", AuthData: []byte{}, AttStmt: map[string]any{}}},
		{"empty outputs", MakeCredentialResponse{LargeBlobKey: []byte{}, UnsignedExtensionOutputs: map[string]any{}}},
		{"all", MakeCredentialResponse{
			Format: "packed", AuthData: []byte{1}, AttStmt: statement, EnterpriseAttestation: true,
			LargeBlobKey: make([]byte, 32), UnsignedExtensionOutputs: map[string]any{"b": true, "aa": nil},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { marshalsLikeReference(t, &tt.resp) })
	}
}

// present are bits that say which members a fuzzed response has.
type present uint16

func (p present) has(bit int) bool { return p>>bit&1 != 0 }

// bytes returns nil, nothing or s.
func (p present) bytes(bit int, s []byte) []byte {
	switch {
	case !p.has(bit):
		return nil
	case !p.has(bit + 1):
		return []byte{}
	}
	return s
}

// outputs returns nil, an empty map or two members.
func (p present) outputs(bit int, name string, s []byte) map[string]any {
	switch {
	case !p.has(bit):
		return nil
	case !p.has(bit + 1):
		return map[string]any{}
	}
	return map[string]any{name: s, "x": string(s)}
}

// A response that writes itself is what the library makes of its tags.
func FuzzGetAssertionResponse(f *testing.F) {
	f.Add(uint16(0), []byte{}, []byte{}, "", "", uint64(0))
	f.Add(uint16(0xffff), make([]byte, 128), make([]byte, 37), "ada", "Ada", uint64(2))
	f.Fuzz(func(t *testing.T, members uint16, id, s []byte, name, other string, number uint64) {
		p := present(members)
		resp := &GetAssertionResponse{
			AuthData: p.bytes(0, s), Signature: p.bytes(2, id), NumberOfCredentials: number, UserSelected: p.has(4),
			LargeBlobKey: p.bytes(5, s), UnsignedExtensionOutputs: p.outputs(7, other, id),
		}
		if p.has(9) {
			resp.Credential = &CredentialDescriptor{ID: p.bytes(10, id), Type: name}
		}
		if p.has(12) {
			resp.User = &User{ID: p.bytes(13, id), Name: name, DisplayName: other}
		}
		if p.has(9) && p.has(15) {
			resp.Credential.Transports = []string{other, name}
		}
		marshalsLikeReference(t, resp)
	})
}

// As FuzzGetAssertionResponse.
func FuzzMakeCredentialResponse(f *testing.F) {
	f.Add(uint16(0), []byte{}, []byte{}, "")
	f.Add(uint16(0xffff), make([]byte, 300), make([]byte, 71), "packed")
	f.Fuzz(func(t *testing.T, members uint16, authData, s []byte, format string) {
		p := present(members)
		resp := &MakeCredentialResponse{
			Format: format, AuthData: p.bytes(0, authData), EnterpriseAttestation: p.has(2),
			LargeBlobKey: p.bytes(3, s), UnsignedExtensionOutputs: p.outputs(5, format, s),
		}
		if p.has(7) {
			resp.AttStmt = map[string]any{"sig": s, format: authData}
		}
		marshalsLikeReference(t, resp)
	})
}

// An integer, a byte string and text are appended as the library does it.
func FuzzAppend(f *testing.F) {
	f.Add(int64(-25), []byte{1}, "ä")
	f.Fuzz(func(t *testing.T, n int64, s []byte, text string) {
		got := AppendArray(nil, 3)
		got = AppendText(AppendBytes(AppendInt(got, n), s), text)
		if want := referenceMarshal(t, []any{n, s, text}); !bytes.Equal(got, want) {
			t.Errorf("got %x, want %x", got, want)
		}
	})
}
