// Package uhid plugs a virtual HID device into Linux: a [ctaphid.Transport] on
// /dev/uhid. To the programs of the computer it is a USB security key.
//
// The kernel's queues on the way are short, and drop what they cannot hold
// without a word: 31 events from the kernel to us, 64 reports that a program has
// not read from its /dev/hidraw. So what comes is read at once, and what goes is
// paced. The first queue can overflow all the same, since nothing makes a
// program wait that writes: a request that fits it (31 reports, 1827 bytes) is
// safe, a longer one only from a program that pauses between its reports.
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
