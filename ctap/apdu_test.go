package ctap

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseCommandAPDU(t *testing.T) {
	tests := []struct {
		name string
		apdu string
		data string
		want error
	}{
		{"header alone", "00030000", "", nil},
		{"short Le", "00030000 00", "", nil},
		{"extended Le", "00030000 00 0000", "", nil},
		{"Lc of zero, as old hosts send VERSION", "00030000 00 0000 0000", "", nil},
		{"Lc of zero and one byte of Le", "00030000 00 0000 00", "", nil},
		{"short data", "00010000 03 aabbcc", "aabbcc", nil},
		{"short data and Le", "00010000 03 aabbcc 00", "aabbcc", nil},
		{"extended data", "00010000 00 0003 aabbcc", "aabbcc", nil},
		{"extended data and Le", "00010000 00 0003 aabbcc 0000", "aabbcc", nil},
		{"extended data and three bytes of Le", "00010000 00 0003 aabbcc 000000", "aabbcc", nil},
		{"VERSION with data", "00030000 00 0003 616263 0000", "616263", nil},

		{"nothing", "", "", SWWrongLength},
		{"three bytes", "000300", "", SWWrongLength},
		{"short data cut", "00010000 03 aabb", "", SWWrongLength},
		{"short data and two bytes more", "00010000 03 aabbcc 0000", "", SWWrongLength},
		{"extended length cut", "00010000 00 00", "", SWWrongLength},
		{"extended data cut", "00010000 00 0003 aabb", "", SWWrongLength},
		{"extended data and four bytes more", "00010000 00 0003 aabbcc 00000000", "", SWWrongLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCommandAPDU(unhex(t, tt.apdu))
			if !errors.Is(err, tt.want) || !bytes.Equal(got.Data, unhex(t, tt.data)) {
				t.Errorf("got data %x, %v; want %s, %v", got.Data, err, tt.data, tt.want)
			}
		})
	}
}

func TestCommandAPDUHeaderSurvivesWrongLength(t *testing.T) {
	got, err := ParseCommandAPDU(unhex(t, "01 ff 02 03 05 00"))
	want := CommandAPDU{CLA: 1, INS: 0xff, P1: 2, P2: 3}
	if err == nil || got.CLA != want.CLA || got.INS != want.INS || got.P1 != want.P1 || got.P2 != want.P2 {
		t.Errorf("got %+v, %v; want %+v and an error", got, err, want)
	}
}

// Whatever is read as an APDU is the same APDU when written in the extended
// form.
func FuzzParseCommandAPDU(f *testing.F) {
	for _, seed := range []string{"00030000", "00010000 03 aabbcc 00", "00010000 00 0003 aabbcc 0000", "00030000 00 0000 0000"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		first, err := ParseCommandAPDU(message)
		if err != nil {
			if !errors.Is(err, SWWrongLength) {
				t.Errorf("got %v, want %v", err, SWWrongLength)
			}
			return
		}
		again, err := ParseCommandAPDU(first.Append(nil))
		if err != nil || !bytes.Equal(again.Data, first.Data) || again.INS != first.INS {
			t.Errorf("got %+v, %v; want %+v", again, err, first)
		}
	})
}

func TestParseResponseAPDU(t *testing.T) {
	if data, err := ParseResponseAPDU(unhex(t, "aabb9000")); err != nil || !bytes.Equal(data, []byte{0xaa, 0xbb}) {
		t.Errorf("got %x, %v; want aabb", data, err)
	}
	if _, err := ParseResponseAPDU(unhex(t, "6985")); !errors.Is(err, SWConditionsNotSatisfied) {
		t.Errorf("got %v, want %v", err, SWConditionsNotSatisfied)
	}
	if _, err := ParseResponseAPDU([]byte{0x90}); err == nil {
		t.Error("got no error for one byte, want one")
	}
}
