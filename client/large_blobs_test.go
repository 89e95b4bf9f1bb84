package client_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// TestDamagedLargeBlobs has arrays that count as empty.
func TestDamagedLargeBlobs(t *testing.T) {
	sum := sha256.Sum256([]byte{0xa0})
	for name, answer := range map[string]string{
		"empty":              "00 a1 01 51 80 76be8b528d0075f7aae98d6fa57a6d3c",
		"no hash":            "00 a1 01 41 80",
		"nothing":            "00 a1 01 40",
		"a wrong hash":       "00 a1 01 52 81 a0 76be8b528d0075f7aae98d6fa57a6d3c",
		"no array, but hash": "00 a1 01 51 a0 " + hex.EncodeToString(sum[:16]),
	} {
		if got, err := openAnswers(t, getInfo.respond, answer).LargeBlobArray(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("%s: got %x, %v; want an empty array", name, got, err)
		}
		if _, err := openAnswers(t, getInfo.respond, answer).LargeBlob(t.Context(), blobKey); !errors.Is(err, client.ErrNoLargeBlob) {
			t.Errorf("%s: got %v, want %v", name, err, client.ErrNoLargeBlob)
		}
	}
}

// TestEmptyLargeBlobs writes the array of a new key.
func TestEmptyLargeBlobs(t *testing.T) {
	d := openCTAP2(t, exchange{ctap.CTAP2, "0c a3 02 51 80 76be8b528d0075f7aae98d6fa57a6d3c 03 00 04 11", "00"})
	if err := d.SetLargeBlobArray(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

// TestEndlessLargeBlobs has a key that sends more than it was asked for, and one
// that never comes to the end.
func TestEndlessLargeBlobs(t *testing.T) {
	full := "00 a1 01 5903c0" + strings.Repeat("00", 960)
	for name, list := range map[string][]string{
		"too much at once": {"00 a1 01 5903c1" + strings.Repeat("00", 961)},
		"without end":      slices.Repeat([]string{full}, 1<<20/960+2),
	} {
		got, err := openAnswers(t, append([]string{getInfo.respond}, list...)...).LargeBlobArray(t.Context())
		var status ctap.Status
		if got != nil || err == nil || errors.As(err, &status) {
			t.Errorf("%s: got %x, %v; want an error of the client's", name, got, err)
		}
	}
}

// TestFragments has the sizes of messages that keys may claim.
func TestFragments(t *testing.T) {
	for claim, want := range map[string]string{
		"":                      "0c a2 01 1903c0 03 00",
		"05 00":                 "0c a2 01 1903c0 03 00",
		"05 1904b0":             "0c a2 01 190470 03 00",
		"05 191db9":             "0c a2 01 191d79 03 00",
		"05 1bffffffffffffffff": "0c a2 01 191d79 03 00",
	} {
		s := &script{t: t, exchanges: []exchange{
			{ctap.CTAP2, "04", withMember(getInfo.respond, claim)}, {ctap.CTAP2, want, "00 a1 01 40"},
		}}
		if _, err := s.open(ctaphid.CapCBOR).LargeBlobArray(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
