package ctaphid

import (
	"bytes"
	"testing"
)

func TestFrames(t *testing.T) {
	payload := make([]byte, initData+continuationData+1)
	for i := range payload {
		payload[i] = byte(i + 1)
	}
	used := make([]Report, 3) // by a message before
	for i := range used {
		used[i] = Report(bytes.Repeat([]byte{0xee}, len(Report{})))
	}
	got := (Message{0x01020304, CommandPing, payload}).AppendReports(used[:0])
	want := []Report{{1, 2, 3, 4, 0x81, 0, 117}, {1, 2, 3, 4, 0}, {1, 2, 3, 4, 1, 117}}
	copy(want[0][7:], payload)
	copy(want[1][5:], payload[57:])
	if len(got) != len(want) {
		t.Fatalf("%d reports, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("report %d:\n%x, want\n%x", i, got[i], want[i])
		}
	}
}

func TestNumberOfFrames(t *testing.T) {
	for _, tt := range []struct{ size, want int }{
		{0, 1}, {1, 1}, {57, 1}, {58, 2}, {116, 2}, {117, 3}, {MaxPayload, 129},
	} {
		reports := (Message{Payload: make([]byte, tt.size)}).AppendReports(nil)
		if len(reports) != tt.want {
			t.Errorf("%d bytes: %d reports, want %d", tt.size, len(reports), tt.want)
		}
	}
}

func TestTooLongAMessagePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	(Message{Payload: make([]byte, MaxPayload+1)}).AppendReports(nil)
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{CommandCBOR.String(), "CTAPHID_CBOR"},
		{Command(0x66).String(), "CTAPHID command 0x66"},
		{ErrChannelBusy.Error(), "ERR_CHANNEL_BUSY (0x06)"},
		{Error(0x55).Error(), "ERR_UNKNOWN (0x55)"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestPaddingIsIgnored(t *testing.T) {
	payload := make([]byte, 60)
	reports := (Message{1, CommandPing, payload}).AppendReports(nil)
	for i := 5 + 3; i < len(Report{}); i++ {
		reports[1][i] = 0xEE
	}
	a := begin(&reports[0], nil)
	if !a.add(&reports[1]) || !a.complete() || !bytes.Equal(a.Payload, payload) {
		t.Errorf("got %x, want %x", a.Payload, payload)
	}
}

// FuzzFrames: a message comes back from its reports as it was, and none of its
// frames is taken twice.
func FuzzFrames(f *testing.F) {
	f.Add(uint32(1), byte(1), []byte("short"))
	f.Add(uint32(0xFFFFFFFE), byte(0x7F), bytes.Repeat([]byte{0xFF}, 117))
	f.Fuzz(func(t *testing.T, channel uint32, cmd byte, payload []byte) {
		if len(payload) > MaxPayload {
			payload = payload[:MaxPayload]
		}
		m := Message{channel, Command(cmd &^ initFlag), payload}
		reports := m.AppendReports(nil)
		a := begin(&reports[0], nil)
		for i := range reports[1:] {
			r := reports[1+i]
			if r.Starts() || r.Channel() != channel {
				t.Fatalf("report %d: %x", 1+i, r)
			}
			if a.complete() || !a.add(&r) || a.add(&r) {
				t.Fatalf("report %d of %d: not taken, or taken twice", 1+i, len(reports))
			}
		}
		if !a.complete() || a.Channel != channel || a.Command != m.Command || !bytes.Equal(a.Payload, payload) {
			t.Errorf("got %08x %v %x, want %08x %v %x", a.Channel, a.Command, a.Payload, channel, m.Command, payload)
		}
	})
}
