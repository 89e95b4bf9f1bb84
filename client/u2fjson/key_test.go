package u2fjson_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// fakeKey is a key that answers what it is told to, and keeps what it was
// asked.
type fakeKey struct {
	handles [][]byte // that it knows, for any application
	answer  []byte   // to a registration or an authentication
	err     error    // instead

	checked  []string // key handles, in base64url
	register *ctap.U2FRegisterRequest
	sign     *ctap.U2FAuthenticateRequest
	apdu     *ctap.CommandAPDU
}

func (k *fakeKey) U2FRegister(_ context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error) {
	k.register = &req
	if k.err != nil {
		return nil, k.err
	}
	return ctap.ParseU2FRegisterResponse(k.answer)
}

func (k *fakeKey) U2FAuthenticate(_ context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error) {
	k.sign = &req
	if k.err != nil {
		return nil, k.err
	}
	return ctap.ParseU2FAuthenticateResponse(k.answer)
}

func (k *fakeKey) U2FCheck(_ context.Context, _ [32]byte, keyHandle []byte) (bool, error) {
	k.checked = append(k.checked, base64.RawURLEncoding.EncodeToString(keyHandle))
	return slices.ContainsFunc(k.handles, func(h []byte) bool { return string(h) == string(keyHandle) }), nil
}

func (k *fakeKey) U2FCommand(_ context.Context, apdu ctap.CommandAPDU) ([]byte, error) {
	k.apdu = &apdu
	return k.answer, k.err
}

// decode returns the bytes of base64url without padding.
func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatalf("%q is not base64url without padding: %v", s, err)
	}
	return b
}

// object decodes a JSON object of strings.
func object(t *testing.T, data []byte) map[string]string {
	t.Helper()
	var m map[string]string
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return m
}

func hash(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
