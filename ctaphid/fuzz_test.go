package ctaphid

import (
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

// The operations of a fuzz script, each followed by its arguments, a byte each.
const (
	opFrame  = 0 // and 1 to 3: channel, command or sequence number, length (2)
	opClock  = 4 // which
	opAnswer = 5 // which of the running commands, times 64: how long
	opStatus = 6 // what
	opClosed = 7 // connection
)

// player plays a script to a machine.
type player struct {
	*judge
	machine
	script []byte
}

// next returns the next byte of the script, 0 after its end.
func (p *player) next() (b byte) {
	if len(p.script) > 0 {
		b, p.script = p.script[0], p.script[1:]
	}
	return b
}

func (p *player) play() {
	for len(p.script) > 0 {
		switch op := p.next() % 8; op {
		default:
			p.frame(op)
		case opClock:
			if c := clock(p.next() % byte(clocks)); p.armed[c] {
				p.armed[c] = false
				p.tick(c)
			}
		case opAnswer:
			which := p.next()
			p.reply(which, make([]byte, int(which)*64))
		case opStatus:
			if n := len(p.judge.running); n > 0 {
				p.notify(p.judge.running[n-1], ctap.KeepaliveStatus(p.next()))
			}
		case opClosed:
			from := uint64(p.next())
			if p.phase == processing && p.from == from {
				p.current = nil // aborted
			}
			p.gone(from)
		}
	}
}

func (p *player) frame(data byte) {
	channel := [...]uint32{0, Broadcast, channelStep, 3, 4}[p.next()%5]
	r := Report{4: p.next(), 5: p.next(), 6: p.next(), 7: data}
	binary.BigEndian.PutUint32(r[:], channel)
	p.spoken[channel] = true
	if r.Starts() && r.Command() == CommandInit && r.Size() == 8 && p.phase != idle && channel == p.request.Channel {
		p.current = nil // aborted
	}
	p.machine.report(uint64(channel), &r)
}

// reply lets one of the running commands return.
func (p *player) reply(which byte, answer []byte) {
	if len(p.judge.running) == 0 {
		return
	}
	at := int(which) % len(p.judge.running)
	number := p.judge.running[at]
	p.judge.running = slices.Delete(p.judge.running, at, at+1)
	p.finish(number, answer)
}

// settle lets the clocks run out and all commands return.
func (p *player) settle() {
	if p.phase == assembling {
		if !p.armed[turnClock] {
			p.t.Fatal("assembling, with no timeout")
		}
		p.tick(turnClock)
	}
	for len(p.judge.running) > 0 {
		p.reply(0, []byte{0})
	}
	if p.armed[lockClock] {
		p.tick(lockClock)
	}
}

// FuzzMachine drives a machine with frames, clocks, answers and closed
// connections in any order. It never panics, never speaks on a channel that did
// not, runs two commands at most and sends nothing but what judge lets pass.
// When nothing more comes and its commands have returned, it is idle after its
// clocks have run out once, and answers.
func FuzzMachine(f *testing.F) {
	first := func(channel, cmd byte, size uint16) []byte {
		return []byte{opFrame, channel, cmd | initFlag, byte(size >> 8), byte(size)}
	}
	f.Add(slices.Concat(first(1, 6, 8), first(2, 1, 100), []byte{opFrame, 2, 0, 0, 0}))
	f.Add(slices.Concat(first(2, 0x10, 1), []byte{opStatus, 2, opClock, 0}, first(2, 0x11, 0), []byte{opAnswer, 0}))
	f.Add(slices.Concat(first(2, 0x10, 1), first(2, 6, 8), first(2, 0x10, 1), []byte{opAnswer, 0, opAnswer, 0}))
	f.Add(slices.Concat(first(2, 4, 1), first(3, 1, 0), []byte{opClock, 1, opClosed, 2}))
	f.Add(slices.Concat(first(2, 1, 7609), first(2, 1, 7610), first(0, 6, 8), first(1, 1, 0)))

	f.Fuzz(func(t *testing.T, script []byte) {
		j := &judge{t: t, spoken: make(map[uint32]bool)}
		p := &player{judge: j, machine: newMachine(Config{StrictChannels: len(script)%5 == 0}, j), script: script}
		p.play()
		p.settle()
		if p.phase != idle || p.locked || p.machine.running != 0 || p.armed[turnClock] {
			t.Fatalf("phase %d, locked %v, running %d, armed %v; want idle", p.phase, p.locked, p.machine.running, p.armed)
		}
		p.sent = 0
		for _, m := range []Message{{Broadcast, CommandInit, nonce}, {channelStep, CommandPing, nil}} {
			p.spoken[m.Channel] = true
			p.machine.report(0, &m.AppendReports(nil)[0])
		}
		if p.sent != 2 {
			t.Errorf("%d answers to INIT and PING of an idle device, want 2", p.sent)
		}
	})
}
