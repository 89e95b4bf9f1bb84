package client

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// HIDRaw is a security key that Linux offers as a hidraw device.
type HIDRaw struct {
	Path    string // of the device node: "/dev/hidraw0"
	Vendor  uint16 // USB vendor ID
	Product uint16 // USB product ID
	Name    string // manufacturer and product
	Uniq    string // serial number; most keys have none
}

// FindHIDRaw returns the FIDO authenticators among the hidraw devices of a
// sysfs, whose root is sys, in the order of their numbers. [ListHIDRaw] has
// those of this machine.
//
// A device that goes away meanwhile is left out.
func FindHIDRaw(sys fs.FS) ([]HIDRaw, error) {
	entries, err := fs.ReadDir(sys, "class/hidraw")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no HID device has been seen since boot
	}
	if err != nil {
		return nil, fmt.Errorf("client: hidraw devices: %w", err)
	}
	var found []HIDRaw
	for _, number := range numbers(entries) {
		node := "hidraw" + strconv.Itoa(number)
		if device, ok := readHIDRaw(sys, node); ok {
			found = append(found, device)
		}
	}
	return found, nil
}

// readHIDRaw reads what sysfs says of a node; ok is false if it is no FIDO
// authenticator.
func readHIDRaw(sys fs.FS, node string) (device HIDRaw, ok bool) {
	dir := path.Join("class/hidraw", node, "device")
	descriptor, err := fs.ReadFile(sys, path.Join(dir, "report_descriptor"))
	if err != nil || !isFIDO(descriptor) {
		return HIDRaw{}, false
	}
	uevent, err := fs.ReadFile(sys, path.Join(dir, "uevent"))
	if err != nil {
		return HIDRaw{}, false
	}
	device = parseUevent(uevent)
	device.Path = "/dev/" + node
	return device, true
}

// parseUevent reads the uevent file of a HID device:
//
//	HID_ID=0003:0000F1D0:00005F01   bus, vendor, product
//	HID_NAME=softkey
//	HID_UNIQ=0123456789abcdef
func parseUevent(data []byte) (device HIDRaw) {
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		switch name {
		case "HID_ID":
			if id := strings.Split(value, ":"); len(id) == 3 {
				device.Vendor, device.Product = parseID(id[1]), parseID(id[2])
			}
		case "HID_NAME":
			device.Name = value
		case "HID_UNIQ":
			device.Uniq = value
		}
	}
	return device
}

// parseID reads a vendor or product ID of eight hex digits; 0 if it is none.
func parseID(s string) uint16 {
	id, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		return 0
	}
	return uint16(id)
}

// numbers returns the sorted numbers of the entries that are named hidrawN.
func numbers(entries []fs.DirEntry) []int {
	var list []int
	for _, e := range entries {
		if digits, ok := strings.CutPrefix(e.Name(), "hidraw"); ok {
			if n, err := strconv.Atoi(digits); err == nil && n >= 0 {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return list
}
