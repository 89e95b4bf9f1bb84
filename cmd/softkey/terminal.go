package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
)

// terminal is where a user is asked.
type terminal interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	SetReadDeadline(time.Time) error

	// raw makes single keys readable, and nothing of what they show. The
	// function that it returns puts things back.
	raw() (restore func() error, err error)
	Close() error
}

// tty is the controlling terminal of the process.
type tty struct{ *os.File }

// openTTY opens the controlling terminal, whatever the standard streams are.
func openTTY() (terminal, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("there is no terminal: %w", err)
	}
	if err := f.SetReadDeadline(time.Time{}); err != nil {
		return nil, errors.Join(fmt.Errorf("a prompt on this terminal could not be withdrawn: %w", err), f.Close())
	}
	return tty{f}, nil
}

func (t tty) raw() (restore func() error, err error) {
	var before *term.State
	err = t.control(func(fd int) (err error) {
		before, err = term.MakeRaw(fd)
		return err
	})
	if err != nil {
		return nil, err
	}
	return func() error {
		return t.control(func(fd int) error { return term.Restore(fd, before) })
	}, nil
}

// control calls f with the descriptor. The method Fd is of no use here: it
// would end the deadlines.
func (t tty) control(f func(fd int) error) error {
	conn, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = conn.Control(func(fd uintptr) { result = f(int(fd)) })
	return errors.Join(err, result)
}
