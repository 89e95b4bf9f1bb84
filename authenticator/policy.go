package authenticator

import (
	"fmt"
	"io"

	"github.com/softkey-project/softkey/keystore"
)

// Lengths of what is random in a policy, in bytes.
const (
	identifierSize      = 16
	persistentTokenSize = 32
)

// freshPolicy draws what is random in the policy of a key that is new, or new
// again.
func (a *Authenticator) freshPolicy(p *keystore.Policy) (err error) {
	if p.DeviceIdentifier, err = a.random(identifierSize); err != nil {
		return err
	}
	if p.CredStoreState, err = a.random(identifierSize); err != nil {
		return err
	}
	return a.resetPersistentToken(p)
}

// resetPersistentToken is resetPersistentPinUvAuthToken (§6.5.5.7): whoever has
// the old one has nothing.
func (a *Authenticator) resetPersistentToken(p *keystore.Policy) (err error) {
	p.PersistentToken, err = a.random(persistentTokenSize)
	p.PersistentTokenGranted = false
	return err
}

// changePolicy changes the policy in the store, and then in memory.
func (a *Authenticator) changePolicy(change func(*keystore.Policy) error) error {
	return a.updatePolicy(change, func(keystore.Tx) error { return nil })
}

// updatePolicy is changePolicy together with other changes, in one transaction.
func (a *Authenticator) updatePolicy(change func(*keystore.Policy) error, also func(keystore.Tx) error) error {
	changed := a.policy
	if err := change(&changed); err != nil {
		return err
	}
	err := a.update(func(tx keystore.Tx) error {
		if err := also(tx); err != nil {
			return err
		}
		return keystore.PutPolicy(tx, changed)
	})
	if err == nil {
		a.adopt(changed)
	}
	return err
}

// dropPinAuth forgets what clientPIN keeps in memory, as without power.
func (a *Authenticator) dropPinAuth() {
	a.pinAuth.end()
	a.pinAuth = pinAuth{rand: a.cfg.Rand}
}

// changeCredentials changes the discoverable credentials, and with them the
// credential store state (§6.4, member 1E).
func (a *Authenticator) changeCredentials(change func(keystore.Tx) error) error {
	return a.updatePolicy(func(p *keystore.Policy) (err error) {
		p.CredStoreState, err = a.random(identifierSize)
		return err
	}, change)
}

func (a *Authenticator) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(a.cfg.Rand, b); err != nil {
		return nil, fmt.Errorf("random bytes: %w", err)
	}
	return b, nil
}
