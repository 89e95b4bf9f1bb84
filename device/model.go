package device

import (
	"fmt"
	"slices"
	"sync"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// Model is what the devices of one profile in a [Set] have in common: the
// profile, and the certificate that vouches for all of them. It does not change.
type Model struct {
	set      *Set // nil: of a device by itself
	profile  authenticator.Profile
	vouchers func() (*vouchers, error)
	metadata func() (*certs.Identity, error) // root of what vouches for metadata statements

	verifying, plain func() (*authenticator.Model, error) // with built-in user verification, and without
}

// vouchers is what vouches for the devices of a model.
type vouchers struct {
	issuer   certs.Issuer          // the root, or the user's CA
	leaf     *certs.Identity       // nil: credentials vouch for themselves
	attester *attestation.Attester // with the leaf; nil likewise
}

// newModel returns a model that has no certificates yet.
func newModel(p authenticator.Profile) (*Model, error) {
	of := func(verification bool) func() (*authenticator.Model, error) {
		return sync.OnceValues(func() (*authenticator.Model, error) { return authenticator.NewModel(p, verification) })
	}
	m := &Model{profile: p, verifying: of(true), plain: of(false)}
	_, err := m.verifying() // the other may be invalid: a profile can live by its own user verification
	return m, err
}

func (m *Model) hedged() bool { return m.profile.Signatures == authenticator.SignaturesHedged }

// modelFor returns the model of an authenticator with the given verification.
func (m *Model) modelFor(v authenticator.Verification) (*authenticator.Model, error) {
	if v == nil {
		return m.plain()
	}
	return m.verifying()
}

// Device opens or makes the device of this model that is called name. What it
// is made of besides its model is in cfg. One name has one open device at a
// time: the error is [keystore.ErrInUse].
func (m *Model) Device(name string, cfg Config) (*Device, error) {
	if cfg.Profile.Name != "" || cfg.Dir != "" || cfg.Store != nil || len(cfg.Seed) > 0 || cfg.CA != nil {
		return nil, fmt.Errorf("device: %s: profile, store, seed and CA are those of its set", name)
	}
	store, err := m.set.store(name)
	if err != nil {
		return nil, err
	}
	cfg.Seed = m.set.entropy.of(name)
	return assemble(cfg, store, m.identify)
}

// identify makes d one of the model. Most have no use for more in their store
// yet: thousands of them are to begin in a moment.
func (m *Model) identify(d *Device) error {
	d.Model = m
	if !m.enterprise() {
		return nil
	}
	return load(d.store, func(tx keystore.Tx) (err error) {
		d.identity, err = vault{tx, d.entropy}.identity(m)
		return err
	})
}

// certified tells whether there is a leaf: else credentials vouch for themselves.
func (m *Model) certified() bool { return m.profile.AttestationType != authenticator.AttestationSelf }

// leafName is the leaf's in the store, as rootName is the root's.
func (m *Model) leafName() string { return "leaf/" + m.profile.AAGUID.String() }

// enterprise tells whether each device has a certificate that names it.
func (m *Model) enterprise() bool {
	_, ok := m.profile.Options[ctap.OptionEP]
	return ok && m.certified()
}

// attester returns what signs for new credentials, nil if they do themselves.
func (m *Model) attester() func() (*attestation.Attester, error) {
	if !m.certified() {
		return nil
	}
	return func() (*attestation.Attester, error) {
		x, err := m.vouchers()
		if err != nil {
			return nil, fmt.Errorf("device: %w", err)
		}
		return x.attester, nil
	}
}

// seededProfile returns what a profile is in deterministic mode: another model,
// without the algorithms whose keys cannot come from a seed.
func seededProfile(p authenticator.Profile) authenticator.Profile {
	if p.AAGUID == authenticator.ProfileAAGUID(p.Name, false) {
		p.AAGUID = authenticator.ProfileAAGUID(p.Name, true)
	}
	p.Algorithms = slices.DeleteFunc(slices.Clone(p.Algorithms), func(id cose.ID) bool {
		alg := cose.ByID(id)
		return alg != nil && alg.SeedSize() == 0
	})
	return p
}
