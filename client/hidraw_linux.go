package client

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/softkey-project/softkey/ctaphid"
)

// ListHIDRaw returns the FIDO authenticators that this machine has as hidraw
// devices; see [FindHIDRaw]. On other systems than Linux it fails with
// [errors.ErrUnsupported].
func ListHIDRaw() ([]HIDRaw, error) { return FindHIDRaw(os.DirFS("/sys")) }

// OpenHIDRaw opens the hidraw device at path, such as "/dev/hidraw0". Anything else
// is refused, and not written to: a report would replace the beginning of a file.
// On other systems than Linux it fails with [errors.ErrUnsupported].
func OpenHIDRaw(path string) (ctaphid.Transport, error) {
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeCharDevice == 0 {
		return nil, fmt.Errorf("client: %s: %w", path, errNotFIDO) // not even opened: it may be a pipe
	}
	// The kernel can poll hidraw devices, so that the runtime does, and Close
	// ends a read that waits.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := checkFIDO(f); err != nil {
		return nil, fmt.Errorf("client: %s: %w", path, errors.Join(err, f.Close()))
	}
	return &hidraw{f}, nil
}

var errNotFIDO = errors.New("not the hidraw device of a security key")

// checkFIDO asks the kernel whether a device is hidraw's, and what it is for.
func checkFIDO(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var size uint32
	var descriptor unix.HIDRawReportDescriptor
	controlErr := conn.Control(func(fd uintptr) {
		if size, err = unix.IoctlGetUint32(int(fd), unix.HIDIOCGRDESCSIZE); err == nil {
			descriptor.Size = min(size, uint32(len(descriptor.Value)-1))
			err = unix.IoctlHIDGetDesc(int(fd), &descriptor)
		}
	})
	switch {
	case controlErr != nil:
		return controlErr
	case err == nil && !isFIDO(descriptor.Value[:descriptor.Size]),
		errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EINVAL): // some other device
		return errNotFIDO
	}
	return err
}

// hidraw is a hidraw device. A write takes a report number, which is 0 for a
// device that numbers none, and the report; a read gives the report alone.
type hidraw struct{ file *os.File }

func (h *hidraw) ReadReport() (r ctaphid.Report, err error) {
	n, err := h.file.Read(r[:])
	if err == nil && n != len(r) {
		err = fmt.Errorf("client: %s: read a report of %d bytes", h.file.Name(), n)
	}
	return r, closedError(err)
}

func (h *hidraw) WriteReport(r ctaphid.Report) error {
	_, err := h.file.Write(append([]byte{0}, r[:]...))
	return closedError(err)
}

func (h *hidraw) Close() error {
	if err := h.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil // closed before
}

// closedError returns the error that transports have for being closed where err
// is that of a file.
func closedError(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return net.ErrClosed
	}
	return err
}
