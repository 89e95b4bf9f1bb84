package client_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctaphid"
)

// A keyboard that is a mouse, too: several collections, none of them FIDO.
var keyboard = []byte{
	0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x85, 0x01, 0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, 0x25, 0x01,
	0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0xC0, 0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0xC0,
}

func TestFindHIDRaw(t *testing.T) {
	sys := fstest.MapFS{}
	add := func(node string, descriptor []byte, uevent string) {
		dir := "class/hidraw/" + node + "/device/"
		sys[dir+"report_descriptor"] = &fstest.MapFile{Data: descriptor}
		sys[dir+"uevent"] = &fstest.MapFile{Data: []byte(uevent)}
	}
	add("hidraw0", keyboard, "HID_ID=0003:0000046D:0000C31C\nHID_NAME=Keyboard\n")
	add("hidraw10", ctaphid.ReportDescriptor(), "HID_ID=0003:00001050:00000407\nHID_NAME=Yubico YubiKey OTP+FIDO+CCID\nHID_PHYS=usb-1/input1\nHID_UNIQ=\n")
	add("hidraw2", ctaphid.ReportDescriptor(), "DRIVER=hid-generic\nHID_ID=0003:0000F1D0:00005F01\nHID_NAME=softkey\nHID_UNIQ=0123456789abcdef\nMODALIAS=hid:b0003g0001v0000F1D0p00005F01\n")
	add("hidraw3", slices.Concat(keyboard, ctaphid.ReportDescriptor()), "HID_ID=0003\n")
	add("hidrawX", ctaphid.ReportDescriptor(), "")
	sys["class/hidraw/hidraw4/dev"] = &fstest.MapFile{} // going away

	got, err := client.FindHIDRaw(sys)
	want := []client.HIDRaw{
		{Path: "/dev/hidraw2", Vendor: 0xF1D0, Product: 0x5F01, Name: "softkey", Uniq: "0123456789abcdef"},
		{Path: "/dev/hidraw3"},
		{Path: "/dev/hidraw10", Vendor: 0x1050, Product: 0x0407, Name: "Yubico YubiKey OTP+FIDO+CCID"},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestFindHIDRawNone(t *testing.T) {
	if got, err := client.FindHIDRaw(fstest.MapFS{}); got != nil || err != nil {
		t.Errorf("no class: got %v, %v; want none", got, err)
	}
	notDir := fstest.MapFS{"class/hidraw": &fstest.MapFile{}}
	if got, err := client.FindHIDRaw(notDir); got != nil || err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got %v, %v; want an error", got, err)
	}
}

func TestReportDescriptors(t *testing.T) {
	fido := ctaphid.ReportDescriptor()
	tests := []struct {
		name       string
		descriptor []byte
		want       bool
	}{
		{"FIDO", fido, true},
		{"nothing", nil, false},
		{"cut before the collection", fido[:5], false},
		{"cut in the usage page", fido[:2], false},
		{"another usage", slices.Concat(fido[:3], []byte{0x09, 0x02}, fido[5:]), false},
		{"the usage page of a later collection", slices.Concat([]byte{0x09, 0x01, 0xA1, 0x01, 0xC0}, fido[:3]), false},
		{"in four bytes", slices.Concat([]byte{0x07, 0xD0, 0xF1, 0, 0, 0x0B, 1, 0, 0, 0}, fido[5:]), true},
		{"after a long item", slices.Concat([]byte{0xFE, 0x02, 0xF0, 0xA1, 0x01}, fido), true},
		{"a long item that is cut", append([]byte{0xFE, 0xFF, 0xF0}, fido...), false},
		{"a long item without a length", []byte{0xFE}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sys := fstest.MapFS{
				"class/hidraw/hidraw0/device/report_descriptor": &fstest.MapFile{Data: tt.descriptor},
				"class/hidraw/hidraw0/device/uevent":            &fstest.MapFile{Data: []byte("HID_NAME=it\n")},
			}
			found, err := client.FindHIDRaw(sys)
			if err != nil || (len(found) == 1) != tt.want {
				t.Errorf("got %v, %v; want found %v", found, err, tt.want)
			}
		})
	}
}

// FuzzReportDescriptor states that what is no FIDO page anywhere is no FIDO
// device, and that the walk ends.
func FuzzReportDescriptor(f *testing.F) {
	f.Add(ctaphid.ReportDescriptor())
	f.Add(keyboard)
	f.Fuzz(func(t *testing.T, descriptor []byte) {
		sys := fstest.MapFS{
			"class/hidraw/hidraw0/device/report_descriptor": &fstest.MapFile{Data: descriptor},
			"class/hidraw/hidraw0/device/uevent":            &fstest.MapFile{},
		}
		found, err := client.FindHIDRaw(sys)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 && !strings.Contains(string(descriptor), "\xD0\xF1") {
			t.Errorf("%x has no usage page of FIDO", descriptor)
		}
	})
}
