package authenticator

import (
	"errors"
	"fmt"
	"io"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// A credential is one of two things, found the same way: a record in the store,
// or a key handle that carries itself. In both the private key is wrapped:
//
//	alg code (1) ‖ flags (1) ‖ reserved (1) ‖ key material
type credential struct {
	id     []byte
	alg    cose.Alg
	key    cose.PrivateKey
	record *keystore.Credential // nil: not discoverable
}

const (
	secretHeader    = 3   // bytes before the key material
	discoverableID  = 64  // bytes of a discoverable credential's ID
	es256HandleSize = 128 // of a key handle for ES256
)

// maxKeyAttempts bounds the search for a seed that is a key. For P-256 one in
// 2^32 is none; that eight follow each other means the random source is broken.
const maxKeyAttempts = 8

// newKey draws a private key and returns it, and the secret to be wrapped.
func (a *Authenticator) newKey(alg cose.Alg) (key cose.PrivateKey, secret []byte, err error) {
	seed := make([]byte, alg.SeedSize())
	for range maxKeyAttempts {
		if _, err := io.ReadFull(a.cfg.Rand, seed); err != nil {
			return nil, nil, fmt.Errorf("random seed: %w", err)
		}
		material, err := alg.New(seed)
		if errors.Is(err, cose.ErrMaterial) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		key, err := a.keyOf(alg, material)
		return key, append([]byte{alg.Code(), 0, 0}, material...), err
	}
	return nil, nil, errors.New("the random source gives no key")
}

// newCredential draws a private key and returns it, and its key handle.
func (a *Authenticator) newCredential(alg cose.Alg, rpIDHash [32]byte) (key cose.PrivateKey, handle []byte, err error) {
	key, secret, err := a.newKey(alg)
	if err != nil {
		return nil, nil, err
	}
	defer clear(secret)
	handle, err = a.keys.Wrap(rpIDHash, secret)
	return key, handle, err
}

// keyOf returns the private key of stored material, which signs as the profile
// says.
func (a *Authenticator) keyOf(alg cose.Alg, material []byte) (cose.PrivateKey, error) {
	key, err := alg.Key(material)
	if err != nil || a.profile.Signatures != SignaturesHedged {
		return key, err
	}
	return cose.Hedged(key), nil
}

// unwrap opens a key handle of rpIDHash; nil if it is not ours.
func (a *Authenticator) unwrap(rpIDHash [32]byte, keyHandle []byte) (*credential, error) {
	secret, err := a.keys.Unwrap(rpIDHash, keyHandle)
	if errors.Is(err, keystore.ErrNotOurs) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(secret) < secretHeader {
		return nil, fmt.Errorf("key handle of %d bytes inside", len(secret))
	}
	alg := cose.ByCode(secret[0])
	if alg == nil {
		return nil, fmt.Errorf("key handle with algorithm code %d", secret[0])
	}
	key, err := a.keyOf(alg, secret[secretHeader:])
	if err != nil {
		return nil, err
	}
	return &credential{id: keyHandle, alg: alg, key: key}, nil
}

// unwrapRecord makes a credential of a record.
func (a *Authenticator) unwrapRecord(record *keystore.Credential) (*credential, error) {
	cred, err := a.unwrap(record.RPIDHash, record.KeyHandle)
	if err != nil {
		return nil, err
	}
	if cred == nil {
		return nil, errors.New("a stored credential is not wrapped by this device key")
	}
	cred.id, cred.record = record.ID, record
	return cred, nil
}

// find returns the credential of rpIDHash with an ID, or nil.
func (a *Authenticator) find(rpIDHash [32]byte, id []byte) (*credential, error) {
	if len(id) != discoverableID {
		return a.unwrap(rpIDHash, id)
	}
	var record *keystore.Credential
	err := a.cfg.Store.View(func(tx keystore.Tx) (err error) {
		record, err = keystore.FindCredential(tx, rpIDHash, id)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case record != nil:
		return a.unwrapRecord(record)
	}
	return a.unwrap(rpIDHash, id)
}

// findListed returns the first credential of a list that is ours, or nil.
func (a *Authenticator) findListed(rpIDHash [32]byte, list []ctap.CredentialDescriptor) (*credential, error) {
	for _, d := range list {
		if d.Type != ctap.PublicKey {
			continue
		}
		cred, err := a.find(rpIDHash, d.ID)
		if cred != nil || err != nil {
			return cred, err
		}
	}
	return nil, nil
}

// discover returns the discoverable credentials of rpIDHash, newest first.
func (a *Authenticator) discover(rpIDHash [32]byte) ([]*credential, error) {
	var found []*credential
	err := a.cfg.Store.View(func(tx keystore.Tx) error {
		records, err := keystore.Credentials(tx, rpIDHash)
		if err != nil {
			return err
		}
		for _, record := range records {
			cred, err := a.unwrapRecord(record)
			if err != nil {
				return err
			}
			found = append(found, cred)
		}
		return nil
	})
	return found, err
}

// account returns what the key may show of who a credential is for.
func (c *credential) account() string {
	if c.record == nil {
		return ""
	}
	return accountName(c.record.UserName, c.record.UserDisplayName)
}

func accountName(name, displayName string) string {
	if name != "" {
		return name
	}
	return displayName
}
