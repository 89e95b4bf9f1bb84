//go:build !linux

package seal

import (
	"errors"
	"fmt"
)

var errNoKeyring = fmt.Errorf("seal: the keyring is Linux's: %w", errors.ErrUnsupported)

func (keyringParams) add([]byte) error         { return errNoKeyring }
func (keyringParams) read([]byte) (int, error) { return 0, errNoKeyring }
func (keyringParams) forget() error            { return errNoKeyring }
