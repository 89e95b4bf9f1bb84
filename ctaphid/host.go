package ctaphid

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

const (
	busyPause   = 50 * time.Millisecond // before a busy device is asked again
	busyRetries = 40                    // times
	cancelGrace = time.Second           // for the answer to a request that is given up
)

// Host is the platform's end of CTAPHID: one channel of the device at the other
// end of a [Transport]. Reports of other channels are skipped, so that several
// hosts can share what joins them to the device.
//
// Its methods may be called from any goroutine; transactions take turns. No
// goroutine exists between them, except for one that waits for the answer to a
// transaction that was given up.
type Host struct {
	transport    Transport
	channel      uint32
	version      [3]byte
	capabilities Capabilities

	turn    chan struct{} // holds a token while nobody has the turn, to which the rest belongs
	reports []Report      // of the message being sent, reused
	pending chan received // the message that a goroutine is reading, or nil
	astray  bool          // an answer may come that nobody waits for any more
	readers sync.WaitGroup
}

type received struct {
	Message
	err error
}

// Open asks the device at the other end of t for a channel. It waits until ctx
// is done for the answer. When Open fails, t is closed.
func Open(ctx context.Context, t Transport) (*Host, error) {
	h := &Host{transport: t, channel: Broadcast, turn: make(chan struct{}, 1)}
	h.turn <- struct{}{}
	answer, err := h.synchronise(ctx)
	if err != nil {
		h.Close()
		return nil, fmt.Errorf("ctaphid: open: %w", err)
	}
	h.channel = binary.BigEndian.Uint32(answer[8:])
	h.version = [3]byte(answer[13:])
	h.capabilities = Capabilities(answer[16])
	return h, nil
}

// Channel returns the ID of the host's channel.
func (h *Host) Channel() uint32 { return h.channel }

// Version returns the device's version: major, minor, build.
func (h *Host) Version() [3]byte { return h.version }

// Capabilities returns what the device says that it can do.
func (h *Host) Capabilities() Capabilities { return h.capabilities }

// Close closes the transport, which ends a running Transact with
// [net.ErrClosed].
func (h *Host) Close() error {
	err := h.transport.Close()
	h.readers.Wait()
	return err
}

// Ping sends data to the device, which is to send the same back.
func (h *Host) Ping(ctx context.Context, data []byte) error {
	echo, err := h.Transact(ctx, CommandPing, data, nil)
	if err == nil && !bytes.Equal(echo, data) {
		return errors.New("ctaphid: ping: the echo differs")
	}
	return err
}

// Wink asks the device to show the user which one it is.
func (h *Host) Wink(ctx context.Context) error {
	_, err := h.Transact(ctx, CommandWink, nil, nil)
	return err
}

// Lock keeps the device for this channel until so many seconds, at most 10,
// have passed without a message; 0 releases it.
func (h *Host) Lock(ctx context.Context, seconds byte) error {
	_, err := h.Transact(ctx, CommandLock, []byte{seconds}, nil)
	return err
}

// Transact sends a request and returns the answer. An error that the device
// answers is an [Error]; while it is [ErrChannelBusy] the device is asked again,
// for two seconds. Each keepalive goes to notify, unless that is nil, from the
// goroutine that called Transact.
//
// When ctx ends first, a CTAPHID_CBOR request is cancelled. Transact waits one
// more second for the answer, and returns the cause of ctx, or the answer where
// the command was completed all the same.
func (h *Host) Transact(ctx context.Context, cmd Command, payload []byte, notify func(ctap.KeepaliveStatus)) ([]byte, error) {
	answer, err := h.transact(ctx, cmd, payload, notify)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", cmd, err)
	}
	return answer, nil
}

func (h *Host) transact(ctx context.Context, cmd Command, payload []byte, notify func(ctap.KeepaliveStatus)) ([]byte, error) {
	if len(payload) > MaxPayload {
		return nil, fmt.Errorf("request of %d bytes: %w", len(payload), ErrInvalidLen)
	}
	if err := h.take(ctx); err != nil {
		return nil, err
	}
	defer h.yield()
	if h.astray {
		if _, err := h.synchronise(ctx); err != nil {
			return nil, fmt.Errorf("resynchronise: %w", err)
		}
	}
	return patiently(ctx, func() ([]byte, error) {
		return h.exchange(ctx, cmd, payload, notify)
	})
}

// take waits for the turn.
func (h *Host) take(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case <-h.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *Host) yield() { h.turn <- struct{}{} }

