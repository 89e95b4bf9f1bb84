package trace

import (
	"bytes"
	"context"
	"log/slog"
)

// LogHandler returns a [slog.Handler] that puts all records, whatever their
// level, into the trace, under the message that their context belongs to.
// Records of no message have the number 0.
func (r *Recorder) LogHandler() slog.Handler {
	return &logHandler{r, func(h slog.Handler) slog.Handler { return h }}
}

// logHandler formats each record with a handler of its own, so that no two wait
// for each other while they are formatted.
type logHandler struct {
	*Recorder
	with func(slog.Handler) slog.Handler // adds the attributes and groups so far
}

func (h *logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	var line bytes.Buffer
	text := slog.NewTextHandler(&line, &slog.HandlerOptions{ReplaceAttr: withoutTime})
	if err := h.with(text).Handle(ctx, record); err != nil {
		return err
	}
	h.entry(messageOf(ctx), markLog, line.String())
	return nil
}

// withoutTime drops a record's time: the entry has one.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.Recorder, func(next slog.Handler) slog.Handler { return h.with(next).WithAttrs(attrs) }}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.Recorder, func(next slog.Handler) slog.Handler { return h.with(next).WithGroup(name) }}
}
