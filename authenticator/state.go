package authenticator

import (
	"fmt"
	"io"

	"github.com/softkey-project/softkey/keystore"
)

// What the store holds and every command needs is in memory as well: the device
// key, the policy, the fingerprints.

// open takes them from the store. A new key gets what is random in them.
func (a *Authenticator) open() error {
	err := a.cfg.Store.View(func(tx keystore.Tx) (err error) {
		if a.counter, err = keystore.LoadCounter(tx, a.cfg.Store); err != nil {
			return fmt.Errorf("signature counter: %w", err)
		}
		return a.load(tx)
	})
	if err != nil {
		return fmt.Errorf("authenticator: %w", err)
	}
	a.pinFailures = a.policy.PINFailures
	if a.keys != nil && len(a.policy.DeviceIdentifier) > 0 {
		return nil
	}
	if err := a.furnish(); err != nil {
		return fmt.Errorf("authenticator: new device key and policy: %w", err)
	}
	return nil
}

func (a *Authenticator) load(tx keystore.Tx) error {
	policy, err := keystore.GetPolicy(tx)
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	templates, err := keystore.Templates(tx)
	if err != nil {
		return fmt.Errorf("fingerprints: %w", err)
	}
	key, ok := keystore.DeviceKey(tx)
	defer clear(key[:])
	if ok {
		a.keys = keystore.NewWrapper(key, a.cfg.Rand)
	}
	a.adopt(policy)
	a.templates = templates
	return nil
}

// adopt takes over what the store has for the policy now. The secrets that it
// replaces are overwritten.
func (a *Authenticator) adopt(p keystore.Policy) {
	replaced(a.policy.PINHash, p.PINHash)
	replaced(a.policy.PersistentToken, p.PersistentToken)
	a.policy = p
	a.pinFailures = min(a.pinFailures, p.PINFailures)
}

// replaced overwrites a secret, unless the one that comes after it is itself.
func replaced(old, next []byte) {
	if len(old) > 0 && (len(next) == 0 || &old[0] != &next[0]) {
		clear(old)
	}
}

// furnish gives a new key its device key and the random members of its policy,
// as far as they are missing.
func (a *Authenticator) furnish() error {
	keys, policy := a.keys, a.policy
	err := a.update(func(tx keystore.Tx) (err error) {
		if keys == nil {
			if keys, err = a.putNewDeviceKey(tx); err != nil {
				return err
			}
		}
		if len(policy.DeviceIdentifier) > 0 {
			return nil
		}
		if err = a.freshPolicy(&policy); err != nil {
			return err
		}
		return keystore.PutPolicy(tx, policy)
	})
	if err == nil {
		a.keys = keys
		a.adopt(policy)
	}
	return err
}

// putNewDeviceKey makes the device key that follows the resets counted in tx.
func (a *Authenticator) putNewDeviceKey(tx keystore.Tx) (keystore.KeyWrapper, error) {
	key, err := a.newDeviceKey(keystore.ResetCount(tx))
	defer clear(key[:])
	if err != nil {
		return nil, err
	}
	return keystore.NewWrapper(key, a.cfg.Rand), keystore.PutDeviceKey(tx, key)
}

func (a *Authenticator) newDeviceKey(resets uint64) (key [32]byte, err error) {
	if a.cfg.DeviceKey != nil {
		return a.cfg.DeviceKey(resets)
	}
	_, err = io.ReadFull(a.cfg.Rand, key[:])
	return key, err
}

// update is Store.Update. One that fails may be in the store all the same, when
// it was the last step of the commit that failed; then memory is not what the
// store holds until refresh.
func (a *Authenticator) update(fn func(keystore.Tx) error) error {
	err := a.cfg.Store.Update(fn)
	a.stale = a.stale || err != nil
	return err
}

// refresh comes before each command: what memory holds is what the store holds,
// or nothing is done.
func (a *Authenticator) refresh() error {
	if !a.stale {
		return nil
	}
	if err := a.cfg.Store.View(a.load); err != nil {
		return fmt.Errorf("the store after a failure: %w", err)
	}
	a.stale = false
	return nil
}
