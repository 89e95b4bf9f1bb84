package ctap

import (
	"bytes"
	"reflect"
	"testing"
)

func TestAuthenticatorData(t *testing.T) {
	key := MustMarshal(map[int]int{1: 2, 3: -7})
	tests := []struct {
		name string
		data *AuthenticatorData
		want string // after the RP ID hash
	}{
		{"assertion", &AuthenticatorData{RPIDHash: [32]byte{1}, Flags: FlagUP, SignCount: 258}, "01 00000102"},
		{
			"registration", &AuthenticatorData{
				RPIDHash: [32]byte{1}, Flags: FlagUP | FlagAT,
				Credential: &AttestedCredential{AAGUID: [16]byte{0xaa}, ID: []byte{9, 8}, PublicKey: key},
			},
			"41 00000000 aa000000000000000000000000000000 0002 0908 a201020326",
		},
		{
			"extensions", &AuthenticatorData{Flags: FlagUV | FlagED, Extensions: MustMarshal(map[string]bool{"x": true})},
			"84 00000000 a16178f5",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.data.Append(nil)
			if want := append(bytes.Clone(tt.data.RPIDHash[:]), unhex(t, tt.want)...); !bytes.Equal(got, want) {
				t.Errorf("got %x, want %x", got, want)
			}
			if size := tt.data.Size(); size != len(got) {
				t.Errorf("got room for %d bytes, want %d", size, len(got))
			}
			if again, err := ParseAuthenticatorData(got); err != nil || !reflect.DeepEqual(again, tt.data) {
				t.Errorf("parsed: got %+v, %v; want %+v", again, err, tt.data)
			}
		})
	}
}

// The flags follow from what is there, whatever the caller set.
func TestAuthenticatorDataFlags(t *testing.T) {
	d := AuthenticatorData{Flags: FlagUP | FlagAT | FlagED}
	if got := Flags(d.Append(nil)[32]); got != FlagUP {
		t.Errorf("got flags %02x, want %02x", got, FlagUP)
	}
}

func FuzzParseAuthenticatorData(f *testing.F) {
	d := AuthenticatorData{
		Flags:      FlagUP,
		Credential: &AttestedCredential{ID: []byte{1}, PublicKey: []byte{0xa0}}, Extensions: Raw{0xa0},
	}
	f.Add(d.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseAuthenticatorData(b); err == nil && !bytes.Equal(got.Append(nil), b) {
			t.Errorf("got %x again, want %x", got.Append(nil), b)
		}
	})
}
