package client

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

var blobKey = bytes.Repeat([]byte{0x66}, 32)

func TestSealBlob(t *testing.T) {
	for _, blob := range [][]byte{{}, {1}, bytes.Repeat([]byte("blob "), 10_000)} {
		element, err := sealBlob(blobKey, blob, bytes.NewReader(make([]byte, 12)))
		if err != nil {
			t.Fatal(err)
		}
		b, compressed, ok := openBlob(blobKey, element)
		if !ok {
			t.Fatalf("blob of %d bytes: the element does not open", len(blob))
		}
		if got, err := Inflate(compressed, b.OrigSize); err != nil || !bytes.Equal(got, blob) {
			t.Errorf("blob of %d bytes: got %d bytes, %v", len(blob), len(got), err)
		}
		if len(blob) > 1000 && len(element) > 200 {
			t.Errorf("blob of %d bytes: the element has %d bytes, want it compressed", len(blob), len(element))
		}
	}
	if _, err := sealBlob(blobKey[1:], nil, bytes.NewReader(make([]byte, 12))); err == nil {
		t.Error("a key of 31 bytes: got no error")
	}
}

// TestOpenBlob opens an element that python-fido2 opens too.
func TestOpenBlob(t *testing.T) {
	file, err := os.ReadFile("testdata/blob.txt")
	if err != nil {
		t.Fatal(err)
	}
	v := map[string][]byte{}
	for line := range strings.Lines(string(file)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		v[name], _ = hex.DecodeString(value)
	}
	b, compressed, ok := openBlob(v["key"], v["element"])
	if !ok {
		t.Fatal("the element does not open")
	}
	if got, err := Inflate(compressed, b.OrigSize); err != nil || !bytes.Equal(got, v["blob"]) {
		t.Errorf("got %q, %v; want %q", got, err, v["blob"])
	}
}

// TestOpenBlobRefuses changes an element: nothing that is not in order opens.
func TestOpenBlobRefuses(t *testing.T) {
	sealed, err := sealBlob(blobKey, []byte("blob"), bytes.NewReader(make([]byte, 12)))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*largeBlob)) ctap.Raw {
		var b largeBlob
		if err := ctap.Unmarshal(sealed, &b); err != nil {
			t.Fatal(err)
		}
		f(&b)
		return ctap.MustMarshal(b)
	}
	tests := []struct {
		name    string
		key     []byte
		element ctap.Raw
	}{
		{"another key", bytes.Repeat([]byte{0x67}, 32), sealed},
		{"no key", nil, sealed},
		{"size", blobKey, change(func(b *largeBlob) { b.OrigSize++ })},
		{"nonce", blobKey, change(func(b *largeBlob) { b.Nonce[0] ^= 1 })},
		{"a long nonce", blobKey, change(func(b *largeBlob) { b.Nonce = append(b.Nonce, 0) })},
		{"no nonce", blobKey, change(func(b *largeBlob) { b.Nonce = nil })},
		{"tag", blobKey, change(func(b *largeBlob) { b.Ciphertext[len(b.Ciphertext)-1] ^= 1 })},
		{"no ciphertext", blobKey, change(func(b *largeBlob) { b.Ciphertext = nil })},
		{"no map", blobKey, ctap.Raw{0x05}},
		{"nothing", blobKey, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got, ok := openBlob(tt.key, tt.element); ok {
				t.Errorf("got %x, want a refusal", got)
			}
		})
	}
}

// TestInflateRefuses has compressed data that are not of the size that was
// said, one of them a bomb.
func TestInflateRefuses(t *testing.T) {
	bomb := Deflate(make([]byte, 1<<20))
	for name, tt := range map[string]struct {
		compressed []byte
		size       uint64
	}{
		"shorter":        {Deflate([]byte("blob")), 5},
		"longer":         {Deflate([]byte("blob")), 3},
		"much longer":    {bomb, 10},
		"cut":            {bomb[:10], 1 << 20},
		"nothing":        {nil, 0},
		"beyond reason":  {Deflate(make([]byte, maxBlobSize+1)), maxBlobSize + 1},
		"beyond integer": {bomb, 1<<64 - 1},
	} {
		if got, err := Inflate(tt.compressed, tt.size); err == nil {
			t.Errorf("%s: got %d bytes, want an error", name, len(got))
		}
	}
}
