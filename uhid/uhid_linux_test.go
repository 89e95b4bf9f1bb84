package uhid

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
	"time"
)

// TestErrors checks what a user is told, and told to do.
func TestErrors(t *testing.T) {
	tests := []struct {
		err        error
		says, hint string
	}{
		{syscall.EACCES, "/dev/uhid: permission denied", "install the udev rule that lets you use it, see README, or run as root"},
		{syscall.ENOENT, "/dev/uhid: no such file or directory", "load the kernel module: modprobe uhid"},
		{syscall.ENODEV, "/dev/uhid: no such device", "load the kernel module: modprobe uhid"},
		{errors.New("something else"), "/dev/uhid: something else", ""},
	}
	for _, tt := range tests {
		err := &Error{tt.err}
		if err.Error() != tt.says || err.Hint() != tt.hint || !errors.Is(err, tt.err) {
			t.Errorf("got %q, hint %q; want %q, hint %q", err.Error(), err.Hint(), tt.says, tt.hint)
		}
	}
}

// TestReason checks that the system's error is found in the library's.
func TestReason(t *testing.T) {
	other := errors.New("other")
	open := &fs.PathError{Op: "open", Path: node, Err: syscall.EACCES}
	for _, tt := range []struct{ err, want error }{
		{fmt.Errorf("failed opening: %w", open), syscall.EACCES},
		{other, other},
	} {
		if got := reason(tt.err); got != tt.want {
			t.Errorf("reason(%v) = %v, want %v", tt.err, got, tt.want)
		}
	}
}

func TestPacer(t *testing.T) {
	var p pacer
	start := time.Now()
	now := start
	for n := range 129 {
		now = now.Add(p.next(now))
		if want := max(0, n+1-burst) * int(interval); now.Sub(start) != time.Duration(want) {
			t.Errorf("report %d goes after %v, want %v", n, now.Sub(start), time.Duration(want))
		}
	}
	now = now.Add(burst * interval) // readers have caught up
	for n := range burst {
		if wait := p.next(now); wait != 0 {
			t.Errorf("report %d of the next message waits %v", n, wait)
		}
	}
	if wait := p.next(now); wait != interval {
		t.Errorf("the report after waits %v, want %v", wait, interval)
	}
}
