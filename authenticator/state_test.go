package authenticator

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// lateStore is a store that says of an Update that it failed, when all of it is
// there: as a disk does that fails at the very end of a commit.
type lateStore struct {
	keystore.Store
	fail, blind error // of Update, and of View
}

func (s *lateStore) Update(fn func(keystore.Tx) error) error {
	if err := s.Store.Update(fn); err != nil {
		return err
	}
	return s.fail
}

func (s *lateStore) View(fn func(keystore.Tx) error) error {
	if s.blind != nil {
		return s.blind
	}
	return s.Store.View(fn)
}

// A reset that failed late has changed the device key: what is made afterwards
// must still be there after a restart.
func TestResetFailsLate(t *testing.T) {
	store := &lateStore{Store: keystore.NewMemory()}
	restart := func() key { return newKey(t, Approve{}, func(c *Config) { c.Store = store }) }
	k := restart()
	store.fail = errors.New("fsync: input/output error")
	wantStatus(t, "reset", k.command(ctap.CommandReset, nil, nil), ctap.StatusOther)
	store.fail = nil
	made := k.create(creation("ada", nil))
	err := restart().command(ctap.CommandGetAssertion, assertionBy(made.id), nil)
	wantStatus(t, "getAssertion after a restart", err, nil)
}

// Neither may the policy of before be used again, nor be written over the new.
func TestPolicyFailsLate(t *testing.T) {
	store := &lateStore{Store: keystore.NewMemory()}
	p := newKey(t, Approve{}, func(c *Config) { c.Store = store }).speaking(2)
	store.fail = errors.New("fsync: input/output error")
	wantStatus(t, "setPIN", p.setPIN(testPIN), ctap.StatusOther)
	store.blind = store.fail
	wantStatus(t, "while nothing can be read", p.command(ctap.CommandGetInfo, nil, nil), ctap.StatusOther)
	store.fail, store.blind = nil, nil
	_, err := p.getPINToken(testPIN)
	wantStatus(t, "the PIN", err, nil)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if p := newKey(t, Approve{}, func(c *Config) { c.Store = store }); !p.pinSet() {
		t.Error("the PIN is gone after a restart")
	}
}
