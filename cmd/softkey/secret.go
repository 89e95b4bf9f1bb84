package main

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"
)

// errInterrupted is the end of a question by Ctrl-C.
var errInterrupted = errors.New("interrupted")

// Keys that edit a line.
const (
	keyEnd       = 0x04 // Ctrl-D
	keyBackspace = 0x08
	keyNewline   = '\n'
	keyReturn    = '\r'
	keyKill      = 0x15 // Ctrl-U
	keyDelete    = 0x7f
)

// askSecret asks a question on t, and returns the line that is typed there, which
// is not shown. It fails with the cause of ctx soon after that ended.
func askSecret(ctx context.Context, t terminal, question string) (answer string, err error) {
	restore, err := t.raw()
	if err != nil {
		return "", err
	}
	defer func() {
		if failed := restore(); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		t.SetReadDeadline(time.Unix(1, 0)) // ends the read
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	io.WriteString(t, question) // a terminal that fails is found out by the read
	defer io.WriteString(t, "\r\n")
	line, err := readSecret(t)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return string(line), err
}

// readSecret reads a line from a terminal in raw mode.
func readSecret(t terminal) (line []byte, err error) {
	var buf [64]byte
	for {
		n, err := t.Read(buf[:])
		if err != nil {
			return nil, err
		}
		for _, key := range buf[:n] {
			switch key {
			case keyReturn, keyNewline:
				return line, nil
			case keyInterrupt, keyQuit:
				return nil, errInterrupted
			case keyEnd:
				return line, nil
			case keyKill:
				line = nil
			case keyBackspace, keyDelete:
				_, size := utf8.DecodeLastRune(line)
				line = line[:len(line)-size]
			default:
				line = append(line, key)
			}
		}
	}
}
