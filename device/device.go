package device

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

// Version is the version of the device, as CTAPHID_INIT tells it: major, minor,
// build.
const (
	VersionMajor = 0
	VersionMinor = 1
	VersionBuild = 0
)

// Config is what a [Device] is made of. Only Profile is required. Profile, Dir,
// Store, Seed and CA of a device of a [Model] are those of the model and its
// [Set], and must not be given.
type Config struct {
	Profile authenticator.Profile

	// Dir is the state directory. Empty: everything is kept in memory, or in
	// Store.
	Dir string

	// Store, if not nil, takes the place of Dir. The device closes it.
	Store keystore.Store

	// Unseal opens a store that is sealed, for [seal.Open]. Nil: a sealed store
	// is refused with [seal.ErrSealed].
	Unseal func([]seal.Slot) (*seal.Key, error)

	// WrapStore, if not nil, returns what the device sees of its store: for
	// faults, and to count.
	WrapStore func(keystore.Store) keystore.Store

	// Seed, if not empty, makes the device deterministic: the same seed and
	// the same requests give the same keys and answers. Such a device guards
	// nothing. Its AAGUID is another, and its store opens in no other mode, and
	// with no other seed.
	Seed []byte

	Presence        authenticator.Presence     // nil: every prompt is declined
	PresenceTimeout time.Duration              // 0: 30 s
	Verification    authenticator.Verification // nil: no built-in user verification
	Sensor          authenticator.Sensor       // nil: each touch is a good sample of a finger

	// CA issues the device's certificates. Nil: a root that the device makes
	// for itself.
	CA *certs.CA

	// PIN, if not empty, is set on a key that has none.
	PIN string

	Log *slog.Logger // nil: silent
}

// Device is one virtual security key, with everything but a plug. Its methods
// may be called from any goroutine.
type Device struct {
	authenticator *authenticator.Authenticator
	store         keystore.Store
	verification  authenticator.Verification
	entropy       *entropy

	naming sync.Mutex // held while the serial number is looked up, or made
	identity
}

// New opens or makes the device of cfg. The errors of [keystore.Open] come
// through, such as [keystore.LockedError] where another process has the state
// directory; and [keystore.ErrSeed] for a store of another seed.
func New(cfg Config) (*Device, error) {
	store, err := openStore(cfg)
	if err != nil {
		return nil, err
	}
	return assemble(cfg, store, func(d *Device) error {
		return load(d.store, func(tx keystore.Tx) error {
			v := vault{tx, d.entropy}
			m, err := v.model(d.store, cfg.CA, cfg.Profile)
			if err != nil {
				return err
			}
			d.identity, err = v.identity(m)
			return err
		})
	})
}

func openStore(cfg Config) (keystore.Store, error) {
	switch {
	case cfg.Store != nil:
		return cfg.Store, nil
	case cfg.Dir == "":
		return keystore.NewMemory(), nil
	}
	store, err := keystore.Open(cfg.Dir, keystore.Options{Seeded: len(cfg.Seed) > 0})
	if err != nil {
		return nil, err
	}
	unsealed, err := seal.Open(store, cfg.Unseal)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return unsealed, nil
}

// assemble makes a device of the parts that cfg names; identify gives it its
// identity. It takes over the store.
func assemble(cfg Config, store keystore.Store, identify func(*Device) error) (*Device, error) {
	if cfg.WrapStore != nil {
		store = cfg.WrapStore(store)
	}
	d := &Device{store: store, verification: cfg.Verification}
	if err := d.start(cfg, identify); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return d, nil
}

func (d *Device) start(cfg Config, identify func(*Device) error) (err error) {
	if d.entropy, err = newEntropy(cfg.Seed, d.store); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	if err := identify(d); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	model, err := d.modelFor(cfg.Verification)
	if err != nil {
		return err
	}
	d.authenticator, err = authenticator.New(authenticator.Config{
		Model: model, Store: d.store, Attester: d.attester(), Enterprise: d.enterpriseAttester(),
		Presence: cfg.Presence, PresenceTimeout: cfg.PresenceTimeout,
		Verification: cfg.Verification, Sensor: cfg.Sensor,
		Rand: d.entropy.rand(), DeviceKey: d.entropy.deviceKey(), Deterministic: d.entropy.seeded(), Log: cfg.Log,
	})
	if err != nil || cfg.PIN == "" {
		return err
	}
	if err := d.authenticator.SetPIN(cfg.PIN); err != nil {
		return errors.Join(err, d.authenticator.Close())
	}
	return nil
}

// enterpriseAttester has no issuer: an enterprise attestation carries one
// certificate.
func (id *identity) enterpriseAttester() *attestation.Attester {
	if id.enterprise == nil {
		return nil
	}
	return attestation.NewAttester(id.enterprise, attestation.AttesterConfig{Hedged: id.hedged()})
}

// Handler returns what answers the device's messages.
func (d *Device) Handler() ctap.Handler { return d.authenticator }

// Plug is what the device lives through when it is unplugged and plugged in
// again; see [authenticator.Authenticator.Plug].
func (d *Device) Plug() { d.authenticator.Plug() }

// Profile returns what the device claims to be.
func (d *Device) Profile() authenticator.Profile { return d.profile }

// Chain returns the certificates that vouch for the device, the leaf first and
// the root last; none, if its profile has self attestation. It may have to read
// them from the store.
func (d *Device) Chain() ([]*x509.Certificate, error) {
	x, err := d.vouchers()
	if err != nil || x.leaf == nil {
		return nil, err
	}
	return append([]*x509.Certificate{x.leaf.Certificate}, x.issuer.Chain()...), nil
}

// EnterpriseCertificate returns the certificate that names this very device, or
// nil if the profile has no enterprise attestation.
func (d *Device) EnterpriseCertificate() *x509.Certificate {
	if d.enterprise == nil {
		return nil
	}
	return d.enterprise.Certificate
}

// Descriptor says how the device presents itself as a USB device.
func (d *Device) Descriptor() ctaphid.Descriptor {
	return ctaphid.Descriptor{
		Vendor: d.profile.VendorID, Product: d.profile.ProductID, Name: d.profile.ProductName, Uniq: d.serialNumber(),
	}
}

// serialNumber returns the serial number. A device of a set takes it from the
// store when it is first asked for; if that fails it has none.
func (d *Device) serialNumber() string {
	d.naming.Lock()
	defer d.naming.Unlock()
	if d.uniq == "" {
		_ = load(d.store, func(tx keystore.Tx) (err error) {
			d.uniq, err = vault{tx, d.entropy}.uniq()
			return err
		})
	}
	return d.uniq
}

// CTAPHID says how the device behaves on a CTAPHID link. Each link has a source
// of its own.
func (d *Device) CTAPHID(source uint64) ctaphid.Config {
	capabilities := ctaphid.CapWink
	if d.profile.CTAP2() {
		capabilities |= ctaphid.CapCBOR
	}
	if !d.profile.U2F() {
		capabilities |= ctaphid.CapNoMsg
	}
	return ctaphid.Config{
		Version:        [3]byte{VersionMajor, VersionMinor, VersionBuild},
		Capabilities:   capabilities,
		Source:         source,
		StrictChannels: d.profile.StrictChannels,
		NoLock:         !d.profile.Lock,
	}
}

// Close saves the signature counter and closes the store. It waits for the
// message that is worked on, so its context should be ended first.
func (d *Device) Close() error {
	return errors.Join(d.authenticator.Close(), d.store.Close())
}
