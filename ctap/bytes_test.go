package ctap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func TestBytes(t *testing.T) {
	long := strings.Repeat("ab", 24)
	tests := []struct {
		name, cbor string
		want       []byte // nil: refused
	}{
		{"empty", "40", []byte{}},
		{"short", "43010203", []byte{1, 2, 3}},
		{"of 24 bytes", "5818" + long, bytes.Repeat([]byte{0xab}, 24)},
		{"with a long head, as some keys write", "590003010203", []byte{1, 2, 3}},
		{"array of numbers", "83010203", nil},
		{"text", "63616263", nil},
		{"number", "01", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := hex.DecodeString(tt.cbor)
			if err != nil {
				t.Fatal(err)
			}
			var got Bytes
			err = UnmarshalLax(data, &got)
			if tt.want == nil {
				if !errors.Is(err, StatusCBORUnexpectedType) {
					t.Errorf("got %x, %v; want %v", got, err, StatusCBORUnexpectedType)
				}
				return
			}
			if err != nil || got == nil || !bytes.Equal(got, tt.want) {
				t.Errorf("got %x, %v; want %x", got, err, tt.want)
			}
			data[len(data)-1] ^= 1
			if len(tt.want) > 0 && !bytes.Equal(got, tt.want) {
				t.Error("the message and what was read of it share memory")
			}
		})
	}
}
