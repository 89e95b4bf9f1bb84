package client

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/softkey-project/softkey/ctaphid"
)

// ListHIDRaw returns the FIDO authenticators that this machine has as hidraw
// devices; see [FindHIDRaw]. On other systems than Linux it fails with
// [errors.ErrUnsupported].
func ListHIDRaw() ([]HIDRaw, error) { return FindHIDRaw(os.DirFS("/sys")) }

// OpenHIDRaw opens the hidraw device at path, such as "/dev/hidraw0", which is
// taken to be a FIDO authenticator. On other systems than Linux it fails with
// [errors.ErrUnsupported].
func OpenHIDRaw(path string) (ctaphid.Transport, error) {
	// The kernel can poll hidraw devices, so that the runtime does, and Close
	// ends a read that waits.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &hidraw{f}, nil
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
