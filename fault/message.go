package fault

import (
	"context"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// message is what goes wrong with a message: those that it is about, and what
// answers them in the place of next.
type message struct {
	about  func(*rule, *ctap.Request) bool
	answer func(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte
}

// Handler returns h with the faults of the plan.
func (in *Injector) Handler(h ctap.Handler) ctap.Handler {
	rules := in.layer(LayerHandler)
	if len(rules) == 0 {
		return h
	}
	return &handler{h, rules}
}

type handler struct {
	next  ctap.Handler
	rules []*rule
}

// Handle implements [ctap.Handler].
func (h *handler) Handle(ctx context.Context, req *ctap.Request) []byte {
	r := first(h.rules, func(r *rule) bool { return r.kind.message.about(r, req) })
	if r == nil {
		return h.next.Handle(ctx, req)
	}
	return r.kind.message.answer(ctx, r, h.next, req)
}

func ctap2(r *rule, req *ctap.Request) bool {
	return req.Protocol == ctap.CTAP2 && len(req.Data) > 0 && r.command.takes(req.Data[0])
}

func u2f(_ *rule, req *ctap.Request) bool { return req.Protocol == ctap.CTAP1 }

// both is about U2F, too, unless a CTAP2 command is named.
func both(r *rule, req *ctap.Request) bool {
	return ctap2(r, req) || u2f(r, req) && !r.command.only
}

func status(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte {
	r.maybeRun(ctx, next, req)
	return []byte{byte(r.status)}
}

func statusWord(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte {
	r.maybeRun(ctx, next, req)
	return r.word.Append(nil)
}

// maybeRun has the key do what it was asked, if the rule says so, and drops the
// answer.
func (r *rule) maybeRun(ctx context.Context, next ctap.Handler, req *ctap.Request) {
	if r.run {
		next.Handle(ctx, req)
	}
}

func cutAnswer(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte {
	answer := next.Handle(ctx, req)
	return answer[:max(0, len(answer)-r.bytes)]
}

func trailingBytes(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte {
	answer := next.Handle(ctx, req)
	for range r.bytes {
		answer = append(answer, byte(r.intN(256)))
	}
	return answer
}

func late(ctx context.Context, r *rule, next ctap.Handler, req *ctap.Request) []byte {
	timer := time.NewTimer(r.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // which next is to find out by itself
	}
	return next.Handle(ctx, req)
}

func hang(ctx context.Context, _ *rule, _ ctap.Handler, req *ctap.Request) []byte {
	<-ctx.Done()
	if req.Protocol == ctap.CTAP1 {
		return ctap.SWConditionsNotSatisfied.Append(nil)
	}
	return []byte{byte(ctap.StatusOf(context.Cause(ctx)))}
}
