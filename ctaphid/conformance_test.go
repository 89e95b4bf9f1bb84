package ctaphid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// token is a Handler with the commands that CTAPHID tests need: for CTAP2,
// authenticatorMakeCredential (01) and authenticatorSelection (0B) wait for a
// touch that never comes, all others answer at once with success.
type token struct{}

func (token) Handle(ctx context.Context, req *ctap.Request) []byte {
	switch {
	case req.Protocol == ctap.CTAP1:
		return []byte("U2F_V2\x90\x00")
	case req.Data[0] == 0x01 || req.Data[0] == 0x0B:
		req.Notify(ctap.KeepaliveUPNeeded)
		<-ctx.Done()
		return []byte{byte(ctap.StatusOf(context.Cause(ctx)))}
	}
	return []byte{0}
}

// wire is a host that takes the protocol literally: it sends single frames and
// looks at single frames, and at the time.
type wire struct {
	t       *testing.T
	device  Transport
	reports chan Report // closed when the transport fails
}

// newWire must be called in a synctest bubble.
func newWire(t *testing.T, device Transport) *wire {
	w := &wire{t, device, make(chan Report, 1024)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(w.reports)
		for {
			r, err := device.ReadReport()
			if err != nil {
				return
			}
			w.reports <- r
		}
	}()
	t.Cleanup(func() { device.Close(); <-done })
	return w
}

