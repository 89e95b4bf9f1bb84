package webauthn

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func TestSelfAttestation(t *testing.T) {
	self := map[any]any{"alg": int64(-7), "sig": []byte{1}}
	tests := []struct {
		name, format string
		statement    any
		aaguid       [16]byte
		want         string
	}{
		{"self attestation", "packed", self, [16]byte{}, "packed"},
		{"of a known model", "packed", self, [16]byte{1}, "none"},
		{"with a certificate", "packed", map[any]any{"x5c": []any{}}, [16]byte{}, "none"},
		{"in another format", "tpm", self, [16]byte{}, "none"},
		{"nothing", "none", nil, [16]byte{}, "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := object(t, "none", &ctap.MakeCredentialResponse{Format: tt.format, AttStmt: tt.statement, AuthData: []byte{}}, tt.aaguid)
			if got.Format != tt.want || got.AttStmt == nil {
				t.Errorf("got %s, %v; want %s and a statement", got.Format, got.AttStmt, tt.want)
			}
		})
	}
	direct := object(t, "direct", &ctap.MakeCredentialResponse{Format: "none", AuthData: []byte{}}, [16]byte{})
	if direct.Format != "none" || direct.AttStmt == nil {
		t.Errorf("an answer without statement: got %s, %v; want none and an empty one", direct.Format, direct.AttStmt)
	}
}

func object(t *testing.T, preference string, resp *ctap.MakeCredentialResponse, aaguid [16]byte) (o ctap.AttestationObject) {
	t.Helper()
	encoded, err := attestationObject(preference, resp, aaguid)
	if err != nil {
		t.Fatal(err)
	}
	if err := ctap.Unmarshal(encoded, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestMalformedStatements(t *testing.T) {
	for _, statement := range []any{"text", []any{}, uint64(1), true, map[any]any{"f": func() {}}} {
		_, err := attestationObject("direct", &ctap.MakeCredentialResponse{Format: "packed", AttStmt: statement}, [16]byte{})
		var e *Error
		if !errors.As(err, &e) || e.Name != UnknownError {
			t.Errorf("%v: got %v, want %s", statement, err, UnknownError)
		}
	}
}
