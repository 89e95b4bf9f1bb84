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

// model returns the model with profile p, whose certificates ca issues, or a
// root of the vault's own if that is nil.
func (v vault) model(ca *certs.CA, p authenticator.Profile) (*Model, error) {
	if v.entropy.seeded() {
		p = seededProfile(p)
	}
	m, err := newModel(p)
	if err != nil {
		return nil, err
	}
	root, err := v.certificate("root", certs.NewRoot, anyCertificate)
	if err != nil {
		return nil, err
	}
	m.issuer = root
	if ca != nil {
		m.issuer = ca
	}
	if m.metadata, err = v.seldom("metadata root", certs.NewMetadataRoot); err != nil {
		return nil, err
	}
	if p.AttestationType == authenticator.AttestationSelf {
		return m, nil
	}
	m.leaf, err = v.leaf(m.issuer, "leaf/"+p.AAGUID.String(), certs.LeafSpec{AAGUID: p.AAGUID})
	if err != nil {
		return nil, err
	}
	m.attester = attestation.NewAttester(m.leaf, attestation.AttesterConfig{Issuer: m.issuer, Hedged: m.hedged()})
	return m, nil
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
	id.enterprise, err = v.leaf(m.issuer, "enterprise/"+m.profile.AAGUID.String(), spec)
	return id, err
}

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