func (w *wire) write(reports ...Report) {
	w.t.Helper()
	for _, r := range reports {
		if err := w.device.WriteReport(r); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *wire) send(channel uint32, cmd Command, payload ...byte) {
	w.t.Helper()
	w.write(frames(channel, cmd, payload)...)
}

func frames(channel uint32, cmd Command, payload []byte) []Report {
	return (Message{channel, cmd, payload}).AppendReports(nil)
}

// next returns the next message, and how long it was awaited.
func (w *wire) next() (Message, time.Duration) {
	w.t.Helper()
	start := time.Now()
	a := begin(w.report(), nil)
	for !a.complete() {
		if r := w.report(); r.Channel() != a.Channel || !a.add(r) {
			w.t.Fatalf("frame %x in the middle of a message of %08x", r[:8], a.Channel)
		}
	}
	return a.Message, time.Since(start)
}

func (w *wire) report() *Report {
	w.t.Helper()
	select {
	case r, open := <-w.reports:
		if !open {
			w.t.Fatal("the transport failed")
		}
		return &r
	case <-time.After(time.Minute):
		w.t.Fatal("no report in a minute")
	}
	return nil
}

// want checks the next message and that it comes after exactly the time given.
func (w *wire) want(after time.Duration, channel uint32, cmd Command, payload ...byte) {
	w.t.Helper()
	m, waited := w.next()
	if m.Channel != channel || m.Command != cmd || !bytes.Equal(m.Payload, payload) {
		w.t.Errorf("got %08x %v %x, want %08x %v %x", m.Channel, m.Command, m.Payload, channel, cmd, payload)
	}
	if waited != after {
		w.t.Errorf("%v came after %v, want %v", cmd, waited, after)
	}
}

func (w *wire) wantError(after time.Duration, channel uint32, e Error) {
	w.t.Helper()
	w.want(after, channel, CommandError, byte(e))
}

// wantInit checks an answer to INIT with nonce on the channel.
func (w *wire) wantInit(channel uint32) {
	w.t.Helper()
	id := []byte{byte(channel >> 24), byte(channel >> 16), byte(channel >> 8), byte(channel)}
	w.want(0, channel, CommandInit, append(append(bytes.Clone(nonce), id...), 2, 0, 0, 0, 5)...)
}

// silence checks that nothing comes for so long.
func (w *wire) silence(d time.Duration) {
	w.t.Helper()
	select {
	case r := <-w.reports:
		w.t.Errorf("got %x, want silence", r[:8])
	case <-time.After(d):
	}
}

// open allocates a channel.
func (w *wire) open() uint32 {
	w.t.Helper()
	w.send(Broadcast, CommandInit, nonce...)
	m, _ := w.next()
	if m.Channel != Broadcast || m.Command != CommandInit || len(m.Payload) != 17 || !bytes.Equal(m.Payload[:8], nonce) {
		w.t.Fatalf("answer to INIT: %08x %v %x", m.Channel, m.Command, m.Payload)
	}
	return uint32(m.Payload[8])<<24 | uint32(m.Payload[9])<<16 | uint32(m.Payload[10])<<8 | uint32(m.Payload[11])
}

// conformance has the rows of section A of the conformance checklist
// (test/conform/rows.txt), and more of their kind.
var conformance = []struct {
	name string
	run  func(w *wire)
}{
	{"row 1: an idle device is silent", func(w *wire) { w.silence(3 * time.Second) }},
	{"row 2: stray continuation", func(w *wire) {
		a := w.open()
		w.write(continuation(a, 0))
		w.silence(time.Second)
	}},
	{"row 3: INIT", func(w *wire) {
		w.send(Broadcast, CommandInit, nonce...)
		m, _ := w.next()
		if m.Channel != Broadcast || m.Command != CommandInit || len(m.Payload) != 17 || !bytes.Equal(m.Payload[:8], nonce) {
			w.t.Fatalf("answer %08x %v %x, want 17 bytes that begin with the nonce", m.Channel, m.Command, m.Payload)
		}
		if m.Payload[12] != 2 || Capabilities(m.Payload[16])&^(CapWink|CapNoMsg) != CapCBOR {
			w.t.Errorf("answer %x, want protocol 2, CBOR and no unknown capability", m.Payload)
		}
		if id := m.Payload[8:12]; bytes.Equal(id, []byte{0, 0, 0, 0}) || bytes.Equal(id, []byte{255, 255, 255, 255}) {
			w.t.Errorf("channel %x allocated", id)
		}
	}},
	{"row 4: three INITs", func(w *wire) {
		if a, b, c := w.open(), w.open(), w.open(); a == b || b == c || a == c {
			w.t.Errorf("channels %08x, %08x, %08x, want three", a, b, c)
		}
	}},
	{"row 5: short PING", ping(40)},
	{"row 6: PING of 1024 bytes", ping(1024)},
	{"row 7: PING of 7609 bytes", ping(MaxPayload)},
	{"row 8: INIT aborts a PING", func(w *wire) {
		a := w.open()
		all := frames(a, CommandPing, make([]byte, 512))
		w.write(all[:len(all)-1]...)
		w.send(a, CommandInit, nonce...)
		w.wantInit(a)
		w.write(all[len(all)-1])
		w.silence(3 * time.Second)
	}},
	{"row 9: PING beginning with 00", func(w *wire) {
		a := w.open()
		w.send(a, CommandPing, 0, 1, 2)
		w.want(0, a, CommandPing, 0, 1, 2)
	}},
	{"row 10: keepalive", func(w *wire) {
		a := w.open()
		w.send(a, CommandCBOR, 1)
		w.want(0, a, CommandKeepalive, 2)
		w.want(100*time.Millisecond, a, CommandKeepalive, 2)
		w.want(100*time.Millisecond, a, CommandKeepalive, 2)
	}},
	{"rows 11, 12: CANCEL twice", cancelTwice(0x01)},
	{"row 20: CANCEL of a selection", cancelTwice(0x0B)},
	{"row 14: WINK", func(w *wire) {
		a := w.open()
		w.send(a, CommandWink)
		w.want(0, a, CommandWink)
	}},
	{"row 16: LOCK 0", func(w *wire) {
		a := w.open()
		w.send(a, CommandLock, 0)
		w.want(0, a, CommandLock)
	}},
	{"rows 17, 18: INIT under a lock", func(w *wire) {
		a := w.open()
		b := a + 1<<24
		w.send(a, CommandLock, 8)
		w.want(0, a, CommandLock)
		w.send(b, CommandInit, nonce...)
		w.wantError(0, b, ErrChannelBusy)
		w.send(a, CommandLock, 0)
		w.want(0, a, CommandLock)
		w.send(b, CommandInit, nonce...)
		w.wantInit(b)
	}},
	{"LOCK expires after the last message of its owner", func(w *wire) {
		a := w.open()
		b := a + 1<<24
		w.send(a, CommandLock, 2)
		w.want(0, a, CommandLock)
		time.Sleep(1500 * time.Millisecond)
		w.send(a, CommandPing, 1)
		w.want(0, a, CommandPing, 1)
		time.Sleep(1999 * time.Millisecond)
		w.send(b, CommandPing, 2)
		w.wantError(0, b, ErrChannelBusy)
		time.Sleep(2 * time.Millisecond)
		w.send(b, CommandPing, 2)
		w.want(0, b, CommandPing, 2)
		w.silence(3 * time.Second)
	}},
	{"row 19: LOCK 11", func(w *wire) {
		a := w.open()
		w.send(a, CommandLock, 11)
		w.wantError(0, a, ErrInvalidPar)
	}},
	{"row 21: command 20", func(w *wire) {
		a := w.open()
		w.send(a, 0x20)
		w.wantError(0, a, ErrInvalidCmd)
	}},
	{"row 22: INIT on channel 0", func(w *wire) {
		w.send(0, CommandInit, nonce...)
		w.wantError(0, 0, ErrInvalidChannel)
	}},
	{"row 23: PING on channel 0 and on broadcast", func(w *wire) {
		w.send(0, CommandPing)
		w.wantError(0, 0, ErrInvalidChannel)
		w.send(Broadcast, CommandPing)
		w.wantError(0, Broadcast, ErrInvalidChannel)
	}},
	{"row 24: wrong sequence", func(w *wire) {
		a := w.open()
		all := frames(a, CommandPing, make([]byte, 1024))
		w.write(all[0], all[1], all[3])
		w.wantError(0, a, ErrInvalidSeq)
		w.write(all[4:]...)
		w.silence(time.Second)
	}},
	{"row 25: half a message", func(w *wire) {
		a := w.open()
		w.write(frames(a, CommandPing, make([]byte, 99))[0])
		w.wantError(500*time.Millisecond, a, ErrMsgTimeout)
		w.silence(time.Second)
	}},
	{"the timeout counts from the last frame", func(w *wire) {
		a := w.open()
		all := frames(a, CommandPing, make([]byte, 512))
		for _, r := range all[:4] {
			w.write(r)
			w.silence(400 * time.Millisecond)
		}
		w.wantError(100*time.Millisecond, a, ErrMsgTimeout)
		w.write(all[4:]...)
		w.silence(time.Second)
	}},
	{"the timeout under a lock", func(w *wire) {
		a := w.open()
		w.send(a, CommandLock, 10)
		w.want(0, a, CommandLock)
		w.write(frames(a, CommandPing, make([]byte, 99))[0])
		w.wantError(500*time.Millisecond, a, ErrMsgTimeout)
	}},
	{"a frame that comes too late", func(w *wire) {
		a := w.open()
		all := frames(a, CommandPing, make([]byte, 99))
		w.write(all[0])
		time.Sleep(501 * time.Millisecond)
		w.write(all[1])
		w.wantError(0, a, ErrMsgTimeout)
		w.silence(time.Second)
	}},
	{"row 26: no continuation", func(w *wire) {
		a := w.open()
		first := frames(a, CommandPing, make([]byte, 99))[0]
		w.write(first, first)
		w.wantError(0, a, ErrInvalidSeq)
		w.silence(600 * time.Millisecond)
	}},
	{"row 27: wrong first sequence", func(w *wire) {
		a := w.open()
		w.write(frames(a, CommandPing, make([]byte, 99))[0], continuation(a, 1))
		w.wantError(0, a, ErrInvalidSeq)
		w.write(continuation(a, 2))
		w.silence(600 * time.Millisecond)
	}},
	{"row 28: another channel while a message is assembled", func(w *wire) {
		a := w.open()
		w.write(frames(a, CommandPing, make([]byte, 99))[0])
		w.silence(100 * time.Millisecond)
		w.write(frames(a^1, CommandPing, make([]byte, 99))[0])
		w.wantError(0, a^1, ErrChannelBusy)
		w.wantError(400*time.Millisecond, a, ErrMsgTimeout)
	}},
	{"row 29: interleaved messages", func(w *wire) {
		a := w.open()
		b := w.open()
		data := make([]byte, 99)
		fa, fb := frames(a, CommandPing, data), frames(b, CommandPing, data)
		w.write(fa[0], fb[0], fa[1], fb[1])
		w.wantError(0, b, ErrChannelBusy)
		w.want(0, a, CommandPing, data...)
		w.silence(time.Second)
	}},
	{"row 30: INIT on the channel of a message", func(w *wire) {
		a := w.open()
		all := frames(a, CommandPing, make([]byte, 99))
		w.write(all[0])
		w.send(a, CommandInit, nonce...)
		w.wantInit(a)
		w.write(all[1])
		w.silence(time.Second)
	}},
	{"row 31: INIT on another channel", func(w *wire) {
		a := w.open()
		w.write(frames(a, CommandPing, make([]byte, 99))[0])
		w.send(a^1, CommandInit, nonce...)
		w.wantInit(a ^ 1)
		w.wantError(500*time.Millisecond, a, ErrMsgTimeout)
	}},
	{"row 32: INIT on DEADBEEF", func(w *wire) {
		w.send(0xDEADBEEF, CommandInit, nonce...)
		w.wantInit(0xDEADBEEF)
	}},
	{"row 33: PING on 00000100", func(w *wire) {
		w.send(0x100, CommandPing, 1, 2, 3)
		w.want(0, 0x100, CommandPing, 1, 2, 3)
	}},
	{"row 34: command 66", func(w *wire) {
		a := w.open()
		w.send(a, 0x66)
		w.wantError(0, a, ErrInvalidCmd)
	}},
	{"row 35: a message too long", func(w *wire) {
		a := w.open()
		w.write(*tooLong(a))
		w.wantError(0, a, ErrInvalidLen)
		w.silence(time.Second)
	}},
	{"row 36: lengths that cannot be", func(w *wire) {
		a := w.open()
		w.send(a, CommandCBOR)
		w.wantError(0, a, ErrInvalidLen)
		w.send(a, CommandMsg)
		w.wantError(0, a, ErrInvalidLen)
		w.send(Broadcast, CommandInit, nonce[:7]...)
		w.wantError(0, Broadcast, ErrInvalidLen)
	}},
	{"row 37: CANCEL of nothing", func(w *wire) {
		a := w.open()
		w.send(a, CommandCancel)
		w.silence(time.Second)
	}},
	{"row 38: CANCEL on another channel", func(w *wire) {
		a, b := w.open(), w.open()
		w.send(a, CommandCBOR, 1)
		w.want(0, a, CommandKeepalive, 2)
		w.send(b, CommandCancel)
		w.want(100*time.Millisecond, a, CommandKeepalive, 2)
		w.want(100*time.Millisecond, a, CommandKeepalive, 2)
	}},
	{"row 39: CBOR on another channel", func(w *wire) {
		a, b := w.open(), w.open()
		w.send(a, CommandCBOR, 1)
		w.want(0, a, CommandKeepalive, 2)
		w.send(b, CommandCBOR, 4)
		w.wantError(0, b, ErrChannelBusy)
		w.want(100*time.Millisecond, a, CommandKeepalive, 2)
	}},
	{"row 40: INIT aborts a CBOR command", func(w *wire) {
		a := w.open()
		w.send(a, CommandCBOR, 1)
		w.want(0, a, CommandKeepalive, 2)
		w.send(a, CommandInit, nonce...)
		w.wantInit(a)
		w.silence(time.Second)
		w.send(a, CommandCBOR, 4)
		w.want(0, a, CommandCBOR, 0)
	}},
	{"INIT on another channel while a command runs", func(w *wire) {
		a := w.open()
		w.send(a, CommandCBOR, 1)
		w.want(0, a, CommandKeepalive, 2)
		w.open()
		w.send(a^1, CommandInit, nonce...)
		w.wantInit(a ^ 1)
		w.want(100*time.Millisecond, a, CommandKeepalive, 2)
	}},
	{"MSG", func(w *wire) {
		a := w.open()
		w.send(a, CommandMsg, 0, 3, 0, 0)
		w.want(0, a, CommandMsg, []byte("U2F_V2\x90\x00")...)
	}},
}

func continuation(channel uint32, seq byte) Report {
	r := frames(channel, 0, nil)[0]
	r[4] = seq
	return r
}

func ping(size int) func(w *wire) {
	return func(w *wire) {
		a := w.open()
		data := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7}, size/7+1)[:size]
		w.send(a, CommandPing, data...)
		w.want(0, a, CommandPing, data...)
	}
}

