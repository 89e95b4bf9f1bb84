package ctaphid

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// recorder takes the effects of a machine and writes them down, one a line.
type recorder struct {
	lines   []string
	armed   [clocks]bool
	sent    []Message
	started []Message // not copied
}

func (r *recorder) log(format string, args ...any) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) send(m Message) {
	m.Payload = bytes.Clone(m.Payload)
	r.sent = append(r.sent, m)
	if m.Command == CommandError {
		r.log("%08x %s", m.Channel, Error(m.Payload[0]).Name())
		return
	}
	r.log("%s", strings.TrimSpace(fmt.Sprintf("%08x %s %x", m.Channel, strings.TrimPrefix(m.Command.String(), "CTAPHID_"), m.Payload)))
}

func (r *recorder) start(number uint64, m Message) {
	r.started = append(r.started, m)
	r.log("start %d: %08x %s %x", number, m.Channel, strings.TrimPrefix(m.Command.String(), "CTAPHID_"), m.Payload)
}

func (r *recorder) cancel(cause error) { r.log("cancel: %v", cause) }

func (r *recorder) wink() { r.log("wink") }

func (r *recorder) arm(c clock, d time.Duration) {
	name := [clocks]string{"turn", "lock"}[c]
	switch {
	case d != 0:
		r.log("arm %s %v", name, d)
	case r.armed[c]:
		r.log("stop %s", name)
	}
	r.armed[c] = d != 0
}

// take returns what was recorded since the last take.
func (r *recorder) take() string {
	lines := strings.Join(r.lines, "\n")
	r.lines = nil
	return lines
}

// bench is a machine on a recorder.
type bench struct {
	*recorder
	machine
}

func newBench(cfg Config) *bench {
	b := &bench{recorder: &recorder{}}
	b.machine = newMachine(cfg, b.recorder)
	return b
}

// feed gives the machine the first n reports of a message, all if n is 0.
func (b *bench) feed(channel uint32, cmd Command, payload []byte, n int) {
	for i, r := range (Message{channel, cmd, payload}).AppendReports(nil) {
		if n == 0 || i < n {
			b.report(uint64(channel), &r)
		}
	}
}

// continuation gives it a continuation frame.
func (b *bench) continuationFrame(channel uint32, seq byte) {
	r := Report{byte(channel >> 24), byte(channel >> 16), byte(channel >> 8), byte(channel), seq}
	b.report(uint64(channel), &r)
}

const (
	owner = 0x0A000001 // the channel of the transaction
	other = 0x0B000001
)

var nonce = []byte{1, 2, 3, 4, 5, 6, 7, 8}

// three-frame message
var long = make([]byte, initData+2*continuationData)

// The machine in the three phases of the table: idle, assembling and
// processing, the latter two with a transaction of owner.
var phases = []struct {
	name string
	make func() *bench
}{
	{"idle", func() *bench { return newBench(Config{}) }},
	{"assembling", func() *bench {
		b := newBench(Config{})
		b.feed(owner, CommandCBOR, long, 1)
		return b
	}},
	{"processing", func() *bench {
		b := newBench(Config{})
		b.feed(owner, CommandCBOR, []byte{1}, 0)
		return b
	}},
}

const (
	initBroadcast = "ffffffff INIT 01020304050607089e3779b90200000005"
	initOwner     = "0a000001 INIT 01020304050607080a0000010200000005"
	initOther     = "0b000001 INIT 01020304050607080b0000010200000005"
)

