package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/trace"
)

// recorder is the trace of `run`, if one is wanted.
type recorder struct {
	trace *trace.Recorder // nil: none is wanted
	file  *os.File        // nil: it goes to standard error
}

// openTrace begins a trace in the file path; "-" is standard error, "" no trace.
// A trace tells whom its owner has accounts with: nobody else may read it.
func openTrace(p *program, path string) (*recorder, error) {
	switch path {
	case "":
		return &recorder{}, nil
	case "-":
		return &recorder{trace: trace.New(p.stderr)}, nil
	}
	f, err := createFile(path, modePrivate)
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	return &recorder{trace.New(f), f}, nil
}

// handler returns h, traced.
func (r *recorder) handler(h ctap.Handler) ctap.Handler {
	if r.trace == nil {
		return h
	}
	return r.trace.Handler(h)
}

// logHandlers returns what puts the log into the trace.
func (r *recorder) logHandlers() []slog.Handler {
	if r.trace == nil {
		return nil
	}
	return []slog.Handler{r.trace.LogHandler()}
}

// Close returns the error that ended the trace, too.
func (r *recorder) Close() error {
	if r.trace == nil {
		return nil
	}
	err := r.trace.Err()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return nil
}
