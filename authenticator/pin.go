package authenticator

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"unicode/utf8"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
	"github.com/softkey-project/softkey/keystore"
)

const (
	pinAttempts  = 8  // wrong PINs until the key must be reset (§6.5.5)
	pinHashSize  = 16 // bytes kept of the PIN's hash
	pinBlock     = 64 // bytes of a padded PIN
	pinMaxLength = 63 // bytes of a PIN
)

// pinRetries returns how many wrong PINs are left.
func (a *Authenticator) pinRetries() uint64 {
	return pinAttempts - min(a.pinFailures, pinAttempts)
}

// pinBlocked refuses while no PIN can be tried: none is set, the key must be
// reset, or it must be plugged in again.
func (a *Authenticator) pinBlocked() error {
	switch {
	case !a.pinSet():
		return ctap.StatusPINNotSet
	case a.pinRetries() == 0:
		return ctap.StatusPINBlocked
	case a.pinAuth.latched():
		return ctap.StatusPINAuthBlocked
	}
	return nil
}

// checkPIN compares the hash of a PIN with that of the key's (§6.5.5.6, steps 6
// and 7). The attempt is in the store before the comparison: pulling the plug
// gives none back.
//
// A right PIN needs no write to take it back. The store then counts one failure
// too many, which is the next attempt, paid for in advance; Close settles it. So a
// crash costs an attempt at most, until the next right PIN.
func (a *Authenticator) checkPIN(protocol pinuv.Protocol, secret, pinHashEnc []byte) error {
	if err := a.countAttempt(); err != nil {
		return err
	}
	hash, err := protocol.Decrypt(secret, pinHashEnc)
	defer clear(hash)
	if err != nil || subtle.ConstantTimeCompare(hash, a.policy.PINHash) != 1 {
		return a.wrongPIN(protocol)
	}
	a.pinAuth.mismatches, a.pinFailures = 0, 0
	if p := &a.policy; p.PINFailures == 1 && p.UVFailures == 0 && p.UVSincePIN == 0 {
		return nil
	}
	return a.changePolicy(func(p *keystore.Policy) error {
		p.PINFailures, p.UVFailures, p.UVSincePIN = 0, 0, 0
		return nil
	})
}

// countAttempt has the store count a failure more than there were.
func (a *Authenticator) countAttempt() error {
	if a.policy.PINFailures > a.pinFailures {
		return nil
	}
	return a.changePolicy(func(p *keystore.Policy) error { p.PINFailures++; return nil })
}

// settleAttempt takes back an attempt that was not made.
func (a *Authenticator) settleAttempt() error {
	if err := a.refresh(); err != nil {
		return err
	}
	if a.policy.PINFailures == a.pinFailures {
		return nil
	}
	return a.changePolicy(func(p *keystore.Policy) error { p.PINFailures = a.pinFailures; return nil })
}

func (a *Authenticator) wrongPIN(protocol pinuv.Protocol) error {
	a.pinFailures++
	a.pinAuth.regenerate(protocol)
	a.pinAuth.mismatches++
	switch {
	case a.pinRetries() == 0:
		return ctap.StatusPINBlocked
	case a.pinAuth.latched():
		return ctap.StatusPINAuthBlocked
	}
	return ctap.StatusPINInvalid
}

// newPIN is a PIN that the platform wants to set.
type newPIN struct {
	hash   []byte
	length uint64 // in code points
}

// decryptNewPIN opens newPinEnc and holds the PIN to the policy in force
// (§6.5.5.5, steps 6 to 10).
func (a *Authenticator) decryptNewPIN(protocol pinuv.Protocol, secret, newPINEnc []byte) (newPIN, error) {
	padded, err := protocol.Decrypt(secret, newPINEnc)
	if err != nil {
		return newPIN{}, fmt.Errorf("newPinEnc: %w: %w", err, ctap.StatusPINAuthInvalid)
	}
	defer clear(padded)
	switch {
	case len(padded) < pinBlock:
		return newPIN{}, fmt.Errorf("newPinEnc of %d bytes: %w", len(padded), ctap.StatusInvalidParameter)
	case len(padded) > pinBlock:
		return newPIN{}, fmt.Errorf("newPinEnc of %d bytes: %w", len(padded), ctap.StatusPINPolicyViolation)
	}
	pin := bytes.TrimRight(padded, "\x00")
	if err := a.checkPINPolicy(pin); err != nil {
		return newPIN{}, fmt.Errorf("%w: %w", err, ctap.StatusPINPolicyViolation)
	}
	return newPIN{hash: hashPIN(pin), length: uint64(utf8.RuneCount(pin))}, nil
}

func hashPIN(pin []byte) []byte {
	sum := sha256.Sum256(pin)
	return sum[:pinHashSize]
}

// checkPINPolicy says what is wrong with a PIN, without saying the PIN.
func (a *Authenticator) checkPINPolicy(pin []byte) error {
	length := uint64(utf8.RuneCount(pin))
	switch {
	case len(pin) > pinMaxLength:
		return fmt.Errorf("PIN of more than %d bytes", pinMaxLength)
	case !utf8.Valid(pin):
		return fmt.Errorf("PIN is not UTF-8")
	case length < a.minPINLength():
		return fmt.Errorf("PIN is shorter than %d characters", a.minPINLength())
	case length > a.profile.MaxPINLength:
		return fmt.Errorf("PIN is longer than %d characters", a.profile.MaxPINLength)
	case a.pinComplexity() && isSimplePIN(string(pin)):
		return fmt.Errorf("PIN is too simple")
	}
	return nil
}

// set makes it the PIN of a policy, with all attempts.
func (n newPIN) set(p *keystore.Policy) {
	p.PINHash, p.PINLength = n.hash, n.length
	p.PINFailures, p.ForcePINChange = 0, false
}
