package fault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// canned answers every message alike, and counts them.
type canned struct {
	answer []byte
	calls  int
}

func (c *canned) Handle(context.Context, *ctap.Request) []byte {
	c.calls++
	return bytes.Clone(c.answer)
}

func request(p ctap.Protocol, data ...byte) *ctap.Request {
	return &ctap.Request{Protocol: p, Data: data, Notify: func(ctap.KeepaliveStatus) {}}
}

var (
	getInfo   = request(ctap.CTAP2, byte(ctap.CommandGetInfo))
	selection = request(ctap.CTAP2, byte(ctap.CommandSelection))
	version   = request(ctap.CTAP1, 0, 3, 0, 0)
)

func TestMessages(t *testing.T) {
	const whole = "00a20102036161" // OK {1: 2, 3: "a"}
	tests := []struct {
		rule  string
		req   *ctap.Request
		want  string // the answer
		calls int    // of the key
	}{
		{"status", getInfo, "7f", 0},
		{"status:status=0x2E", getInfo, "2e", 0},
		{"status:status=0x2E,run=yes", getInfo, "2e", 1},
		{"status:command=getInfo", getInfo, "7f", 0},
		{"status:command=authenticatorGetInfo", getInfo, "7f", 0},
		{"status:command=4", getInfo, "7f", 0},
		{"status:command=getInfo", selection, whole, 1},
		{"status", version, whole, 1},
		{"status", request(ctap.CTAP2), whole, 1},
		{"status-word", version, "6f00", 0},
		{"status-word:word=0x6985,run=yes", version, "6985", 1},
		{"status-word", getInfo, whole, 1},
		{"cut-answer", getInfo, whole[:12], 1},
		{"cut-answer:bytes=6", version, "00", 1},
		{"cut-answer:bytes=8", getInfo, "", 1},
		{"cut-answer:command=selection", getInfo, whole, 1},
		{"cut-answer:command=selection", version, whole, 1},
		{"late:wait=0s", getInfo, whole, 1},
		{"non-canonical", version, whole, 1},
		{"non-canonical", getInfo, "00a20361610102", 1},
		{"non-canonical:form=length", getInfo, "00b8020102036161", 1},
		{"non-canonical:form=indefinite", getInfo, "00bf0102036161ff", 1},
		{"non-canonical:form=duplicate", getInfo, "00a301020102036161", 1},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			key := &canned{answer: unhex(t, whole)}
			h := inject(t, tt.rule).Handler(key)
			if got := hex.EncodeToString(h.Handle(t.Context(), tt.req)); got != tt.want || key.calls != tt.calls {
				t.Errorf("got %s after %d calls, want %s after %d", got, key.calls, tt.want, tt.calls)
			}
		})
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTrailingBytes(t *testing.T) {
	key := &canned{answer: []byte{0}}
	answer := func() []byte {
		return inject(t, "trailing-bytes:bytes=5").Handler(key).Handle(t.Context(), getInfo)
	}
	got := answer()
	if len(got) != 6 || got[0] != 0 {
		t.Errorf("got %x, want a 00 and 5 bytes", got)
	}
	if again := answer(); !bytes.Equal(again, got) {
		t.Errorf("the same seed gives %x and %x", got, again)
	}
}

// What is not canonical is refused by a strict reader, and is the same to a lax
// one unless a key is there twice.
func TestNonCanonical(t *testing.T) {
	long := make(map[int]int)
	for i := range maxShortLength {
		long[i] = i
	}
	for name, value := range map[string]map[int]int{"short": {1: 2, 3: 4}, "longest": long} {
		for _, form := range nonCanonicalNames {
			key := &canned{answer: append([]byte{0}, ctap.MustMarshal(value)...)}
			got := inject(t, "non-canonical:form="+form).Handler(key).Handle(t.Context(), getInfo)[1:]
			if err := ctap.CheckCanonical(got); !errors.Is(err, ctap.StatusInvalidCBOR) {
				t.Errorf("%s, %s: CheckCanonical of %x: got %v", name, form, got, err)
			}
		}
	}
}

// Answers that hold no map to be spoilt stay as they are.
func TestNonCanonicalWithoutMap(t *testing.T) {
	for _, answer := range []string{"", "2e", "00", "0001", "00a0", "00a101", "00b8020102036161"} {
		key := &canned{answer: unhex(t, answer)}
		if got := inject(t, "non-canonical").Handler(key).Handle(t.Context(), getInfo); hex.EncodeToString(got) != answer {
			t.Errorf("got %x, want %s", got, answer)
		}
	}
}

func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := &canned{answer: []byte{0}}
		began := time.Now()
		inject(t, "late:wait=7s").Handler(key).Handle(t.Context(), getInfo)
		if took := time.Since(began); took != 7*time.Second || key.calls != 1 {
			t.Errorf("got %d calls after %v, want one after 7s", key.calls, took)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began = time.Now()
		inject(t, "late:wait=7s").Handler(key).Handle(ctx, getInfo)
		if took := time.Since(began); took != time.Second || key.calls != 2 {
			t.Errorf("cancelled: got %d calls after %v, want two after 1s", key.calls, took)
		}
	})
}

func TestHang(t *testing.T) {
	for _, tt := range []struct {
		req  *ctap.Request
		want string
	}{{getInfo, "2d"}, {version, "6985"}} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeoutCause(t.Context(), time.Hour, ctap.StatusKeepaliveCancel)
			defer stop()
			key := &canned{}
			began := time.Now()
			got := inject(t, "hang").Handler(key).Handle(ctx, tt.req)
			if took := time.Since(began); hex.EncodeToString(got) != tt.want || took != time.Hour || key.calls != 0 {
				t.Errorf("got %x after %v and %d calls, want %s after an hour and none", got, took, key.calls, tt.want)
			}
		})
	}
}
