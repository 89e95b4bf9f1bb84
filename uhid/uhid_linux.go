package uhid

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	kernel "github.com/psanford/uhid"

	"github.com/softkey-project/softkey/ctaphid"
)

const (
	busUSB       = 3    // BUS_USB of linux/input.h
	queueSize    = 1024 // reports from the kernel that nobody has read yet
	startTimeout = 5 * time.Second
)

// errNotStarted is the reason when no driver takes the device up.
var errNotStarted = errors.New("the kernel has no driver for the device: is the module hid-generic there?")

// Device is a virtual HID device and a [ctaphid.Transport]: what programs write
// to its hidraw node is read from it, and the other way round. When the last
// program closes the node while the authenticator asks the user for it, CANCEL is
// read. The device stays plugged in until Close.
type Device struct {
	port   port
	hidraw string
	pacer  pacer
	orphan orphan

	queue   chan ctaphid.Report // from the pump, which closes it when no more will come
	failure error               // why; set before
	pump    sync.WaitGroup
	closed  chan struct{}
	once    sync.Once
	err     error // of closing
}

// port is what a Device needs of the kernel's.
type port interface {
	WriteEvent(event any) error
	Close() error
}

// Open plugs in a device that presents itself as d; one without a serial number
// is given a random one. It returns when the device's hidraw node is there and
// udev has seen to its permissions, or after a few seconds without. The end of
// ctx ends the wait, not the device.
//
// When the device cannot be made, the error is an [*Error].
func Open(ctx context.Context, d ctaphid.Descriptor) (*Device, error) {
	d = d.WithDefaults()
	d.Uniq = cmp.Or(d.Uniq, randomUniq())
	dev, err := kernel.NewDevice(d.Name, ctaphid.ReportDescriptor())
	if err != nil {
		return nil, &Error{err}
	}
	if err := dev.SetUniq(d.Uniq); err != nil {
		return nil, &Error{err}
	}
	dev.Data.Bus, dev.Data.VendorID, dev.Data.ProductID = busUSB, uint32(d.Vendor), uint32(d.Product)

	events, err := create(ctx, dev)
	if err != nil {
		dev.Close() // destroys what there is
		return nil, &Error{reason(err)}
	}
	device := newDevice(dev, events)
	device.hidraw = awaitHidraw(ctx, os.DirFS("/"), d.Uniq)
	return device, nil
}

func randomUniq() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// create has the kernel create dev, and waits until a driver has taken it up.
// The library wants a context for all the life of the device, which must not end
// with the caller's.
func create(ctx context.Context, dev *kernel.Device) (<-chan kernel.Event, error) {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	ctx, stop := context.WithTimeoutCause(ctx, startTimeout, errNotStarted)
	defer stop()
	let := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	events, err := dev.Open(life)
	if !let() {
		return nil, context.Cause(ctx)
	}
	return events, err
}

// reason picks the error of the system out of what the library says.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// newDevice starts the pump; Close ends it.
func newDevice(p port, events <-chan kernel.Event) *Device {
	d := &Device{
		port:   p,
		queue:  make(chan ctaphid.Report, queueSize),
		closed: make(chan struct{}),
	}
	d.pump.Go(func() { d.run(events) })
	return d
}

// ReadReport returns the next report that a program has sent.
func (d *Device) ReadReport() (ctaphid.Report, error) {
	if d.isClosed() {
		return ctaphid.Report{}, net.ErrClosed
	}
	select {
	case r, open := <-d.queue:
		if open {
			return r, nil
		}
	case <-d.closed:
	}
	if d.isClosed() {
		return ctaphid.Report{}, net.ErrClosed
	}
	return ctaphid.Report{}, d.failure
}

// WriteReport sends r to all programs that have the device open. In a long
// message it waits for them to take what they have.
func (d *Device) WriteReport(r ctaphid.Report) error {
	if wait := d.pacer.next(time.Now()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-d.closed:
		}
	}
	d.orphan.wrote(r)
	err := d.port.WriteEvent(newInput(r))
	if d.isClosed() {
		return net.ErrClosed
	}
	return err
}

func (d *Device) isClosed() bool {
	select {
	case <-d.closed:
		return true
	default:
		return false
	}
}

// Close unplugs the device. It returns after the pump has ended.
func (d *Device) Close() error {
	d.once.Do(func() {
		close(d.closed)
		d.err = d.port.Close()
		d.pump.Wait()
	})
	return d.err
}

// Hidraw returns the path of the device's hidraw node, such as "/dev/hidraw0",
// or "" if there is none.
func (d *Device) Hidraw() string { return d.hidraw }
