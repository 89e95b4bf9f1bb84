package ctaphid

import (
	"cmp"
	"log/slog"
)

// Capabilities are the flags of a device in its answer to CTAPHID_INIT
// (§11.2.9.1.3).
type Capabilities byte

// The capabilities of a device.
const (
	CapWink  Capabilities = 0x01 // it knows CTAPHID_WINK
	CapCBOR  Capabilities = 0x04 // it knows CTAPHID_CBOR
	CapNoMsg Capabilities = 0x08 // it lacks CTAPHID_MSG
)

// Has tells whether c has all the flags of other.
func (c Capabilities) Has(other Capabilities) bool { return c&other == other }

// Config says what a CTAPHID device is. The zero value is one that speaks
// CTAP1 and CTAP2, winks and can be locked.
type Config struct {
	Version      [3]byte      // of the device, major, minor and build; told to hosts
	Capabilities Capabilities // 0: CapWink and CapCBOR

	Source    uint64 // copied into each [ctap.Request]: which link it came by
	Transport string // likewise; "": "usb"

	StrictChannels bool // refuse channels that were not allocated
	NoLock         bool // refuse CTAPHID_LOCK

	Wink func()       // shows the user which device this is; must not block; nil: nothing to show
	Log  *slog.Logger // nil: silent
}

// withDefaults returns c with its zero fields replaced by what they mean.
func (c Config) withDefaults() Config {
	c.Capabilities = cmp.Or(c.Capabilities, CapWink|CapCBOR)
	c.Transport = cmp.Or(c.Transport, "usb")
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	if c.Wink == nil {
		c.Wink = func() {}
	}
	return c
}

// sizes returns the lengths that the payload of a request may have; false means
// that the device does not know the command.
func (c *Config) sizes(cmd Command) (least, most int, known bool) {
	switch cmd {
	case CommandPing:
		return 0, MaxPayload, true
	case CommandMsg:
		return 1, MaxPayload, !c.Capabilities.Has(CapNoMsg)
	case CommandLock:
		return 1, 1, !c.NoLock
	case CommandInit:
		return 8, 8, true
	case CommandWink:
		return 0, 0, c.Capabilities.Has(CapWink)
	case CommandCBOR:
		return 1, MaxPayload, c.Capabilities.Has(CapCBOR)
	}
	return 0, MaxPayload, false
}

// check returns the error that answers a request by its command and length
// alone, or 0.
func (c *Config) check(cmd Command, size int) Error {
	least, most, known := c.sizes(cmd)
	switch {
	case size > MaxPayload:
		return ErrInvalidLen
	case !known:
		return ErrInvalidCmd
	case size < least || size > most:
		return ErrInvalidLen
	}
	return 0
}
