package device

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/keystore"
)

// identity is what tells a device from others, and outlives a reset: its serial
// number, the root certificate of its state directory, and one leaf for each
// model that it was plugged in as.
type identity struct {
	uniq       string
	root, leaf *certs.Identity
}

// loadIdentity takes the identity from the store, and makes there what is
// missing.
func loadIdentity(store keystore.Store, aaguid authenticator.AAGUID, e *entropy) (id identity, err error) {
	leafName := "leaf/" + aaguid.String()
	err = store.View(func(tx keystore.Tx) (err error) {
		id.uniq = keystore.Uniq(tx)
		if id.root, err = loadCertificate(tx, rootName); err != nil {
			return err
		}
		id.leaf, err = loadCertificate(tx, leafName)
		return err
	})
	if err != nil || id.uniq != "" && id.root != nil && id.leaf != nil {
		return id, err
	}
	return id, store.Update(func(tx keystore.Tx) error { return id.complete(tx, aaguid, leafName, e) })
}

const rootName = "root"

func loadCertificate(tx keystore.Tx, name string) (*certs.Identity, error) {
	stored := keystore.Attestation(tx, name)
	if stored == nil {
		return nil, nil
	}
	id, err := certs.Parse(stored)
	if err != nil {
		return nil, fmt.Errorf("stored certificate %s: %w", name, err)
	}
	return id, nil
}

func (id *identity) complete(tx keystore.Tx, aaguid authenticator.AAGUID, leafName string, e *entropy) (err error) {
	if id.uniq == "" {
		if id.uniq, err = putUniq(tx, e.fixed("uniq")); err != nil {
			return err
		}
	}
	if id.root == nil {
		if id.root, err = certs.NewRoot(e.fixed(rootName)); err != nil {
			return err
		}
		if err = putCertificate(tx, rootName, id.root); err != nil {
			return err
		}
	}
	if id.leaf == nil {
		if id.leaf, err = certs.NewLeaf(id.root, certs.LeafSpec{AAGUID: aaguid}, e.fixed(leafName)); err != nil {
			return err
		}
		return putCertificate(tx, leafName, id.leaf)
	}
	return nil
}

func putCertificate(tx keystore.Tx, name string, id *certs.Identity) error {
	b, err := id.MarshalBinary()
	if err != nil {
		return err
	}
	return keystore.PutAttestation(tx, name, b)
}

func putUniq(tx keystore.Tx, random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	uniq := hex.EncodeToString(b[:])
	return uniq, keystore.PutUniq(tx, uniq)
}
