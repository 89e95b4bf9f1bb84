package ctaphid

import (
	"encoding/binary"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

const (
	frameTimeout    = 500 * time.Millisecond // from one frame of a request to the next
	keepalivePeriod = 100 * time.Millisecond // from one CTAPHID_KEEPALIVE to the next
	maxLock         = 10                     // seconds
	maxRunning      = 2                      // commands: the current one, and one that was aborted
	maxIdlePayload  = 4096                   // bytes of a buffer that is kept for the next request
	protocolVersion = 2                      // of CTAPHID, told to hosts
)

// phase is where the one transaction of a device stands.
//
//	     ┌──────────── whole in one frame ──────────────┐
//	     │                                              ▼
//	idle ──first frame──▶ assembling ──last frame──▶ processing ──answer──▶ idle
//	  ▲                       │ timeout, wrong sequence,   │ INIT on its channel,
//	  │                       │ INIT on its channel,       │ its connection closed:
//	  │                       │ its connection closed      │ the answer comes late,
//	  └───────────────────────┴────────────────────────────┘ and is dropped
//
// PING, WINK and LOCK are answered at once and are never processing.
type phase int

const (
	idle phase = iota
	assembling
	processing
)

// clock names the timers that a machine needs.
type clock int

const (
	turnClock clock = iota // the frame timeout while assembling, the next keepalive while processing
	lockClock              // the end of the lock
	clocks
)

// effects is what a machine can do to the world. The loop and [Loopback] give
// it real ones, tests and fuzz targets recorders.
type effects interface {
	send(Message)                   // the payload may be overwritten afterwards
	start(number uint64, m Message) // run the Handler; its answer comes back to finish
	cancel(cause error)             // ask the command started last to stop
	arm(c clock, d time.Duration)   // call tick(c) after d, or never if d is 0
	wink()
}

// machine is the device's end of CTAPHID (§11.2.5): reports, ticks and answers
// go in, effects come out. It has no goroutine, clock or I/O and is not safe
// for concurrent use.
type machine struct {
	cfg      Config
	fx       effects
	channels channels

	phase   phase
	request assembly // the transaction's, unless idle
	lent    []byte   // its payload, which the Handler has
	from    uint64   // the connection that began it

	number  uint64 // of the command started last, by which late answers are known
	running int    // commands whose Handler has not returned
	status  ctap.KeepaliveStatus

	locked bool
	holder uint32        // the channel that locked the device
	hold   time.Duration // how long, counted from its last message
}

func newMachine(cfg Config, fx effects) machine {
	cfg = cfg.withDefaults()
	return machine{cfg: cfg, fx: fx, channels: channels{strict: cfg.StrictChannels}}
}

// report takes one report of the connection from. Transports with one host
// number it 0.
func (m *machine) report(from uint64, r *Report) {
	switch {
	case !r.Starts():
		m.continuation(r)
	case r.Command() == CommandCancel:
		m.cancel(r.Channel())
	default:
		m.initialization(from, r)
	}
}

// initialization takes the first frame of a message.
func (m *machine) initialization(from uint64, r *Report) {
	e := m.admit(r)
	switch {
	case e == ErrInvalidSeq:
		m.fail(e)
	case e != 0:
		m.refuse(r.Channel(), e)
	case r.Command() == CommandInit:
		m.init(r)
	default:
		m.phase, m.from, m.request = assembling, from, begin(r, m.request.Payload)
		m.proceed()
	}
}

// admit returns the error that answers an initialization frame, or 0 for one
// that is welcome now. The order of the cases is that of the specification: who
// may speak at all comes before what is said.
func (m *machine) admit(r *Report) Error {
	channel, cmd := r.Channel(), r.Command()
	switch {
	case !m.channels.usable(channel), channel == Broadcast && cmd != CommandInit:
		return ErrInvalidChannel
	case m.locked && channel != m.holder && channel != Broadcast:
		return ErrChannelBusy
	case cmd == CommandInit: // answered in every phase
		return m.cfg.check(cmd, r.Size())
	case m.phase == assembling && channel == m.request.Channel:
		return ErrInvalidSeq
	case m.phase != idle:
		return ErrChannelBusy
	case m.running == maxRunning && (cmd == CommandMsg || cmd == CommandCBOR):
		return ErrChannelBusy
	}
	return m.cfg.check(cmd, r.Size())
}

// refuse answers a frame with an error, and changes nothing.
func (m *machine) refuse(channel uint32, e Error) {
	m.fx.send(Message{channel, CommandError, []byte{byte(e)}})
}

// continuation takes any frame but the first of a message. Those that nobody
// waits for are ignored (§11.2.5.4).
func (m *machine) continuation(r *Report) {
	if m.phase != assembling || r.Channel() != m.request.Channel {
		return
	}
	if !m.request.add(r) {
		m.fail(ErrInvalidSeq)
		return
	}
	m.proceed()
}

// proceed waits for the next frame of the request, or executes it.
func (m *machine) proceed() {
	if !m.request.complete() {
		m.fx.arm(turnClock, frameTimeout)
		return
	}
	m.prolong(m.request.Channel)
	switch m.request.Command {
	case CommandPing:
		m.answer(m.request.Payload)
	case CommandWink:
		m.fx.wink()
		m.answer(nil)
	case CommandLock:
		m.lock()
	default:
		m.start()
	}
}

// init allocates a channel, or resynchronises the one that asks: what it began
// is forgotten (§11.2.9.1.3).
//
//	nonce (8) || channel (4) || protocol version (1) || device version (3) || capabilities (1)
func (m *machine) init(r *Report) {
	channel := r.Channel()
	if channel == Broadcast {
		channel = m.channels.allocate()
	} else if m.phase != idle && channel == m.request.Channel {
		m.abort()
	}
	m.prolong(channel)
	var payload [17]byte
	copy(payload[:8], r[7:])
	binary.BigEndian.PutUint32(payload[8:], channel)
	payload[12] = protocolVersion
	copy(payload[13:], m.cfg.Version[:])
	payload[16] = byte(m.cfg.Capabilities)
	m.fx.send(Message{r.Channel(), CommandInit, payload[:]})
}

// start hands the request to the Handler. Only CTAP2 has keepalives: to old
// hosts of CTAP1, the first frame is the answer.
func (m *machine) start() {
	m.phase = processing
	m.number++
	m.running++
	m.status = ctap.KeepaliveProcessing
	m.fx.start(m.number, m.request.Message)
	m.request.Payload, m.lent = nil, m.request.Payload // the Handler's, until it returns
	if m.request.Command == CommandCBOR {
		m.fx.arm(turnClock, keepalivePeriod)
		return
	}
	m.fx.arm(turnClock, 0)
}

// finish takes the answer of a Handler, which may be to a command that was
// aborted.
func (m *machine) finish(number uint64, answer []byte) {
	m.running--
	if m.phase != processing || number != m.number {
		return
	}
	if cap(m.lent) <= maxIdlePayload {
		m.request.Payload = m.lent
	}
	if len(answer) > MaxPayload {
		m.fail(ErrOther)
		return
	}
	m.answer(answer)
}

// answer ends the transaction.
func (m *machine) answer(payload []byte) {
	m.rest()
	m.fx.send(Message{m.request.Channel, m.request.Command, payload})
}

// fail ends the transaction with an error.
func (m *machine) fail(e Error) {
	m.rest()
	m.refuse(m.request.Channel, e)
}

// abort ends the transaction without an answer.
func (m *machine) abort() {
	if m.phase == processing {
		m.fx.cancel(ctap.StatusKeepaliveCancel)
	}
	m.rest()
}

func (m *machine) rest() {
	m.phase = idle
	m.fx.arm(turnClock, 0)
}

// gone takes note that a connection closed: the transaction that it began is
// aborted.
func (m *machine) gone(from uint64) {
	if m.phase != idle && m.from == from {
		m.abort()
	}
}

// cancel takes a CTAPHID_CANCEL, which is never answered. The command that it
// stops is, by the Handler.
func (m *machine) cancel(channel uint32) {
	if m.phase == processing && m.request.Channel == channel && m.request.Command == CommandCBOR {
		m.fx.cancel(ctap.StatusKeepaliveCancel)
	}
}

// notify takes what the Handler of a command says of its progress. Hosts hear
// at once of what is new to them (§11.2.9.1.5).
func (m *machine) notify(number uint64, status ctap.KeepaliveStatus) {
	if m.phase != processing || number != m.number || m.request.Command != CommandCBOR || status == m.status {
		return
	}
	m.status = status
	m.keepalive()
}

func (m *machine) keepalive() {
	m.fx.send(Message{m.request.Channel, CommandKeepalive, []byte{byte(m.status)}})
	m.fx.arm(turnClock, keepalivePeriod)
}

// tick is called when a clock that was armed runs out.
func (m *machine) tick(c clock) {
	switch {
	case c == lockClock:
		m.locked = false
	case m.phase == assembling:
		m.fail(ErrMsgTimeout)
	case m.phase == processing:
		m.keepalive()
	}
}

// lock executes CTAPHID_LOCK: so many seconds, or 0 to unlock (§11.2.9.2.2).
func (m *machine) lock() {
	seconds := m.request.Payload[0]
	if seconds > maxLock {
		m.fail(ErrInvalidPar)
		return
	}
	m.locked, m.holder, m.hold = seconds > 0, m.request.Channel, time.Duration(seconds)*time.Second
	m.fx.arm(lockClock, m.hold)
	m.answer(nil)
}

// prolong restarts the countdown of the lock, where the channel holds it.
func (m *machine) prolong(channel uint32) {
	if m.locked && channel == m.holder {
		m.fx.arm(lockClock, m.hold)
	}
}
