package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/softkey-project/softkey/ctap"
)

// PINRetries says how often a wrong PIN may be tried yet.
type PINRetries struct {
	Left       uint64 // until the key takes none any more, and must be reset
	PowerCycle bool   // none is taken before the key is plugged in again
}

// PINError is the key's refusal of a PIN. Err is what it answered:
// [ctap.StatusPINInvalid], [ctap.StatusPINAuthBlocked] or
// [ctap.StatusPINBlocked].
type PINError struct {
	Retries PINRetries
	Err     error
}

// Error returns the refusal and what is left.
func (e *PINError) Error() string {
	if e.Retries.PowerCycle {
		return fmt.Sprintf("%v: %d retries left, after the key was plugged in again", e.Err, e.Retries.Left)
	}
	return fmt.Sprintf("%v: %d retries left", e.Err, e.Retries.Left)
}

// Unwrap returns what the key answered.
func (e *PINError) Unwrap() error { return e.Err }

// PINRetries returns how often a wrong PIN may be tried yet.
func (d *Device) PINRetries(ctx context.Context) (PINRetries, error) {
	resp, err := d.retries(ctx, ctap.GetPINRetries)
	if err != nil {
		return PINRetries{}, err
	}
	if resp.PINRetries == nil {
		return PINRetries{}, malformed(ctap.CommandClientPIN, "no pinRetries")
	}
	return PINRetries{*resp.PINRetries, resp.PowerCycleState != nil && *resp.PowerCycleState}, nil
}

// UVRetries returns how often the key's own user verification may fail yet.
func (d *Device) UVRetries(ctx context.Context) (uint64, error) {
	resp, err := d.retries(ctx, ctap.GetUVRetries)
	if err != nil {
		return 0, err
	}
	if resp.UVRetries == nil {
		return 0, malformed(ctap.CommandClientPIN, "no uvRetries")
	}
	return *resp.UVRetries, nil
}

// retries asks for a count. CTAP 2.0 wants to hear a protocol all the same.
func (d *Device) retries(ctx context.Context, sub ctap.ClientPINSubcommand) (*ctap.ClientPINResponse, error) {
	protocol, err := d.pinUvAuthProtocol()
	if err != nil {
		return nil, err
	}
	number := protocol.Number()
	return d.clientPIN(ctx, &ctap.ClientPINRequest{PinUvAuthProtocol: &number, Subcommand: sub})
}

// SetPIN gives a PIN to a key that has none. A PIN that the key's getInfo
// excludes is an [ErrNewPIN]; others the key may refuse with
// [ctap.StatusPINPolicyViolation].
func (d *Device) SetPIN(ctx context.Context, pin string) error {
	padded, err := d.newPIN(pin)
	if err != nil {
		return err
	}
	defer clear(padded)
	a, err := d.agree(ctx)
	if err != nil {
		return err
	}
	defer a.end()
	req := a.request(ctap.SetPIN)
	if req.NewPINEnc, err = a.encrypt(padded); err != nil {
		return err
	}
	req.PinUvAuthParam = a.authenticate(req.NewPINEnc)
	return d.command(ctx, ctap.CommandClientPIN, req, nil)
}

// ChangePIN replaces the key's PIN. Where the current one is wrong, the error
// is a [PINError]; about the next one see [Device.SetPIN].
func (d *Device) ChangePIN(ctx context.Context, current, next string) error {
	padded, err := d.newPIN(next)
	if err != nil {
		return err
	}
	defer clear(padded)
	a, err := d.agree(ctx)
	if err != nil {
		return err
	}
	defer a.end()
	req := a.request(ctap.ChangePIN)
	if req.NewPINEnc, err = a.encrypt(padded); err != nil {
		return err
	}
	if req.PINHashEnc, err = a.encryptPIN(current); err != nil {
		return err
	}
	req.PinUvAuthParam = a.authenticate(slices.Concat(req.NewPINEnc, req.PINHashEnc))
	return d.pinError(ctx, d.command(ctx, ctap.CommandClientPIN, req, nil))
}

// pinError adds to the refusal of a PIN how many retries are left. Where the
// key does not say, the refusal has to do.
func (d *Device) pinError(ctx context.Context, err error) error {
	switch ctap.StatusOf(err) {
	case ctap.StatusPINInvalid, ctap.StatusPINAuthBlocked, ctap.StatusPINBlocked:
	default:
		return err
	}
	retries, ask := d.PINRetries(ctx)
	if ask != nil {
		return err
	}
	return &PINError{retries, err}
}

// ErrNewPIN is wrapped by the error for a PIN that cannot become the key's:
// it is too short or too long, or is no text.
var ErrNewPIN = errors.New("client: not a PIN for this key")

// Limits of a PIN (§6.5.1).
const (
	pinBlock      = 64 // bytes of a padded PIN
	maxPINBytes   = 63
	defaultMinPIN = 4  // code points, where getInfo does not say
	defaultMaxPIN = 63 // likewise
	pinHashSize   = 16 // bytes of its hash that the key knows it by
)

// newPIN returns a PIN in the form in which a key gets a new one: in Unicode's
// normal form C, padded with zeros. Its length is counted in code points.
func (d *Device) newPIN(pin string) ([]byte, error) {
	pin = norm.NFC.String(pin)
	least, most := d.pinLengths()
	length := uint64(utf8.RuneCountInString(pin))
	switch {
	case !utf8.ValidString(pin) || strings.ContainsRune(pin, 0):
		return nil, fmt.Errorf("%w: it is not UTF-8, or has a NUL", ErrNewPIN)
	case len(pin) > maxPINBytes:
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrNewPIN, maxPINBytes)
	case length < least || length > most:
		return nil, fmt.Errorf("%w: it has %d characters, not %d to %d", ErrNewPIN, length, least, most)
	}
	padded := make([]byte, pinBlock)
	copy(padded, pin)
	return padded, nil
}

// pinLengths returns the least and the greatest length of a new PIN, in code
// points.
func (d *Device) pinLengths() (least, most uint64) {
	least, most = defaultMinPIN, defaultMaxPIN
	info := d.Info()
	if info == nil {
		return least, most
	}
	if info.MinPINLength > 0 {
		least = info.MinPINLength
	}
	if info.MaxPINLength > 0 {
		most = info.MaxPINLength
	}
	return least, most
}

// hashPIN returns the hash of a PIN, by whose first pinHashSize bytes the key knows
// it by.
func hashPIN(pin string) [sha256.Size]byte {
	text := []byte(norm.NFC.String(pin))
	defer clear(text)
	return sha256.Sum256(text)
}
