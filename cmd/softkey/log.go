package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
)

// logHandler writes the log as messages for people:
//
//	softkey: warning: connection ended inside a report connection=1
type logHandler struct {
	out   io.Writer
	level slog.Level
	with  func(slog.Handler) slog.Handler // adds the attributes and groups so far
}

func newLogHandler(out io.Writer, level slog.Level) slog.Handler {
	return &logHandler{out, level, func(h slog.Handler) slog.Handler { return h }}
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	var attrs bytes.Buffer
	text := slog.NewTextHandler(&attrs, &slog.HandlerOptions{Level: record.Level, ReplaceAttr: onlyAttrs})
	if err := h.with(text).Handle(ctx, record); err != nil {
		return err
	}
	line := printable(record.Message)
	if text := bytes.TrimSpace(attrs.Bytes()); len(text) > 0 {
		line += " " + string(text)
	}
	_, err := fmt.Fprintf(h.out, "softkey: %s%s\n", levelName(record.Level), line)
	return err
}

// onlyAttrs drops what a record has beside its attributes.
func onlyAttrs(groups []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.TimeKey, slog.LevelKey, slog.MessageKey:
		if len(groups) == 0 {
			return slog.Attr{}
		}
	}
	return a
}

// levelName returns how a line of that level begins.
func levelName(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "error: "
	case level >= slog.LevelWarn:
		return "warning: "
	case level < slog.LevelInfo:
		return "debug: "
	}
	return ""
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{h.out, h.level, func(next slog.Handler) slog.Handler { return h.with(next).WithAttrs(attrs) }}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{h.out, h.level, func(next slog.Handler) slog.Handler { return h.with(next).WithGroup(name) }}
}