func cancelTwice(command byte) func(w *wire) {
	return func(w *wire) {
		a := w.open()
		w.send(a, CommandCBOR, command)
		w.want(0, a, CommandKeepalive, 2)
		w.send(a, CommandCancel)
		w.want(0, a, CommandCBOR, 0x2D)
		w.send(a, CommandCancel)
		w.silence(400 * time.Millisecond)
	}
}

// serveIn starts Serve in a synctest bubble and returns the host's end. The end
// of the test stops it.
func serveIn(t *testing.T, h ctap.Handler, cfg Config, size int) Transport {
	t.Helper()
	device, host := newPipe(size)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, device, h, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil && !errors.Is(err, io.EOF) { // the host may have closed before
			t.Errorf("Serve = %v, want nil or EOF", err)
		}
	})
	return host
}

func TestConformance(t *testing.T) {
	ways := []struct {
		name string
		open func(t *testing.T) Transport
	}{
		{"Serve", func(t *testing.T) Transport { return serveIn(t, token{}, Config{}, pipeSize) }},
		{"Loopback", func(t *testing.T) Transport { return Loopback(token{}, Config{}) }},
	}
	for _, way := range ways {
		for _, row := range conformance {
			t.Run(fmt.Sprintf("%s/%s", way.name, strings.ReplaceAll(row.name, "/", " ")), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { row.run(newWire(t, way.open(t))) })
			})
		}
	}
}

