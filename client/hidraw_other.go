//go:build !linux

package client

import (
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctaphid"
)

// ListHIDRaw fails: hidraw devices are Linux's.
func ListHIDRaw() ([]HIDRaw, error) {
	return nil, fmt.Errorf("client: hidraw devices: %w", errors.ErrUnsupported)
}

// OpenHIDRaw fails: hidraw devices are Linux's.
func OpenHIDRaw(path string) (ctaphid.Transport, error) {
	return nil, fmt.Errorf("client: %s: %w", path, errors.ErrUnsupported)
}
