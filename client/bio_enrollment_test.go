package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// bioInfo is the getInfo of a key with option bioEnroll.
const bioInfo = "00 a3 01 81 68 4649444f5f325f31 03 50 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 04 a1 69 62696f456e726f6c6c f4"

// TestEnrollGivesUp has enrolments that come to nothing: what was begun is
// cancelled, and nothing else.
func TestEnrollGivesUp(t *testing.T) {
	const begin, next, cancel = "09 a2 01 01 02 01", "09 a3 01 01 02 02 03 a1 01 41 ab", "09 a2 01 01 02 03"
	const begun = "00 a3 04 41 ab 05 00 06 02"
	stop := errors.New("stop")
	tests := []struct {
		name      string
		progress  func(client.Sample) error
		exchanges []exchange
		want      error
	}{
		{"the key is full", nil, []exchange{{ctap.CTAP2, begin, "17"}}, ctap.StatusFPDatabaseFull},
		{"the key fails", nil, []exchange{{ctap.CTAP2, begin, begun}, {ctap.CTAP2, next, "7f"}, {ctap.CTAP2, cancel, "00"}}, ctap.StatusOther},
		{"the key fails to cancel", nil, []exchange{{ctap.CTAP2, begin, begun}, {ctap.CTAP2, next, "2f"}, {ctap.CTAP2, cancel, "30"}}, ctap.StatusUserActionTimeout},
		{"the caller stops", func(client.Sample) error { return stop }, []exchange{{ctap.CTAP2, begin, begun}, {ctap.CTAP2, cancel, "00"}}, stop},
		{"an answer lacks its members", nil, []exchange{{ctap.CTAP2, begin, "00 a2 05 00 06 02"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{t: t, exchanges: append([]exchange{{ctap.CTAP2, "04", bioInfo}}, tt.exchanges...)}
			id, err := s.open(ctaphid.CapCBOR).EnrollFingerprint(t.Context(), nil, 0, tt.progress)
			if id != nil || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %x, %v; want %v", id, err, tt.want)
			}
		})
	}
}

// TestCutFriendlyName has a key that cut a finger's name inside a letter.
func TestCutFriendlyName(t *testing.T) {
	d := openAnswers(t, bioInfo, "00 a1 07 81 a2 01 41 ab 02 62 74c3")
	fingers, err := d.Fingerprints(t.Context(), nil)
	if err != nil || len(fingers) != 1 || fingers[0].FriendlyName != "t\uFFFD" {
		t.Errorf("got %+v, %v; want the name with U+FFFD at its end", fingers, err)
	}
}

// TestEnrollEnds ends the ctx of an enrolment that waits for a finger: the key
// is told all the same.
func TestEnrollEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cancelled int
		key := handler(func(ctx context.Context, req *ctap.Request) []byte {
			switch string(req.Data) {
			case string(unhex(t, "04")):
				return unhex(t, bioInfo)
			case string(unhex(t, "09 a2 01 01 02 01")):
				return unhex(t, "00 a3 04 41 ab 05 00 06 02")
			case string(unhex(t, "09 a2 01 01 02 03")):
				cancelled++
				return []byte{0}
			}
			<-ctx.Done()
			return []byte{byte(ctap.StatusKeepaliveCancel)}
		})
		d, err := client.Open(t.Context(), ctaphid.Loopback(key, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		gone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, gone)
		defer cancel()
		if id, err := d.EnrollFingerprint(ctx, nil, 0, nil); !errors.Is(err, gone) || id != nil {
			t.Errorf("got %x, %v; want %v", id, err, gone)
		}
		if cancelled != 1 {
			t.Errorf("the enrolment was cancelled %d times, want once", cancelled)
		}
	})
}
