package webauthn

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

func TestPublicKeyRS256(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	encoded := ctap.MustMarshal(map[int64]any{1: 3, 3: -257, -1: key.N.Bytes(), -2: []byte{1, 0, 1}})
	algorithm, spki, err := publicKey(encoded)
	if err != nil || algorithm != -257 {
		t.Fatalf("got algorithm %d, %v; want -257", algorithm, err)
	}
	if got, err := x509.ParsePKIXPublicKey(spki); err != nil || !key.PublicKey.Equal(got) {
		t.Errorf("got %v, %v; want %v", got, err, &key.PublicKey)
	}
}

func TestPublicKeyOthers(t *testing.T) {
	tests := []struct {
		name, key string
		want      error
		algorithm int64
	}{
		{"an algorithm of which only the number is known", "a2 0107 03382f", nil, -48},
		{"ES256 without a point", "a2 0102 0326", cose.ErrKey, 0},
		{"EdDSA with a short key", "a4 0101 0327 2006 2141 00", cose.ErrKey, 0},
		{"RS256 without a modulus", "a3 0103 03390100 2143 010001", cose.ErrKey, 0},
		{"RS256 with a large exponent", "a4 0103 03390100 2041 0f 2145 0100000001", cose.ErrKey, 0},
		{"no map", "00", ctap.StatusCBORUnexpectedType, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, err := hex.DecodeString(strings.ReplaceAll(tt.key, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			algorithm, spki, err := publicKey(key)
			if algorithm != tt.algorithm || spki != nil || !errors.Is(err, tt.want) {
				t.Errorf("got %d, %x, %v; want %d, %v", algorithm, spki, err, tt.algorithm, tt.want)
			}
		})
	}
}
