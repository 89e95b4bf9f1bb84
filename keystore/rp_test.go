package keystore

import "testing"

// FuzzDecodeRP states that a record that is read is written the same again,
// but for numbers written at length.
func FuzzDecodeRP(f *testing.F) {
	f.Add(RP{ID: "example.com", Name: "Example", Count: 3}.encode())
	f.Add(RP{Count: 1}.encode())
	f.Add([]byte{1, 12, 'e'})
	f.Add([]byte{})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, stored []byte) {
		hash := make([]byte, 32)
		rp, err := decodeRP(hash, stored)
		if err != nil {
			if rp != (RP{}) {
				t.Errorf("got %v beside %v", rp, err)
			}
			return
		}
		if again, err := decodeRP(hash, rp.encode()); err != nil || again != rp {
			t.Errorf("got %v, %v; want %v", again, err, rp)
		}
	})
}
