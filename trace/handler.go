package trace

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// Handler returns a Handler that answers as h does and writes down each
// message.
func (r *Recorder) Handler(h ctap.Handler) ctap.Handler { return &handler{r, h} }

type handler struct {
	*Recorder
	next ctap.Handler
}

// Handle implements [ctap.Handler].
func (h *handler) Handle(ctx context.Context, req *ctap.Request) []byte {
	number := h.messages.Add(1)
	dialect := dialectOf(req)
	h.entry(number, markRequest, fmt.Sprintf("%s source %d channel %08x %v %s, %d bytes%s",
		req.Transport, req.Source, req.Channel, req.Protocol, dialect.name(), len(req.Data), body(dialect.request())))

	traced := *req
	traced.Notify = h.notify(number, req.Notify)
	start := time.Now()
	resp := h.next.Handle(context.WithValue(ctx, messageKey{}, number), &traced)
	took := time.Since(start).Round(time.Microsecond)

	status, answer := dialect.answer(resp)
	h.entry(number, markAnswer, fmt.Sprintf("%s after %v%s", status, took, body(answer)))
	return resp
}

// body puts what a message says under its first line.
func body(text string) string {
	if text == "" {
		return ""
	}
	return "\n" + text
}

// notify returns a Notify that writes down each change and passes all on.
func (h *handler) notify(number uint64, next func(ctap.KeepaliveStatus)) func(ctap.KeepaliveStatus) {
	var last atomic.Uint32
	return func(s ctap.KeepaliveStatus) {
		if last.Swap(uint32(s)) != uint32(s) {
			h.entry(number, markKeepalive, keepaliveName(s))
		}
		next(s)
	}
}

func keepaliveName(s ctap.KeepaliveStatus) string {
	switch s {
	case ctap.KeepaliveProcessing:
		return "PROCESSING"
	case ctap.KeepaliveUPNeeded:
		return "UPNEEDED"
	}
	return fmt.Sprintf("keepalive %d", byte(s))
}

// messageKey is the key of the message's number in a context.
type messageKey struct{}

// messageOf returns the number of the message that ctx belongs to, 0 if none.
func messageOf(ctx context.Context) uint64 {
	number, _ := ctx.Value(messageKey{}).(uint64)
	return number
}
