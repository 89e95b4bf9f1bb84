package client

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/ctaphid"
)

// newHidraw returns a hidraw device, and the file descriptor where the kernel
// would be. A socket that keeps the bounds of messages, as hidraw does, stands
// for the device node.
func newHidraw(t *testing.T) (device *hidraw, kernel int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	device = &hidraw{os.NewFile(uintptr(fds[0]), "hidraw")}
	t.Cleanup(func() {
		device.Close()
		syscall.Close(fds[1])
	})
	return device, fds[1]
}

func TestHidrawReports(t *testing.T) {
	device, kernel := newHidraw(t)
	sent := ctaphid.Report{0: 1, 63: 2}
	if err := device.WriteReport(sent); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	n, err := syscall.Read(kernel, got)
	if err != nil || n != 65 || got[0] != 0 || ctaphid.Report(got[1:65]) != sent {
		t.Errorf("the kernel got %x, %v; want report number 0 and %x", got[:max(n, 0)], err, sent)
	}
	want := ctaphid.Report{0: 3, 63: 4}
	if _, err := syscall.Write(kernel, want[:]); err != nil {
		t.Fatal(err)
	}
	if got, err := device.ReadReport(); err != nil || got != want {
		t.Errorf("read %x, %v; want %x", got, err, want)
	}
	if _, err := syscall.Write(kernel, want[:8]); err != nil {
		t.Fatal(err)
	}
	if got, err := device.ReadReport(); err == nil {
		t.Errorf("read %x of a report of 8 bytes, want an error", got)
	}
}

// TestHidrawClose closes the device under a reader that waits.
func TestHidrawClose(t *testing.T) {
	device, _ := newHidraw(t)
	var reader sync.WaitGroup
	reader.Go(func() {
		if _, err := device.ReadReport(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: got %v, want %v", err, net.ErrClosed)
		}
	})
	for range 2 {
		if err := device.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	reader.Wait()
	if err := device.WriteReport(ctaphid.Report{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write: got %v, want %v", err, net.ErrClosed)
	}
}

// What is no hidraw device is refused before a byte is written to it.
func TestOpenHIDRawOfOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, t.TempDir(), "/dev/null", "/dev/zero"} {
		if _, err := OpenHIDRaw(path); !errors.Is(err, errNotFIDO) {
			t.Errorf("%s: got %v, want %v", path, err, errNotFIDO)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "keep" {
		t.Errorf("the file has %q, %v; want it as it was", got, err)
	}
}

func TestOpenHIDRawMissing(t *testing.T) {
	if _, err := OpenHIDRaw(t.TempDir() + "/hidraw0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
}

// TestListHIDRaw looks at this machine, which may have no key.
func TestListHIDRaw(t *testing.T) {
	if _, err := ListHIDRaw(); err != nil {
		t.Error(err)
	}
}