// patiently repeats a request that finds the device busy.
func patiently(ctx context.Context, request func() ([]byte, error)) ([]byte, error) {
	answer, err := request()
	for range busyRetries {
		if !errors.Is(err, ErrChannelBusy) {
			break
		}
		select {
		case <-time.After(busyPause):
			answer, err = request()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return answer, err
}

// exchange sends a request and returns the answer to it.
func (h *Host) exchange(ctx context.Context, cmd Command, payload []byte, notify func(ctap.KeepaliveStatus)) ([]byte, error) {
	if err := h.ask(Message{h.channel, cmd, payload}, ctx.Done() != nil || notify != nil); err != nil {
		return nil, err
	}
	answer, err := h.await(ctx, cmd, notify)
	if err == errEnded {
		return h.giveUp(ctx, cmd, notify)
	}
	return answer, err
}

// giveUp cancels a request whose ctx has ended, and waits a little for the
// answer.
func (h *Host) giveUp(ctx context.Context, cmd Command, notify func(ctap.KeepaliveStatus)) ([]byte, error) {
	if cmd == CommandCBOR {
		if err := h.send(Message{h.channel, CommandCancel, nil}); err != nil {
			return nil, err
		}
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelGrace)
	defer stop()
	answer, err := h.await(grace, cmd, notify)
	h.astray = err == errEnded
	if h.astray || cmd == CommandCBOR && bytes.Equal(answer, []byte{byte(ctap.StatusKeepaliveCancel)}) {
		return nil, context.Cause(ctx)
	}
	return answer, err
}

// await reads messages until one is the answer to cmd.
func (h *Host) await(ctx context.Context, cmd Command, notify func(ctap.KeepaliveStatus)) ([]byte, error) {
	for {
		m, err := h.receive(ctx)
		switch {
		case err != nil:
			return nil, err
		case m.Command == cmd:
			return m.Payload, nil
		case len(m.Payload) != 1:
		case m.Command == CommandError:
			return nil, Error(m.Payload[0])
		case m.Command == CommandKeepalive && notify != nil:
			notify(ctap.KeepaliveStatus(m.Payload[0]))
		}
	}
}

// synchronise sends CTAPHID_INIT on the host's channel and returns the answer,
// which is known by its nonce.
func (h *Host) synchronise(ctx context.Context) ([]byte, error) {
	return patiently(ctx, func() ([]byte, error) {
		var nonce [8]byte
		rand.Read(nonce[:])
		if err := h.send(Message{h.channel, CommandInit, nonce[:]}); err != nil {
			return nil, err
		}
		for {
			answer, err := h.await(ctx, CommandInit, nil)
			switch {
			case err == errEnded:
				return nil, context.Cause(ctx)
			case h.foreign(err):
			case err != nil:
				return nil, err
			case len(answer) >= 17 && bytes.HasPrefix(answer, nonce[:]):
				h.astray = false
				return answer, nil
			}
		}
	})
}

// foreign tells whether err answers something else than the last CTAPHID_INIT:
// on the broadcast channel a request of another host, on our own one that was
// given up.
func (h *Host) foreign(err error) bool {
	refused, ok := err.(Error)
	return ok && refused != ErrChannelBusy && (h.channel == Broadcast || refused != ErrInvalidChannel)
}

// ask sends a request. Unless something may interrupt the wait for the answer,
// the command of a device in this process runs here and now.
func (h *Host) ask(m Message, interruptible bool) error {
	device, ok := h.transport.(*loopback)
	if !ok || interruptible {
		return h.send(m)
	}
	h.reports = m.AppendReports(h.reports[:0])
	return device.call(h.reports)
}

func (h *Host) send(m Message) error {
	h.reports = m.AppendReports(h.reports[:0])
	if t, ok := h.transport.(BatchWriter); ok {
		return t.WriteReports(h.reports)
	}
	for _, r := range h.reports {
		if err := h.transport.WriteReport(r); err != nil {
			return err
		}
	}
	return nil
}

// errEnded is what receive returns when its ctx ends.
var errEnded = errors.New("ctaphid: no answer before the context ended")

// receive returns the next message. When ctx ends first, the goroutine that
// reads is left behind for whoever receives next. A ctx that cannot end needs no
// goroutine.
func (h *Host) receive(ctx context.Context) (Message, error) {
	if h.pending == nil && ctx.Done() == nil {
		return h.read()
	}
	if h.pending == nil {
		pending := make(chan received, 1)
		h.readers.Go(func() {
			m, err := h.read()
			pending <- received{m, err}
		})
		h.pending = pending
	}
	select {
	case r := <-h.pending:
		h.pending = nil
		return r.Message, r.err
	case <-ctx.Done():
		return Message{}, errEnded
	}
}

// read reads the next whole message of the channel.
func (h *Host) read() (Message, error) {
	in := incoming{channel: h.channel}
	if device, ok := h.transport.(*loopback); ok {
		return in.result(device.readUntil(in.take))
	}
	for {
		r, err := h.transport.ReadReport()
		if err != nil || in.take(&r) {
			return in.result(err)
		}
	}
}

// incoming is the message that comes on a channel. One that another interrupts
// is dropped.
type incoming struct {
	assembly
	channel uint32
	begun   bool
	err     error
}

// take takes the next report of the transport, and tells whether it was the last
// that matters.
func (in *incoming) take(r *Report) (done bool) {
	switch {
	case r.Channel() != in.channel:
		return false
	case r.Starts():
		in.assembly, in.begun = begin(r, nil), true
	case in.begun && !in.add(r):
		in.err = fmt.Errorf("continuation frame %d, want %d: %w", r.Sequence(), in.next, ErrInvalidSeq)
		return true
	}
	return in.begun && in.complete()
}

// result returns the message, or why there is none: err is the transport's.
func (in *incoming) result(err error) (Message, error) {
	if err = cmp.Or(err, in.err); err != nil {
		return Message{}, err
	}
	return in.Message, nil
}
