package device

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/keystore"
)

// identity is what tells a device from others, and outlives a reset: its serial
// number, and what vouches for it. The root certificate is one for a state
// directory, with one leaf for each model that was plugged in from there. With a
// CA of the user's, that issues the leaves.
type identity struct {
	*Model
	uniq       string
	enterprise *certs.Identity // of this very device; nil: the profile has no use for it
}

// load runs fn in a transaction that reads, and if fn has to make what is
// missing, in one that writes.
func load(store keystore.Store, fn func(keystore.Tx) error) error {
	err := store.View(fn)
	if errors.Is(err, keystore.ErrReadOnly) {
		err = store.Update(fn)
	}
	return err
}

// vault makes what is not in the store yet.
type vault struct {
	tx      keystore.Tx
	entropy *entropy
}

const rootName = "root" // of the store's own root

// model returns the model with profile p of the vault of store, whose certificates
// ca issues, or a root of the vault's own if that is nil.
func (v vault) model(store keystore.Store, ca *certs.CA, p authenticator.Profile) (*Model, error) {
	if v.entropy.seeded() {
		p = seededProfile(p)
	}
	m, err := newModel(p)
	if err != nil {
		return nil, err
	}
	if m.metadata, err = v.seldom("metadata root", certs.NewMetadataRoot); err != nil {
		return nil, err
	}
	if ca == nil && !m.enterprise() && v.has(rootName) && (!m.certified() || v.has(m.leafName())) {
		m.vouchers = stored(store, func(tx keystore.Tx) (*vouchers, error) { return vault{tx, v.entropy}.vouchers(m, nil) })
		return m, nil
	}
	x, err := v.vouchers(m, ca)
	m.vouchers = func() (*vouchers, error) { return x, nil }
	return m, err
}

// stored returns what reads something from the store when it is first asked for,
// since most keys that start never need it, and again only if that has failed.
func stored[T any](store keystore.Store, read func(keystore.Tx) (*T, error)) func() (*T, error) {
	var reading sync.Mutex
	var value *T
	return func() (*T, error) {
		reading.Lock()
		defer reading.Unlock()
		if value != nil {
			return value, nil
		}
		var v *T
		err := load(store, func(tx keystore.Tx) (err error) {
			v, err = read(tx)
			return err
		})
		if err == nil {
			value = v
		}
		return value, err
	}
}

// vouchers returns what vouches for the devices of model m.
func (v vault) vouchers(m *Model, ca *certs.CA) (x *vouchers, err error) {
	root, err := v.certificate(rootName, certs.NewRoot, anyCertificate)
	if err != nil {
		return nil, err
	}
	x = &vouchers{issuer: root}
	if ca != nil {
		x.issuer = ca
	}
	if !m.certified() {
		return x, nil
	}
	if x.leaf, err = v.leaf(x.issuer, m.leafName(), certs.LeafSpec{AAGUID: m.profile.AAGUID}); err != nil {
		return nil, err
	}
	x.attester = attestation.NewAttester(x.leaf, attestation.AttesterConfig{Issuer: x.issuer, Hedged: m.hedged()})
	return x, nil
}

// identity returns the identity of a device of model m.
func (v vault) identity(m *Model) (id identity, err error) {
	id.Model = m
	if id.uniq, err = v.uniq(); err != nil {
		return id, err
	}
	if !m.enterprise() {
		return id, nil
	}
	spec := certs.LeafSpec{AAGUID: m.profile.AAGUID, SerialNumber: []byte(id.uniq)}
	x, err := m.vouchers()
	if err != nil {
		return id, err
	}
	id.enterprise, err = v.leaf(x.issuer, "enterprise/"+m.profile.AAGUID.String(), spec)
	return id, err
}

// has tells whether there is a certificate of a name.
func (v vault) has(name string) bool { return keystore.Attestation(v.tx, name) != nil }

// leaf returns the leaf of a name; one of another issuer is replaced.
func (v vault) leaf(issuer certs.Issuer, name string, spec certs.LeafSpec) (*certs.Identity, error) {
	return v.certificate(name,
		func(random io.Reader) (*certs.Identity, error) { return certs.NewLeaf(issuer, spec, random) },
		func(leaf *certs.Identity) bool { return certs.CheckLeaf(leaf, issuer, time.Now()) == nil },
	)
}

func anyCertificate(*certs.Identity) bool { return true }

// certificate returns the certificate of a name if it will do, else a new one.
func (v vault) certificate(
	name string, create func(random io.Reader) (*certs.Identity, error), willDo func(*certs.Identity) bool,
) (*certs.Identity, error) {
	if stored := keystore.Attestation(v.tx, name); stored != nil {
		id, err := parseStored(name, stored)
		if err != nil || willDo(id) {
			return id, err
		}
	}
	id, err := create(v.entropy.fixed(name))
	if err != nil {
		return nil, err
	}
	b, err := id.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return id, keystore.PutAttestation(v.tx, name, b)
}

func parseStored(name string, stored []byte) (*certs.Identity, error) {
	id, err := certs.Parse(stored)
	if err != nil {
		return nil, fmt.Errorf("stored certificate %s: %w", name, err)
	}
	return id, nil
}

// seldom makes the certificate of a name if there is none; one that is stored is
// parsed when somebody asks for it, since most keys that start never do.
func (v vault) seldom(
	name string, create func(random io.Reader) (*certs.Identity, error),
) (func() (*certs.Identity, error), error) {
	stored := bytes.Clone(keystore.Attestation(v.tx, name))
	if stored != nil {
		return sync.OnceValues(func() (*certs.Identity, error) { return parseStored(name, stored) }), nil
	}
	id, err := v.certificate(name, create, anyCertificate)
	return func() (*certs.Identity, error) { return id, nil }, err
}

const uniqSize = 8 // bytes of a serial number, shown as hex digits

func (v vault) uniq() (string, error) {
	if uniq := keystore.Uniq(v.tx); uniq != "" {
		return uniq, nil
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, v.entropy.fixed("uniq"), uniqSize); err != nil {
		return "", err
	}
	uniq := hex.EncodeToString(b.Bytes())
	return uniq, keystore.PutUniq(v.tx, uniq)
}
