package ctaphid

import (
	"context"
	"net"
	"sync"

	"github.com/softkey-project/softkey/ctap"
)

// crew runs the commands of one machine with its Handler: one worker at a time,
// two for the moment between an abort and the old one's return.
type crew struct {
	handler ctap.Handler
	cfg     Config
	begin   func() (context.Context, context.CancelCauseFunc)
	cancel  context.CancelCauseFunc // of the worker started last
	workers sync.WaitGroup
}

// newCrew returns a crew whose commands see the values of ctx, but not its end:
// they end by cancel and by dismiss.
func newCrew(ctx context.Context, h ctap.Handler, cfg Config) *crew {
	base := context.WithoutCancel(ctx)
	return &crew{
		handler: h,
		cfg:     cfg.withDefaults(),
		begin:   func() (context.Context, context.CancelCauseFunc) { return context.WithCancelCause(base) },
		cancel:  func(error) {},
	}
}

// prepare returns what runs the command m, to be called once, by one of the
// workers. Meanwhile the Handler may call notify.
func (c *crew) prepare(m Message, notify func(ctap.KeepaliveStatus)) (work func() (answer []byte)) {
	req := &ctap.Request{
		Protocol:  ctap.CTAP2,
		Transport: c.cfg.Transport,
		Source:    c.cfg.Source,
		Channel:   m.Channel,
		Data:      m.Payload,
		Notify:    notify,
	}
	if m.Command == CommandMsg {
		req.Protocol = ctap.CTAP1
	}
	ctx, cancel := c.begin()
	c.cancel = cancel
	return func() []byte {
		defer cancel(nil)
		reserveStack(false)
		answer := c.handler.Handle(ctx, req)
		if len(answer) > MaxPayload {
			c.cfg.Log.ErrorContext(ctx, "answer too long for CTAPHID", "channel", m.Channel, "bytes", len(answer))
		}
		return answer
	}
}

// dismiss ends the running command, as when the device is unplugged, and waits
// for all. The caller must have stopped starting more.
func (c *crew) dismiss() {
	c.cancel(net.ErrClosed)
	c.workers.Wait()
}
