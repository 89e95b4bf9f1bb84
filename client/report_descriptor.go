package client

// Items of a HID report descriptor (HID 1.11 §6.2.2), without their size.
const (
	itemCollection = 0xA0
	itemUsagePage  = 0x04
	itemUsage      = 0x08

	itemLong = 0xFE // as a whole
)

// What CTAPHID devices call themselves (§11.2.8.2).
const (
	pageFIDO  = 0xF1D0
	usageFIDO = 0x01
)

// isFIDO tells whether a report descriptor has a collection of a FIDO
// authenticator.
func isFIDO(descriptor []byte) bool {
	var page, usage uint32
	for rest := descriptor; len(rest) > 0; {
		var item byte
		var value uint32
		item, value, rest = nextItem(rest)
		switch item {
		case itemUsagePage:
			page = value
		case itemUsage:
			usage = value
		case itemCollection:
			if page == pageFIDO && usage == usageFIDO {
				return true
			}
		}
	}
	return false
}

// nextItem returns the first item of a descriptor, which is not empty, its
// value and what follows. A long item, which has no meaning yet, and one that is
// cut have the item 0.
//
//	short  tag and type (6 bits) size (2 bits), value (0, 1, 2 or 4 bytes, little-endian)
//	long   FE, length (1), tag (1), data (length)
func nextItem(b []byte) (item byte, value uint32, rest []byte) {
	prefix, b := b[0], b[1:]
	size := [...]int{0, 1, 2, 4}[prefix&3]
	if prefix == itemLong && len(b) > 0 {
		size = 2 + int(b[0])
	}
	if len(b) < size {
		return 0, 0, nil
	}
	if prefix == itemLong {
		return 0, 0, b[size:]
	}
	for i, v := range b[:size] {
		value |= uint32(v) << (8 * i)
	}
	return prefix &^ 3, value, b[size:]
}
