package ctaphid

import (
	"cmp"
	"slices"
)

// A Transport moves single reports. One goroutine reads and one writes; Close
// may be called from any, more than once, and makes both fail with
// [net.ErrClosed].
type Transport interface {
	ReadReport() (Report, error)
	WriteReport(Report) error
	Close() error
}

// A BatchWriter is a [Transport] that can take the reports of a whole message at
// once, which saves locks and system calls. [Host] makes use of it.
type BatchWriter interface {
	WriteReports([]Report) error
}

// A Descriptor says how a HID device presents itself to the operating system.
// Zero fields have the values of a softkey.
type Descriptor struct {
	Vendor  uint16 // USB vendor ID; 0: F1D0
	Product uint16 // USB product ID; 0: 5F01
	Name    string // "": "softkey"
	Uniq    string // serial number, by which one device is told from its equals
}

// WithDefaults returns d with its zero fields, but Uniq, replaced by what they
// mean.
func (d Descriptor) WithDefaults() Descriptor {
	d.Vendor = cmp.Or(d.Vendor, 0xF1D0)
	d.Product = cmp.Or(d.Product, 0x5F01)
	d.Name = cmp.Or(d.Name, "softkey")
	return d
}

// reportDescriptor is that of §11.2.8.2.
var reportDescriptor = []byte{
	0x06, 0xD0, 0xF1, // usage page: FIDO alliance
	0x09, 0x01, // usage: authenticator
	0xA1, 0x01, // collection: application
	0x09, 0x20, // usage: data in
	0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40, // 64 values of 8 bits, 0 to 255
	0x81, 0x02, // input: data, variable, absolute
	0x09, 0x21, // usage: data out
	0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95, 0x40,
	0x91, 0x02, // output: data, variable, absolute
	0xC0, // end of the collection
}

// ReportDescriptor returns the HID report descriptor of a FIDO authenticator,
// by which platforms recognise one.
func ReportDescriptor() []byte { return slices.Clone(reportDescriptor) }
