package authenticator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// resetWindow is how long after power-up a key without a display may be reset
// (§6.6).
const resetWindow = 10 * time.Second

// reset is authenticatorReset (§6.6): after a touch everything is erased that a
// site or a user put there. Key handles die with the device key.
func (a *Authenticator) reset(ctx context.Context, c *call) (any, error) {
	if by := a.profile.TransportsForReset; len(by) > 0 && !slices.Contains(by, c.Transport) {
		return nil, fmt.Errorf("reset over %s: %w", c.Transport, ctap.StatusOperationDenied)
	}
	if since := time.Since(a.poweredUp); since > resetWindow {
		return nil, fmt.Errorf("%v after power-up: %w", since.Round(time.Millisecond), ctap.StatusNotAllowed)
	}
	p := Prompt{Operation: ctap.CommandReset.String(), Kind: KindReset, Long: a.longTouchForReset()}
	if err := a.confirm(ctx, c, p); err != nil {
		return nil, err
	}
	return nil, a.erase()
}

func (a *Authenticator) erase() error {
	var keys keystore.KeyWrapper
	var policy keystore.Policy
	err := a.update(func(tx keystore.Tx) (err error) {
		if err = keystore.Reset(tx); err != nil {
			return err
		}
		if keys, err = a.putNewDeviceKey(tx); err != nil {
			return err
		}
		if err = a.freshPolicy(&policy); err != nil {
			return err
		}
		return keystore.PutPolicy(tx, policy)
	})
	if err != nil {
		return err
	}
	a.keys = keys
	a.adopt(policy)
	a.templates, a.enrollment = nil, nil
	a.dropPinAuth()
	a.touch.forget()
	return nil
}
