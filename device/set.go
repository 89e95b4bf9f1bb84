package device

import (
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/keystore"
)

// SetConfig is what a [Set] is made of. All may be left out.
type SetConfig struct {
	// Dir is the state directory of the set, which is not one of a device.
	// Empty: everything is kept in memory.
	Dir string

	// Seed, if not empty, makes all devices deterministic; each has a seed of
	// its own, made of this one and its name.
	Seed []byte

	// CA issues the certificates of the models. Nil: a root that the set makes
	// for itself.
	CA *certs.CA
}

// Set is many devices in one process and one file, by their names: thousands, if
// need be. A device that is idle has no goroutine and less than two kilobytes of
// memory; one that is not open has none.
//
//	set ──Model(profile)──▶ model ──Device(name, config)──▶ device
//
// Its methods may be called from any goroutine.
type Set struct {
	cfg     SetConfig
	entropy *entropy
	shared  *keystore.Shared // nil: in memory
	common  keystore.Store   // the certificates
}

// OpenSet opens or makes the set of cfg. The errors of [keystore.OpenShared]
// come through, and [keystore.ErrSeed] for a set of another seed.
func OpenSet(cfg SetConfig) (*Set, error) {
	s := &Set{cfg: cfg, entropy: &entropy{seed: cfg.Seed}, common: keystore.NewMemory()}
	if cfg.Dir == "" {
		return s, nil
	}
	shared, err := keystore.OpenShared(cfg.Dir, keystore.Options{Seeded: len(cfg.Seed) > 0})
	if err != nil {
		return nil, err
	}
	s.shared, s.common = shared, shared.Common()
	if s.entropy.seeded() {
		if err := load(s.common, s.entropy.checkStore); err != nil {
			return nil, errors.Join(fmt.Errorf("device: %w", err), s.Close())
		}
	}
	return s, nil
}

// Model returns the model with profile p, and makes its certificates if it is
// new. A model is made once and used for all its devices: it takes a hundred
// microseconds, and memory that they share.
func (s *Set) Model(p authenticator.Profile) (m *Model, err error) {
	err = load(s.common, func(tx keystore.Tx) error {
		m, err = vault{tx, s.entropy}.model(s.common, s.cfg.CA, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("device: %w", err)
	}
	m.set = s
	return m, nil
}

// Names returns the names of the devices that have been used, none for a set
// in memory.
func (s *Set) Names() ([]string, error) {
	if s.shared == nil {
		return nil, nil
	}
	return s.shared.Names()
}

// Close closes the file. The devices are to be closed before: what is open then
// can no longer save its signature counter, which jumps when it is opened again.
func (s *Set) Close() error {
	if s.shared == nil {
		return s.common.Close()
	}
	return s.shared.Close()
}

// store opens the store of a device.
func (s *Set) store(name string) (keystore.Store, error) {
	if s.shared == nil {
		return keystore.NewMemory(), nil
	}
	return s.shared.Store(name)
}
