package client_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
	"github.com/softkey-project/softkey/ctaphid"
)

// TestHMACSecret runs the test vectors of WebAuthn Level 3 (§16.17.1).
func TestHMACSecret(t *testing.T) {
	files, err := filepath.Glob("testdata/prf/*.txt")
	if err != nil || len(files) != 3 {
		t.Fatalf("got %v, %v; want 3 files", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			v := map[string][]byte{}
			lines(t, file, func(name, value string) {
				if name != "comment" {
					v[name] = unhex(t, value)
				}
			})
			var salts [][32]byte
			for _, eval := range [][]byte{v["first"], v["second"]} {
				if eval != nil {
					salts = append(salts, sha256.Sum256(append([]byte("WebAuthn PRF\x00"), eval...)))
				}
			}
			d := openAgreeing(t, uint64(v["protocol"][0]), v["authenticator x"], v["authenticator y"])
			d.Rand = bytes.NewReader(slices.Concat(v["platform key"], v["iv"]))
			h, err := d.HMACSecret(t.Context(), salts...)
			if err != nil {
				t.Fatal(err)
			}
			var input map[int]ctap.Raw
			if err := ctap.Unmarshal(h.Input(), &input); err != nil {
				t.Fatal(err)
			}
			if want := ctap.MustMarshal(v["salt enc"]); !bytes.Equal(input[2], want) {
				t.Errorf("saltEnc: got %x, want %x", input[2], want)
			}
			// Keys of CTAP 2.0 take no protocol; others must be told it.
			if _, told := input[4]; told != (v["protocol"][0] == 2) {
				t.Errorf("input has protocol %v, want that only with protocol 2", told)
			}
			got, err := h.Outputs(ctap.MustMarshal(v["output enc"]))
			want := slices.DeleteFunc([][]byte{v["result 1"], v["result 2"]}, func(b []byte) bool { return b == nil })
			if err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("outputs: got %x, %v; want %x", got, err, want)
			}
		})
	}
}

// openAgreeing returns a device whose key has a key agreement key, of which
// someone asks once.
func openAgreeing(t *testing.T, protocol uint64, x, y []byte) *client.Device {
	t.Helper()
	info := ctap.MustMarshal(ctap.GetInfoResponse{Versions: []string{ctap.VersionFIDO21}, AAGUID: make([]byte, 16), PinUvAuthProtocols: []uint64{protocol}})
	agreement := ctap.MustMarshal(map[int]any{1: map[int]any{1: 2, 3: -25, -1: 1, -2: x, -3: y}})
	s := &script{t: t, exchanges: []exchange{
		{ctap.CTAP2, "04", "00" + hex.EncodeToString(info)},
		{ctap.CTAP2, "06" + hex.EncodeToString(ctap.MustMarshal(map[int]uint64{1: protocol, 2: 2})), "00" + hex.EncodeToString(agreement)},
	}}
	return s.open(ctaphid.CapCBOR)
}

func TestHMACSecretRefuses(t *testing.T) {
	d := openCTAP2(t)
	for _, salts := range [][][32]byte{nil, make([][32]byte, 3)} {
		if _, err := d.HMACSecret(t.Context(), salts...); err == nil {
			t.Errorf("%d salts: got no error", len(salts))
		}
	}
}

// TestHMACSecretOutputs has outputs that cannot be those of one salt.
func TestHMACSecretOutputs(t *testing.T) {
	for _, protocol := range []uint64{1, 2} {
		key, err := pinuv.NewAgreement(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public := key.PublicKey()
		h, err := openAgreeing(t, protocol, public.X, public.Y).HMACSecret(t.Context(), [32]byte{})
		if err != nil {
			t.Fatal(err)
		}
		for name, output := range map[string]any{
			"no bytes": 1, "empty": []byte{}, "half a block": make([]byte, 40), "two outputs": make([]byte, 64+16*(protocol-1)),
		} {
			if outputs, err := h.Outputs(ctap.MustMarshal(output)); err == nil {
				t.Errorf("protocol %d, %s: got %x, want an error", protocol, name, outputs)
			}
		}
	}
}
