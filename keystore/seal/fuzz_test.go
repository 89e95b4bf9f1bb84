package seal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// FuzzParseSlot: what is read is written the same way, asks this machine for no
// more than the bounds, and can be described whatever it says.
func FuzzParseSlot(f *testing.F) {
	for _, s := range []Slot{
		{Kind: KindPassphrase, Params: ctap.MustMarshal(passphraseParams{DefaultCost(), make([]byte, saltSize)})},
		{Kind: KindPassphrase, Params: ctap.MustMarshal(passphraseParams{Cost{1 << 31, 1 << 31, 255}, nil})},
		{Kind: KindKeyring, Params: ctap.MustMarshal(keyringParams{RingUser, "softkey:0011223344556677"})},
		{Kind: KindKeyring, Params: ctap.MustMarshal(keyringParams{"thread", ""})},
		{Kind: KindTPM, Params: ctap.MustMarshal(tpmParams{[]byte{1}, []byte{2}, []uint{7}})},
		{Kind: KindTPM, Params: ctap.MustMarshal(tpmParams{nil, nil, []uint{99}})},
	} {
		s.Wrapped = make([]byte, wrappedSize)
		encoded, err := s.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded []byte) {
		s, err := parseSlot(encoded)
		if err != nil {
			return
		}
		again, err := s.Marshal()
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		if back, err := parseSlot(again); err != nil || back.Kind != s.Kind ||
			!bytes.Equal(back.Params, s.Params) || !bytes.Equal(back.Wrapped, s.Wrapped) {
			t.Errorf("got %+v, %v; want %+v", back, err, s)
		}
		s.Details()
		checkBounds(t, s)
	})
}

// checkBounds looks at what opening a slot would ask for.
func checkBounds(t *testing.T, s Slot) {
	t.Helper()
	if pp, err := parsePassphraseParams(s.Params); err == nil {
		if c := pp.Cost; c.Memory > 1<<20 || uint64(c.Memory)*uint64(c.Passes) > 1<<24 || c.Lanes == 0 || c.Lanes > 16 || c.Passes == 0 {
			t.Errorf("cost out of bounds: %+v", c)
		}
	}
	if kp, err := parseKeyringParams(s.Params); err == nil && (len(kp.Name) > 128 || !strings.HasPrefix(kp.Name, "softkey:")) {
		t.Errorf("name of %d bytes", len(kp.Name))
	}
	if tp, err := parseTPMParams(s.Params); err == nil {
		for _, n := range tp.PCRs {
			if n >= 24 {
				t.Errorf("PCR %d", n)
			}
		}
	}
}
