package ctaphid

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// judge takes the effects of a machine and checks what must hold of them at any
// time.
type judge struct {
	t       *testing.T
	spoken  map[uint32]bool // channels on which a frame came
	running []uint64        // commands whose Handler has not returned
	current *Message        // the command that may still be answered
	armed   [clocks]bool
	sent    int
}

func (j *judge) send(m Message) {
	j.sent++
	if !j.spoken[m.Channel] {
		j.t.Errorf("%v on channel %08x, which did not speak", m.Command, m.Channel)
	}
	switch m.Command {
	case CommandKeepalive:
		if j.current == nil || j.current.Command != CommandCBOR || j.current.Channel != m.Channel || len(m.Payload) != 1 {
			j.t.Errorf("keepalive %x on %08x with no CTAP2 command running there", m.Payload, m.Channel)
		}
	case CommandCBOR, CommandMsg:
		if j.current == nil || j.current.Command != m.Command || j.current.Channel != m.Channel {
			j.t.Errorf("%v on %08x answers nothing", m.Command, m.Channel)
		}
		j.current = nil
	case CommandInit:
		if len(m.Payload) != 17 {
			j.t.Errorf("answer to INIT of %d bytes", len(m.Payload))
		}
	case CommandError:
		if len(m.Payload) != 1 || Error(m.Payload[0]).Name() == "ERR_UNKNOWN" {
			j.t.Errorf("error %x", m.Payload)
		}
	case CommandPing, CommandWink, CommandLock:
	default:
		j.t.Errorf("%v was sent", m.Command)
	}
	reports := m.AppendReports(nil) // panics if it is too long
	if first := reports[0]; first.Command() != m.Command || first.Size() != len(m.Payload) {
		j.t.Errorf("first report %x of %v", first[:7], m.Command)
	}
}

func (j *judge) start(number uint64, m Message) {
	if j.running = append(j.running, number); len(j.running) > maxRunning {
		j.t.Errorf("%d commands at once", len(j.running))
	}
	if len(m.Payload) == 0 {
		j.t.Errorf("%v without a payload", m.Command)
	}
	j.current = &m
}

func (j *judge) cancel(error) {
	if len(j.running) == 0 {
		j.t.Error("nothing to cancel")
	}
}

func (j *judge) arm(c clock, d time.Duration) { j.armed[c] = d > 0 }

func (j *judge) wink() {}

// FuzzMachine drives a machine with frames, clocks, answers and closed
// connections in any order. It never panics, never speaks on a channel that did
// not, runs two commands at most, sends nothing but what judge lets pass, and
// when nothing more comes is idle after its clocks have run out and its commands
// have returned.
func FuzzMachine(f *testing.F) {
	const frame, clockOp, answer, status, closed = 0, 4, 5, 6, 7
	first := func(channel, cmd byte, size uint16) []byte {
		return []byte{frame, channel, cmd | initFlag, byte(size >> 8), byte(size)}
	}
	f.Add(slices.Concat(first(1, 6, 8), first(2, 1, 100), []byte{frame, 2, 0, 0, 0}))
	f.Add(slices.Concat(first(2, 0x10, 1), []byte{status, 2, clockOp, 0}, first(2, 0x11, 0), []byte{answer, 0}))
	f.Add(slices.Concat(first(2, 0x10, 1), first(2, 6, 8), first(2, 0x10, 1), []byte{answer, 0, answer, 0}))
	f.Add(slices.Concat(first(2, 4, 1), first(3, 1, 0), []byte{clockOp, 1, closed, 2}))
	f.Add(slices.Concat(first(2, 1, 7609), first(2, 1, 7610), first(0, 6, 8), first(1, 1, 0)))

	f.Fuzz(func(t *testing.T, script []byte) {
		j := &judge{t: t, spoken: make(map[uint32]bool)}
		m := newMachine(Config{StrictChannels: len(script)%5 == 0}, j)
		next := func() (b byte) {
			if len(script) > 0 {
				b, script = script[0], script[1:]
			}
			return b
		}
		finish := func(i byte, answer []byte) {
			if len(j.running) > 0 {
				at := int(i) % len(j.running)
				number := j.running[at]
				j.running = slices.Delete(j.running, at, at+1)
				m.finish(number, answer)
			}
		}
		for len(script) > 0 {
			switch op := next() % 8; op {
			default:
				channel := [...]uint32{0, Broadcast, channelStep, 3, 4}[next()%5]
				r := Report{4: next(), 5: next(), 6: next(), 7: op}
				binary.BigEndian.PutUint32(r[:], channel)
				j.spoken[channel] = true
				if r.Starts() && r.Command() == CommandInit && m.phase != idle && channel == m.request.Channel && r.Size() == 8 {
					j.current = nil // aborted
				}
				m.report(uint64(channel), &r)
			case clockOp:
				if c := clock(next() % byte(clocks)); j.armed[c] {
					j.armed[c] = false
					m.tick(c)
				}
			case answer:
				i := next()
				finish(i, bytes.Repeat([]byte{i}, int(i)*64))
			case status:
				if len(j.running) > 0 {
					m.notify(j.running[len(j.running)-1], ctap.KeepaliveStatus(next()))
				}
			case closed:
				from := uint64(next())
				if m.phase == processing && m.from == from {
					j.current = nil
				}
				m.gone(from)
			}
		}

		if m.phase == assembling {
			if !j.armed[turnClock] {
				t.Fatal("assembling, with no timeout")
			}
			m.tick(turnClock)
		}
		for len(j.running) > 0 {
			finish(0, []byte{0})
		}
		if j.armed[lockClock] {
			m.tick(lockClock)
		}
		if m.phase != idle || m.locked || m.running != 0 || j.armed[turnClock] {
			t.Fatalf("phase %d, locked %v, running %d, armed %v; want idle", m.phase, m.locked, m.running, j.armed)
		}
		j.sent = 0
		j.spoken[channelStep] = true
		init := (Message{Broadcast, CommandInit, make([]byte, 8)}).AppendReports(nil)[0]
		j.spoken[Broadcast] = true
		m.report(0, &init)
		ping := (Message{channelStep, CommandPing, nil}).AppendReports(nil)[0]
		m.report(0, &ping)
		if j.sent != 2 {
			t.Errorf("%d answers to INIT and PING of an idle device, want 2", j.sent)
		}
	})
}
