package authenticator

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// ErrClosed is returned by what needs an [Authenticator] after its Close.
var ErrClosed = errors.New("authenticator: closed")

// ErrNoPIN is returned by [Authenticator.SetPIN] for a key whose profile has no
// PIN.
var ErrNoPIN = errors.New("authenticator: the profile has no PIN")

// ErrPIN is returned by [Authenticator.SetPIN], with the reason, for a PIN that the
// key's policy does not allow.
var ErrPIN = errors.New("authenticator: the PIN will not do")

// SetPIN gives a key that has no PIN its first, as its owner does before it is
// plugged in; a key that has one keeps it. The PIN is in Unicode's normal form
// C, as platforms send it, and held to the key's policy.
func (a *Authenticator) SetPIN(pin string) error {
	if !a.awaitTurn() {
		return ErrClosed
	}
	defer a.giveTurn()
	if err := a.refresh(); err != nil {
		return err
	}
	switch {
	case !a.profile.has(ctap.OptionClientPIN):
		return ErrNoPIN
	case a.pinSet():
		return nil
	}
	if err := a.checkPINPolicy([]byte(pin)); err != nil {
		return fmt.Errorf("%w: %w", ErrPIN, err)
	}
	first := newPIN{hash: hashPIN([]byte(pin)), length: uint64(utf8.RuneCountInString(pin))}
	return a.changePolicy(func(p *keystore.Policy) error { first.set(p); return nil })
}
