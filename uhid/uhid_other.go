//go:build !linux

package uhid

import (
	"context"
	"errors"

	"github.com/softkey-project/softkey/ctaphid"
)

// Device is a virtual HID device, which only Linux has.
type Device struct{ ctaphid.Transport }

// Open fails with [errors.ErrUnsupported].
func Open(context.Context, ctaphid.Descriptor) (*Device, error) {
	return nil, &Error{errors.ErrUnsupported}
}

// Hidraw returns "".
func (*Device) Hidraw() string { return "" }
