// Package uhid plugs a virtual HID device into Linux: a [ctaphid.Transport] on
// /dev/uhid. To the programs of the computer it is a USB security key.
//
// The kernel's queues on the way are short, and drop what they cannot hold
// without a word: 31 events from the kernel to us, 64 reports that a program has
// not read from its /dev/hidraw. So what comes is read at once, and what goes is
// paced.
//
// The first queue can overflow all the same, since nothing makes a program wait
// that writes. A request that fits it (31 reports, 1827 bytes) is safe. A longer
// one is lost unless we are scheduled while it is written, and no way of reading
// changes that: of 129 reports written in one go on one processor, these
// goroutines got 31 to 105, a thread of its own in read(2) got 27 to 76, and only
// one of a real-time priority, which is root's to have, nearly always all.
// Authenticators do well to announce a smaller maxMsgSize here.
package uhid

import (
	"errors"
	"io/fs"
	"syscall"
)

// node is the device that the kernel's uhid driver is driven by.
const node = "/dev/uhid"

// Error says why a device could not be plugged in.
type Error struct{ Err error }

// Error returns such as "/dev/uhid: permission denied".
func (e *Error) Error() string { return node + ": " + e.Err.Error() }

// Unwrap returns the reason alone.
func (e *Error) Unwrap() error { return e.Err }

// Hint returns what the user can do about it, or "".
func (e *Error) Hint() string {
	switch {
	case errors.Is(e.Err, fs.ErrPermission):
		return "install the udev rule that lets you use it, see README, or run as root"
	case errors.Is(e.Err, fs.ErrNotExist), errors.Is(e.Err, syscall.ENODEV):
		return "load the kernel module: modprobe uhid"
	}
	return ""
}