// TestConformanceWithout has the rows for a device that lacks what it can.
func TestConformanceWithout(t *testing.T) {
	for _, tt := range []struct {
		name    string
		command Command
		payload []byte
	}{
		{"row 15: WINK", CommandWink, nil},
		{"LOCK", CommandLock, []byte{1}},
		{"MSG", CommandMsg, []byte{0, 3, 0, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire(t, Loopback(token{}, Config{Capabilities: CapCBOR | CapNoMsg, NoLock: true}))
				a := w.open()
				w.send(a, tt.command, tt.payload...)
				w.wantError(0, a, ErrInvalidCmd)
			})
		})
	}
}

func TestReportDescriptor(t *testing.T) {
	t.Run("row 41: the bytes", checkReportDescriptor)
}

func checkReportDescriptor(t *testing.T) {
	want := []byte{
		0x06, 0xD0, 0xF1, 0x09, 0x01, 0xA1, 0x01,
		0x09, 0x20, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02,
		0x09, 0x21, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xC0,
	}
	got := ReportDescriptor()
	if !bytes.Equal(got, want) || len(got) != 34 {
		t.Errorf("got %x, want %x", got, want)
	}
	got[0] = 0
	if ReportDescriptor()[0] == 0 {
		t.Error("the descriptor is shared with its readers")
	}
}
