package device

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// identity is what tells a device from others, and outlives a reset: its serial
// number, the root certificate of its state directory, and one leaf for each
// model that it was plugged in as. With a CA of the user's, that issues the
// leaves.
type identity struct {
	uniq       string
	issuer     certs.Issuer    // the root, or the user's CA
	leaf       *certs.Identity // of the model; nil: credentials vouch for themselves
	enterprise *certs.Identity // of this very device; nil: the profile has no use for it
	metadata   *certs.Identity // root of what vouches for metadata statements
}

// loadIdentity takes the identity from the store, and makes there what is
// missing.
func loadIdentity(store keystore.Store, cfg Config, p authenticator.Profile, e *entropy) (id identity, err error) {
	load := func(tx keystore.Tx) error {
		id, err = vault{tx, e}.identity(cfg.CA, p)
		return err
	}
	if err = store.View(load); errors.Is(err, keystore.ErrReadOnly) { // something is missing
		err = store.Update(load)
	}
	return id, err
}

// vault makes what is not in the store yet.
type vault struct {
	tx      keystore.Tx
	entropy *entropy
}

func (v vault) identity(ca *certs.CA, p authenticator.Profile) (id identity, err error) {
	if id.uniq, err = v.uniq(); err != nil {
		return id, err
	}
	root, err := v.certificate("root", certs.NewRoot, anyCertificate)
	if err != nil {
		return id, err
	}
	id.issuer = root
	if ca != nil {
		id.issuer = ca
	}
	if id.metadata, err = v.certificate("metadata root", certs.NewMetadataRoot, anyCertificate); err != nil {
		return id, err
	}
	if p.AttestationType == authenticator.AttestationSelf {
		return id, nil
	}
	if id.leaf, err = v.leaf(id.issuer, "leaf/"+p.AAGUID.String(), certs.LeafSpec{AAGUID: p.AAGUID}); err != nil {
		return id, err
	}
	if _, ok := p.Options[ctap.OptionEP]; !ok {
		return id, nil
	}
	spec := certs.LeafSpec{AAGUID: p.AAGUID, SerialNumber: []byte(id.uniq)}
	id.enterprise, err = v.leaf(id.issuer, "enterprise/"+p.AAGUID.String(), spec)
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
		id, err := certs.Parse(stored)
		if err != nil {
			return nil, fmt.Errorf("stored certificate %s: %w", name, err)
		}
		if willDo(id) {
			return id, nil
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