// TestPhases has a row for each input and a cell for each phase: the effects,
// and the phase that follows, as in the table of the state machine.
func TestPhases(t *testing.T) {
	type cell struct {
		effects string
		phase   phase
	}
	tests := []struct {
		input string
		do    func(b *bench)
		want  [3]cell
	}{
		{"INIT broadcast", func(b *bench) { b.feed(Broadcast, CommandInit, nonce, 0) }, [3]cell{
			{initBroadcast, idle}, {initBroadcast, assembling}, {initBroadcast, processing}}},
		{"INIT owner", func(b *bench) { b.feed(owner, CommandInit, nonce, 0) }, [3]cell{
			{initOwner, idle},
			{"stop turn\n" + initOwner, idle},
			{"cancel: CTAP2_ERR_KEEPALIVE_CANCEL (0x2D)\nstop turn\n" + initOwner, idle}}},
		{"INIT other", func(b *bench) { b.feed(other, CommandInit, nonce, 0) }, [3]cell{
			{initOther, idle}, {initOther, assembling}, {initOther, processing}}},
		{"INIT of wrong length, owner", func(b *bench) { b.feed(owner, CommandInit, nonce[:7], 0) }, [3]cell{
			{"0a000001 ERR_INVALID_LEN", idle},
			{"0a000001 ERR_INVALID_LEN", assembling},
			{"0a000001 ERR_INVALID_LEN", processing}}},
		{"CANCEL owner", func(b *bench) { b.feed(owner, CommandCancel, nil, 0) }, [3]cell{
			{"", idle}, {"", assembling}, {"cancel: CTAP2_ERR_KEEPALIVE_CANCEL (0x2D)", processing}}},
		{"CANCEL other", func(b *bench) { b.feed(other, CommandCancel, nil, 0) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"CANCEL broadcast", func(b *bench) { b.feed(Broadcast, CommandCancel, nil, 0) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"CANCEL channel 0", func(b *bench) { b.feed(0, CommandCancel, nil, 0) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"whole message, owner", func(b *bench) { b.feed(owner, CommandCBOR, []byte{4}, 0) }, [3]cell{
			{"start 1: 0a000001 CBOR 04\narm turn 100ms", processing},
			{"stop turn\n0a000001 ERR_INVALID_SEQ", idle},
			{"0a000001 ERR_CHANNEL_BUSY", processing}}},
		{"first frame, owner", func(b *bench) { b.feed(owner, CommandPing, long, 1) }, [3]cell{
			{"arm turn 500ms", assembling},
			{"stop turn\n0a000001 ERR_INVALID_SEQ", idle},
			{"0a000001 ERR_CHANNEL_BUSY", processing}}},
		{"first frame, other", func(b *bench) { b.feed(other, CommandPing, long, 1) }, [3]cell{
			{"arm turn 500ms", assembling},
			{"0b000001 ERR_CHANNEL_BUSY", assembling},
			{"0b000001 ERR_CHANNEL_BUSY", processing}}},
		{"first frame too long, other", func(b *bench) { b.report(0, tooLong(other)) }, [3]cell{
			{"0b000001 ERR_INVALID_LEN", idle},
			{"0b000001 ERR_CHANNEL_BUSY", assembling},
			{"0b000001 ERR_CHANNEL_BUSY", processing}}},
		{"first frame too long, owner", func(b *bench) { b.report(0, tooLong(owner)) }, [3]cell{
			{"0a000001 ERR_INVALID_LEN", idle},
			{"stop turn\n0a000001 ERR_INVALID_SEQ", idle},
			{"0a000001 ERR_CHANNEL_BUSY", processing}}},
		{"continuation, owner, right sequence", func(b *bench) { b.continuationFrame(owner, 0) }, [3]cell{
			{"", idle}, {"arm turn 500ms", assembling}, {"", processing}}},
		{"continuation, owner, wrong sequence", func(b *bench) { b.continuationFrame(owner, 1) }, [3]cell{
			{"", idle}, {"stop turn\n0a000001 ERR_INVALID_SEQ", idle}, {"", processing}}},
		{"continuation, other", func(b *bench) { b.continuationFrame(other, 0) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"clock", func(b *bench) { b.tick(turnClock) }, [3]cell{
			{"", idle},
			{"stop turn\n0a000001 ERR_MSG_TIMEOUT", idle},
			{"0a000001 KEEPALIVE 01\narm turn 100ms", processing}}},
		{"answer", func(b *bench) { b.finish(1, []byte{0, 1}) }, [3]cell{
			{"", idle}, {"", assembling}, {"stop turn\n0a000001 CBOR 0001", idle}}},
		{"late answer", func(b *bench) { b.finish(0, []byte{0, 1}) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"status changes", func(b *bench) { b.notify(1, ctap.KeepaliveUPNeeded) }, [3]cell{
			{"", idle}, {"", assembling}, {"0a000001 KEEPALIVE 02\narm turn 100ms", processing}}},
		{"status stays", func(b *bench) { b.notify(1, ctap.KeepaliveProcessing) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"late status", func(b *bench) { b.notify(0, ctap.KeepaliveUPNeeded) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"owner's connection closes", func(b *bench) { b.gone(owner) }, [3]cell{
			{"", idle}, {"stop turn", idle}, {"cancel: CTAP2_ERR_KEEPALIVE_CANCEL (0x2D)\nstop turn", idle}}},
		{"other's connection closes", func(b *bench) { b.gone(other) }, [3]cell{
			{"", idle}, {"", assembling}, {"", processing}}},
		{"channel 0, INIT", func(b *bench) { b.feed(0, CommandInit, nonce, 0) }, [3]cell{
			{"00000000 ERR_INVALID_CHANNEL", idle},
			{"00000000 ERR_INVALID_CHANNEL", assembling},
			{"00000000 ERR_INVALID_CHANNEL", processing}}},
		{"channel 0, PING", func(b *bench) { b.feed(0, CommandPing, nil, 0) }, [3]cell{
			{"00000000 ERR_INVALID_CHANNEL", idle},
			{"00000000 ERR_INVALID_CHANNEL", assembling},
			{"00000000 ERR_INVALID_CHANNEL", processing}}},
		{"broadcast, PING", func(b *bench) { b.feed(Broadcast, CommandPing, nil, 0) }, [3]cell{
			{"ffffffff ERR_INVALID_CHANNEL", idle},
			{"ffffffff ERR_INVALID_CHANNEL", assembling},
			{"ffffffff ERR_INVALID_CHANNEL", processing}}},
	}
	for _, tt := range tests {
		for i, p := range phases {
			t.Run(p.name+"/"+tt.input, func(t *testing.T) {
				b := p.make()
				b.take()
				tt.do(b)
				if got := b.take(); got != tt.want[i].effects {
					t.Errorf("effects:\n%s\nwant:\n%s", got, tt.want[i].effects)
				}
				if b.phase != tt.want[i].phase {
					t.Errorf("phase %d, want %d", b.phase, tt.want[i].phase)
				}
			})
		}
	}
}

// tooLong is the first frame of a PING that cannot be.
func tooLong(channel uint32) *Report {
	r := (Message{channel, CommandPing, make([]byte, MaxPayload)}).AppendReports(nil)[0]
	r[6]++ // 7610
	return &r
}

func TestRequests(t *testing.T) {
	none := Config{Capabilities: CapNoMsg, NoLock: true}
	tests := []struct {
		name    string
		cfg     Config
		command Command
		payload []byte
		want    string
	}{
		{"PING empty", Config{}, CommandPing, nil, "0a000001 PING"},
		{"PING zeros", Config{}, CommandPing, []byte{0, 0}, "0a000001 PING 0000"},
		{"PING on any device", none, CommandPing, []byte{1}, "0a000001 PING 01"},
		{"WINK", Config{}, CommandWink, nil, "wink\n0a000001 WINK"},
		{"WINK with data", Config{}, CommandWink, []byte{1}, "0a000001 ERR_INVALID_LEN"},
		{"WINK unknown", none, CommandWink, nil, "0a000001 ERR_INVALID_CMD"},
		{"LOCK", Config{}, CommandLock, []byte{10}, "arm lock 10s\n0a000001 LOCK"},
		{"LOCK none", Config{}, CommandLock, []byte{0}, "0a000001 LOCK"},
		{"LOCK too long", Config{}, CommandLock, []byte{11}, "0a000001 ERR_INVALID_PAR"},
		{"LOCK without time", Config{}, CommandLock, nil, "0a000001 ERR_INVALID_LEN"},
		{"LOCK with two", Config{}, CommandLock, []byte{1, 1}, "0a000001 ERR_INVALID_LEN"},
		{"LOCK unknown", none, CommandLock, []byte{1}, "0a000001 ERR_INVALID_CMD"},
		{"CBOR", Config{}, CommandCBOR, []byte{4}, "start 1: 0a000001 CBOR 04\narm turn 100ms"},
		{"CBOR empty", Config{}, CommandCBOR, nil, "0a000001 ERR_INVALID_LEN"},
		{"CBOR unknown", Config{Capabilities: CapWink}, CommandCBOR, []byte{4}, "0a000001 ERR_INVALID_CMD"},
		{"MSG", Config{}, CommandMsg, []byte{0, 3}, "start 1: 0a000001 MSG 0003"},
		{"MSG empty", Config{}, CommandMsg, nil, "0a000001 ERR_INVALID_LEN"},
		{"MSG unknown", none, CommandMsg, []byte{0, 3}, "0a000001 ERR_INVALID_CMD"},
		{"KEEPALIVE", Config{}, CommandKeepalive, []byte{1}, "0a000001 ERR_INVALID_CMD"},
		{"ERROR", Config{}, CommandError, []byte{1}, "0a000001 ERR_INVALID_CMD"},
		{"command 00", Config{}, 0x00, nil, "0a000001 ERR_INVALID_CMD"},
		{"command 20", Config{}, 0x20, nil, "0a000001 ERR_INVALID_CMD"},
		{"command 66", Config{}, 0x66, []byte{1, 2}, "0a000001 ERR_INVALID_CMD"},
		{"unknown and long", Config{}, 0x66, long, "0a000001 ERR_INVALID_CMD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(tt.cfg)
			b.feed(owner, tt.command, tt.payload, 0)
			if got := b.take(); got != tt.want {
				t.Errorf("effects:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestPingSizes(t *testing.T) {
	b := newBench(Config{})
	for _, size := range []int{0, 1, 56, 57, 58, 115, 116, 117, 512, 1024, MaxPayload - 1, MaxPayload} {
		payload := make([]byte, size)
		for i := range payload {
			payload[i] = byte(i)
		}
		b.sent = nil
		b.feed(owner, CommandPing, payload, 0)
		if len(b.sent) != 1 || !bytes.Equal(b.sent[0].Payload, payload) || b.sent[0].Channel != owner {
			t.Errorf("PING of %d bytes: got %d messages, want the echo", size, len(b.sent))
		}
	}
}

// TestDevice checks what INIT says of the device.
func TestDevice(t *testing.T) {
	b := newBench(Config{Version: [3]byte{5, 6, 7}, Capabilities: CapCBOR | CapNoMsg})
	b.feed(owner, CommandInit, nonce, 0)
	if got, want := b.take(), "0a000001 INIT 01020304050607080a000001020506070c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name   string
		answer []byte
		want   string
	}{
		{"short", []byte{0}, "stop turn\n0a000001 CBOR 00"},
		{"longest", make([]byte, MaxPayload), "stop turn\n0a000001 CBOR " + strings.Repeat("00", MaxPayload)},
		{"too long", make([]byte, MaxPayload+1), "stop turn\n0a000001 ERR_OTHER"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(Config{})
			b.feed(owner, CommandCBOR, []byte{1}, 0)
			b.take()
			b.finish(1, tt.answer)
			if got := b.take(); got != tt.want || b.phase != idle {
				t.Errorf("effects:\n%.100s\nphase %d, want idle and:\n%.100s", got, b.phase, tt.want)
			}
		})
	}
}

// TestMsgHasNoKeepalive checks that a CTAP1 message is followed by its answer
// only, and that CANCEL is no matter of its.
func TestMsgHasNoKeepalive(t *testing.T) {
	b := newBench(Config{})
	b.feed(owner, CommandMsg, long, 0)
	b.take()
	b.notify(1, ctap.KeepaliveUPNeeded)
	b.feed(owner, CommandCancel, nil, 0)
	b.finish(1, []byte{0x69, 0x85})
	if got, want := b.take(), "0a000001 MSG 6985"; got != want {
		t.Errorf("effects:\n%s\nwant:\n%s", got, want)
	}
}

// TestAbortedCommands checks that the host of an aborted command is not kept
// waiting for it, that its late answer is dropped, and that no third command
// starts while two have not returned.
func TestAbortedCommands(t *testing.T) {
	b := newBench(Config{})
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"first", func() { b.feed(owner, CommandCBOR, []byte{1}, 0) }, "start 1: 0a000001 CBOR 01\narm turn 100ms"},
		{"abort", func() { b.feed(owner, CommandInit, nonce, 0) },
			"cancel: CTAP2_ERR_KEEPALIVE_CANCEL (0x2D)\nstop turn\n" + initOwner},
		{"second", func() { b.feed(owner, CommandCBOR, []byte{2}, 0) }, "start 2: 0a000001 CBOR 02\narm turn 100ms"},
		{"status of the first", func() { b.notify(1, ctap.KeepaliveUPNeeded) }, ""},
		{"abort again", func() { b.gone(owner) }, "cancel: CTAP2_ERR_KEEPALIVE_CANCEL (0x2D)\nstop turn"},
		{"third CBOR", func() { b.feed(owner, CommandCBOR, []byte{3}, 0) }, "0a000001 ERR_CHANNEL_BUSY"},
		{"third MSG", func() { b.feed(owner, CommandMsg, []byte{3}, 0) }, "0a000001 ERR_CHANNEL_BUSY"},
		{"PING", func() { b.feed(owner, CommandPing, []byte{3}, 0) }, "0a000001 PING 03"},
		{"answer to the second", func() { b.finish(2, []byte{0x2D}) }, ""},
		{"third", func() { b.feed(owner, CommandCBOR, []byte{3}, 0) }, "start 3: 0a000001 CBOR 03\narm turn 100ms"},
		{"answer to the first", func() { b.finish(1, []byte{0x2D}) }, ""},
		{"answer to the third", func() { b.finish(3, []byte{0}) }, "stop turn\n0a000001 CBOR 00"},
	}
	for _, step := range steps {
		step.do()
		if got := b.take(); got != step.want {
			t.Fatalf("%s: effects:\n%s\nwant:\n%s", step.name, got, step.want)
		}
	}
}

// TestPayloadIsTheHandlers checks that nothing that comes later overwrites the
// request of a command that has not returned.
func TestPayloadIsTheHandlers(t *testing.T) {
	b := newBench(Config{})
	b.feed(owner, CommandCBOR, []byte("request"), 0)
	b.feed(owner, CommandInit, nonce, 0)
	b.feed(owner, CommandPing, []byte("another"), 0)
	if got := b.started[0].Payload; string(got) != "request" {
		t.Errorf("the request became %q", got)
	}
}

// TestPayloadIsUsedAgain checks that a payload comes back with the answer, which
// may be the payload itself, and not before.
func TestPayloadIsUsedAgain(t *testing.T) {
	b := newBench(Config{})
	b.feed(owner, CommandCBOR, []byte("first"), 0)
	b.take()
	b.finish(1, b.started[0].Payload)
	if got, want := b.take(), "stop turn\n0a000001 CBOR 6669727374"; got != want {
		t.Errorf("effects:\n%s\nwant:\n%s", got, want)
	}
	b.feed(owner, CommandCBOR, []byte("again"), 0)
	b.feed(owner, CommandInit, nonce, 0) // the Handler goes on
	b.feed(owner, CommandCBOR, []byte("other"), 0)
	for i, want := range []string{"again", "again", "other"} {
		if got := b.started[i].Payload; string(got) != want {
			t.Errorf("payload %d became %q, want %q", i+1, got, want)
		}
	}
}

// TestAssembly checks a long message from the first frame to the last, with
// those of others in between.
func TestAssembly(t *testing.T) {
	b := newBench(Config{})
	message := make([]byte, initData+continuationData+1)
	reports := (Message{owner, CommandPing, message}).AppendReports(nil)
	b.report(owner, &reports[0])
	for i := range reports[1:] {
		b.feed(other, CommandPing, long, 2)
		b.report(owner, &reports[1+i])
	}
	want := strings.Join([]string{
		"arm turn 500ms", "0b000001 ERR_CHANNEL_BUSY", "arm turn 500ms", "0b000001 ERR_CHANNEL_BUSY",
		"stop turn", "0a000001 PING " + strings.Repeat("00", len(message)),
	}, "\n")
	if got := b.take(); got != want {
		t.Errorf("effects:\n%s\nwant:\n%s", got, want)
	}
}

func TestLock(t *testing.T) {
	b := newBench(Config{})
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"lock", func() { b.feed(owner, CommandLock, []byte{8}, 0) }, "arm lock 8s\n0a000001 LOCK"},
		{"INIT broadcast", func() { b.feed(Broadcast, CommandInit, nonce, 0) }, initBroadcast},
		{"INIT other", func() { b.feed(other, CommandInit, nonce, 0) }, "0b000001 ERR_CHANNEL_BUSY"},
		{"PING other", func() { b.feed(other, CommandPing, nil, 0) }, "0b000001 ERR_CHANNEL_BUSY"},
		{"LOCK other", func() { b.feed(other, CommandLock, []byte{0}, 0) }, "0b000001 ERR_CHANNEL_BUSY"},
		{"unknown other", func() { b.feed(other, 0x66, nil, 0) }, "0b000001 ERR_CHANNEL_BUSY"},
		{"CANCEL other", func() { b.feed(other, CommandCancel, nil, 0) }, ""},
		{"continuation other", func() { b.continuationFrame(other, 0) }, ""},
		{"channel 0", func() { b.feed(0, CommandPing, nil, 0) }, "00000000 ERR_INVALID_CHANNEL"},
		{"PING owner", func() { b.feed(owner, CommandPing, nil, 0) }, "arm lock 8s\n0a000001 PING"},
		{"INIT owner", func() { b.feed(owner, CommandInit, nonce, 0) }, "arm lock 8s\n" + initOwner},
		{"half a message", func() { b.feed(owner, CommandPing, long, 1) }, "arm turn 500ms"},
		{"nothing more", func() { b.tick(turnClock) }, "stop turn\n0a000001 ERR_MSG_TIMEOUT"},
		{"too long", func() { b.feed(owner, CommandLock, []byte{11}, 0) }, "arm lock 8s\n0a000001 ERR_INVALID_PAR"},
		{"still locked", func() { b.feed(other, CommandPing, nil, 0) }, "0b000001 ERR_CHANNEL_BUSY"},
		{"renew", func() { b.feed(owner, CommandLock, []byte{2}, 0) }, "arm lock 8s\narm lock 2s\n0a000001 LOCK"},
		{"expire", func() { b.tick(lockClock) }, ""},
		{"PING other", func() { b.feed(other, CommandPing, nil, 0) }, "0b000001 PING"},
		{"PING former owner", func() { b.feed(owner, CommandPing, nil, 0) }, "0a000001 PING"},
		{"lock other", func() { b.feed(other, CommandLock, []byte{1}, 0) }, "arm lock 1s\n0b000001 LOCK"},
		{"unlock", func() { b.feed(other, CommandLock, []byte{0}, 0) }, "arm lock 1s\nstop lock\n0b000001 LOCK"},
		{"INIT former owner", func() { b.feed(owner, CommandInit, nonce, 0) }, initOwner},
	}
	for _, step := range steps {
		step.do()
		if got := b.take(); got != step.want {
			t.Errorf("%s: effects:\n%s\nwant:\n%s", step.name, got, step.want)
		}
	}
}

func TestStrictChannels(t *testing.T) {
	b := newBench(Config{StrictChannels: true})
	b.feed(Broadcast, CommandInit, nonce, 0)
	b.take()
	allocated := channelStep
	tests := []struct {
		name    string
		channel uint32
		command Command
		want    string
	}{
		{"allocated", allocated, CommandPing, "9e3779b9 PING 0102030405060708"},
		{"not allocated", owner, CommandPing, "0a000001 ERR_INVALID_CHANNEL"},
		{"INIT not allocated", owner, CommandInit, "0a000001 ERR_INVALID_CHANNEL"},
		{"CANCEL not allocated", owner, CommandCancel, ""},
		{"the next", allocated + channelStep, CommandPing, "3c6ef372 ERR_INVALID_CHANNEL"},
		{"0", 0, CommandInit, "00000000 ERR_INVALID_CHANNEL"},
	}
	for _, tt := range tests {
		b.feed(tt.channel, tt.command, nonce, 0)
		if got := b.take(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestChannelAllocation(t *testing.T) {
	var step, inverse uint32 = channelStep, channelStepInverse
	if step*inverse != 1 {
		t.Fatalf("%x * %x = %x, want 1", step, inverse, step*inverse)
	}
	c := channels{strict: true}
	seen := make(map[uint32]bool)
	for range 100_000 {
		id := c.allocate()
		if id == 0 || id == Broadcast || seen[id] {
			t.Fatalf("channel %08x allocated after %d others", id, len(seen))
		}
		seen[id] = true
	}
	usable := slices.Collect(func(yield func(uint32) bool) {
		for id := range uint32(1 << 20) {
			if c.usable(id) != seen[id] && !yield(id) {
				return
			}
		}
	})
	if len(usable) > 0 {
		t.Errorf("usable is wrong about %x", usable)
	}
}

// TestChannelsWrap checks that the IDs that are not for use are passed over when
// all others have been allocated.
func TestChannelsWrap(t *testing.T) {
	place := Broadcast
	place *= channelStepInverse // of the broadcast channel in the sequence
	c := channels{allocated: uint64(place) - 1, strict: true}
	if id := c.allocate(); id == Broadcast {
		t.Error("the broadcast channel was allocated")
	}
	c.allocated = 1<<32 - 1
	if id := c.allocate(); id != channelStep {
		t.Errorf("got %08x after 2³² channels, want %08x again", id, channelStep)
	}
	if !c.usable(owner) {
		t.Errorf("channel %08x is not usable, though all are allocated", owner)
	}
}
