//go:build e2e && linux

package uhid_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/ctaphid/transporttest"
	"github.com/softkey-project/softkey/uhid"
)

// The tests of this file need a kernel with /dev/uhid and hidraw, and root.
// Where these are missing they fail.

// hidraw is the program's end of the device: a Transport on its hidraw node.
type hidraw struct {
	*os.File
	closed atomic.Bool
}

func (h *hidraw) ReadReport() (r ctaphid.Report, err error) {
	_, err = h.Read(r[:])
	return r, h.closedOr(err)
}

// WriteReport takes a millisecond, as a USB host does for each report. Programs
// that write long messages without a pause overrun the 31 events that the kernel
// holds.
func (h *hidraw) WriteReport(r ctaphid.Report) error {
	time.Sleep(time.Millisecond)
	_, err := h.Write(append([]byte{0}, r[:]...))
	return h.closedOr(err)
}

func (h *hidraw) Close() error {
	if h.closed.Swap(true) {
		return nil
	}
	return h.File.Close()
}

func (h *hidraw) closedOr(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return net.ErrClosed
	}
	return err
}

// plug returns a new device and what a program makes of its node.
func plug(t *testing.T) (*uhid.Device, *hidraw) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	device, err := uhid.Open(ctx, ctaphid.Descriptor{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(device.Hidraw(), os.O_RDWR, 0)
	if err != nil {
		device.Close()
		t.Fatal(err)
	}
	return device, &hidraw{File: file}
}

func TestKernelTransport(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) (a, b ctaphid.Transport) { return plug(t) })
}

// echo answers every message with itself.
type echo struct{}

func (echo) Handle(_ context.Context, req *ctap.Request) []byte { return req.Data }

// TestKernelPing checks whole messages, up to the longest, through Serve and the
// kernel.
func TestKernelPing(t *testing.T) {
	device, file := plug(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	served := make(chan error, 1)
	go func() { served <- ctaphid.Serve(ctx, device, echo{}, ctaphid.Config{}) }()
	host, err := ctaphid.Open(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 57, 58, 1024, 4096, ctaphid.MaxPayload} {
		start := time.Now()
		if err := host.Ping(ctx, make([]byte, size)); err != nil {
			t.Errorf("Ping of %d bytes: %v", size, err)
		}
		t.Logf("Ping of %d bytes took %v", size, time.Since(start))
	}
	host.Close()
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	if _, err := os.Stat(device.Hidraw()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s after Close: %v, want it gone", device.Hidraw(), err)
	}
}

// TestKernelDescriptor checks what a program learns of the device.
func TestKernelDescriptor(t *testing.T) {
	const uniq = "0123456789abcdef"
	device, err := uhid.Open(t.Context(), ctaphid.Descriptor{Name: "a key", Uniq: uniq})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.OpenFile(device.Hidraw(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	var descriptor struct {
		size  uint32
		value [4096]byte
	}
	descriptor.size = uint32(len(ctaphid.ReportDescriptor()))
	control(t, file, hidIoctl(2, 2, unsafe.Sizeof(descriptor)), unsafe.Pointer(&descriptor))
	if got := descriptor.value[:descriptor.size]; string(got) != string(ctaphid.ReportDescriptor()) {
		t.Errorf("report descriptor %x", got)
	}
	var info struct {
		bus             uint32
		vendor, product int16
	}
	control(t, file, hidIoctl(2, 3, unsafe.Sizeof(info)), unsafe.Pointer(&info))
	if info.bus != 3 || uint16(info.vendor) != 0xF1D0 || uint16(info.product) != 0x5F01 {
		t.Errorf("bus %d, vendor %04x, product %04x", info.bus, uint16(info.vendor), uint16(info.product))
	}
	for _, tt := range []struct {
		number uintptr
		want   string
	}{{4, "a key"}, {8, uniq}} {
		var text [128]byte
		control(t, file, hidIoctl(2, tt.number, unsafe.Sizeof(text)), unsafe.Pointer(&text))
		if got := string(text[:len(tt.want)+1]); got != tt.want+"\x00" {
			t.Errorf("string %d is %q, want %q", tt.number, got, tt.want)
		}
	}
}

// TestKernelControlRequests checks that a program is not kept waiting for a
// feature report that the device does not have.
func TestKernelControlRequests(t *testing.T) {
	device, file := plug(t)
	defer device.Close()
	defer file.Close()
	for _, number := range []uintptr{6, 7} { // HIDIOCSFEATURE, HIDIOCGFEATURE
		var report [65]byte
		start := time.Now()
		errno := ioctl(file.File, hidIoctl(3, number, unsafe.Sizeof(report)), unsafe.Pointer(&report))
		if took := time.Since(start); errno != syscall.EIO || took > time.Second {
			t.Errorf("ioctl %d: %v after %v, want %v at once", number, errno, took, syscall.EIO)
		}
	}
}

// TestKernelTwins checks that each of two devices of one kind finds its own node.
func TestKernelTwins(t *testing.T) {
	a, fileA := plug(t)
	b, fileB := plug(t)
	defer a.Close()
	defer b.Close()
	defer fileA.Close()
	defer fileB.Close()
	if a.Hidraw() == b.Hidraw() {
		t.Fatalf("both are %s", a.Hidraw())
	}
	if err := b.WriteReport(ctaphid.Report{1}); err != nil {
		t.Fatal(err)
	}
	if r, err := fileB.ReadReport(); err != nil || r[0] != 1 {
		t.Errorf("ReadReport = %x, %v", r[:1], err)
	}
}

// hidIoctl returns the number of an ioctl of linux/hidraw.h: direction 2 reads,
// 3 writes as well.
func hidIoctl(direction, number, size uintptr) uintptr {
	return direction<<30 | size<<16 | 'H'<<8 | number
}

func control(t *testing.T, file *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	if errno := ioctl(file, request, arg); errno != 0 {
		t.Fatalf("ioctl %x: %v", request, errno)
	}
}

func ioctl(file *os.File, request uintptr, arg unsafe.Pointer) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(arg))
	return errno
}
