package authenticator

import (
	"cmp"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// A credential is one of two things, found the same way: a record in the store,
// or a key handle that carries itself. In both the private key is wrapped:
//
//	alg code (1) ‖ flags (1) ‖ reserved (1) ‖ key material
//
// The private key is made of the material where it is used, by keyOf, and no
// sooner: that takes far longer than to unwrap it, for most algorithms.
type credential struct {
	id       []byte
	alg      cose.Alg
	flags    credentialFlags
	material []byte
	record   *keystore.Credential // nil: it carries itself
}

// credentialFlags are properties of a credential that its key handle keeps.
type credentialFlags byte

const (
	flagProtection        credentialFlags = 0x03 // credProtect level; 0 is level 1
	flagThirdPartyPayment credentialFlags = 0x04
	flagHMACSecret        credentialFlags = 0x08 // made with hmac-secret
)

// wipe overwrites the private key, which is of no use any more. It may be called
// twice.
func (c *credential) wipe() { clear(c.material) }

// protection returns the credProtect level.
func (c *credential) protection() uint64 { return max(uint64(c.flags&flagProtection), protectOptional) }

const (
	secretHeader    = 3      // bytes before the key material
	storedID        = 64     // bytes of the ID of a credential in the store
	maxHandle       = 128    // bytes of a key handle that sites and libu2f-host have room for
	maxKeptHandles  = 10_000 // longer ones that are kept here: RSA's, of 1.2 kB
	handleOverhead  = 1 + 12 + secretHeader + 16
	es256HandleSize = handleOverhead + 96
	eddsaHandleSize = handleOverhead + 64
)

// created is a credential that is being made.
type created struct {
	alg      cose.Alg
	flags    credentialFlags
	material []byte
	key      cose.PrivateKey
	handle   []byte // the wrapped key
	id       []byte // the handle, or random bytes
	short    bool   // the ID is not the handle, which is kept in the store
}

// wipe overwrites the private key, if there is one yet.
func (c *created) wipe() {
	clear(c.material)
	cose.Wipe(c.key)
}

// maxKeyAttempts bounds the search for a seed that is a key. For P-256 one in
// 2^32 is none; that eight follow each other means the random source is broken.
const maxKeyAttempts = 8

// newKey draws a private key.
func (a *Authenticator) newKey(alg cose.Alg) (created, error) {
	for range maxKeyAttempts {
		seed, err := a.random(alg.SeedSize())
		if err != nil {
			return created{}, err
		}
		material, err := alg.New(seed)
		clear(seed)
		if errors.Is(err, cose.ErrMaterial) {
			continue
		}
		if err != nil {
			return created{}, err
		}
		key, err := a.keyOf(alg, material)
		return created{alg: alg, material: material, key: key}, err
	}
	return created{}, errors.New("the random source gives no key")
}

// wrap gives a new credential its key handle and its ID. The ID is the handle,
// unless the credential is discoverable or the handle is too long for a site to
// keep.
func (a *Authenticator) wrap(c *created, rpIDHash [32]byte, discoverable bool) (err error) {
	secret := slices.Concat([]byte{c.alg.Code(), byte(c.flags), 0}, c.material)
	defer clear(secret)
	if c.handle, err = a.keys.Wrap(rpIDHash, secret); err != nil {
		return err
	}
	c.short = discoverable || len(c.handle) > maxHandle
	if !c.short {
		c.id = c.handle
		return nil
	}
	c.id, err = a.random(storedID)
	return err
}

// keyOf returns the private key of stored material, which signs as the
// configuration and the profile say.
func (a *Authenticator) keyOf(alg cose.Alg, material []byte) (cose.PrivateKey, error) {
	key, err := alg.Key(material)
	switch {
	case err != nil:
		return nil, err
	case a.cfg.Deterministic:
		return cose.Deterministic(key), nil
	case a.profile.Signatures == SignaturesHedged:
		return cose.Hedged(key), nil
	}
	return key, nil
}

// deriveSecret returns the secret that a credential has for a purpose, such as
// the random numbers of hmac-secret: HKDF-SHA-256 of its private key, with the
// purpose as info. So a credential that carries itself has secrets without
// growing. What a purpose is called never changes.
func deriveSecret(material []byte, purpose string) (secret [32]byte, err error) {
	b, err := hkdf.Key(sha256.New, material, nil, purpose, len(secret))
	defer clear(b)
	copy(secret[:], b)
	return secret, err
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
	cred, err := parseSecret(secret)
	if err != nil {
		clear(secret)
		return nil, err
	}
	cred.id = keyHandle
	return cred, nil
}

// parseSecret makes a credential of what was wrapped, which becomes part of it.
func parseSecret(secret []byte) (*credential, error) {
	if len(secret) < secretHeader {
		return nil, fmt.Errorf("key handle of %d bytes inside", len(secret))
	}
	alg := cose.ByCode(secret[0])
	if alg == nil {
		return nil, fmt.Errorf("key handle with algorithm code %d", secret[0])
	}
	return &credential{alg: alg, flags: credentialFlags(secret[1]), material: secret[secretHeader:]}, nil
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

// checkListLength refuses an allowList or excludeList that is longer than the
// key says it takes.
func (a *Authenticator) checkListLength(list []ctap.CredentialDescriptor) error {
	if limit := a.profile.MaxCredentialCountInList; limit > 0 && len(list) > limit {
		return fmt.Errorf("%d credentials in a list: %w", len(list), ctap.StatusLimitExceeded)
	}
	return nil
}

// maxRoom is for how many credentials of a list a key keeps room while it is idle:
// 1.5 KB.
const maxRoom = 24

// keepRoom lets the next allowList be read where this one was, which would
// otherwise be most of what a login leaves to the garbage collector.
func (a *Authenticator) keepRoom(list []ctap.CredentialDescriptor) {
	clear(list)
	if cap(list) <= maxRoom {
		a.room = list[:0]
	}
}

// find returns the credential of rpIDHash with an ID, or nil.
func (a *Authenticator) find(rpIDHash [32]byte, id []byte) (*credential, error) {
	return a.findListed(rpIDHash, []ctap.CredentialDescriptor{{ID: id, Type: ctap.PublicKey}}, true)
}

// findListed returns the first credential of a list that is ours, or nil. Those
// of credProtect level 3 show themselves to a verified user only. The store is
// asked once at most, for the IDs that may be in it.
func (a *Authenticator) findListed(rpIDHash [32]byte, list []ctap.CredentialDescriptor, verified bool) (*credential, error) {
	if !anyMayBeStored(list) {
		return a.firstOf(nil, rpIDHash, list, verified)
	}
	var found *credential
	err := a.cfg.Store.View(func(tx keystore.Tx) (err error) {
		found, err = a.firstOf(tx, rpIDHash, list, verified)
		return err
	})
	return found, err
}

func anyMayBeStored(list []ctap.CredentialDescriptor) bool {
	for i := range list {
		if mayBeStored(list[i].ID) {
			return true
		}
	}
	return false
}

func mayBeStored(id []byte) bool { return len(id) == storedID }

func (a *Authenticator) firstOf(tx keystore.Tx, rpIDHash [32]byte, list []ctap.CredentialDescriptor, verified bool) (*credential, error) {
	for i := range list {
		if list[i].Type != ctap.PublicKey {
			continue
		}
		cred, err := a.resolve(tx, rpIDHash, list[i].ID)
		if err != nil {
			return nil, err
		}
		if cred == nil {
			continue
		}
		if verified || cred.protection() < protectRequired {
			return cred, nil
		}
		cred.wipe()
	}
	return nil, nil
}

// resolve returns the credential of rpIDHash with an ID, or nil. The transaction
// is for those that may be stored.
func (a *Authenticator) resolve(tx keystore.Tx, rpIDHash [32]byte, id []byte) (*credential, error) {
	if !mayBeStored(id) {
		return a.unwrap(rpIDHash, id)
	}
	record, err := keystore.FindCredential(tx, rpIDHash, id)
	switch {
	case err != nil:
		return nil, err
	case record != nil:
		return a.unwrapRecord(record)
	}
	handle := keystore.KeyHandle(tx, rpIDHash, id)
	if handle == nil {
		handle = id // which is as long as an ID by chance
	}
	cred, err := a.unwrap(rpIDHash, handle)
	if cred != nil {
		cred.id = id
	}
	return cred, err
}

// discover returns the newest discoverable credential of rpIDHash, nil if there is
// none, and the IDs of the others, newest first. Those of credProtect level 2 and 3
// show themselves to a verified user only. A site may have thousands: discover
// ends with ctx.
func (a *Authenticator) discover(ctx context.Context, rpIDHash [32]byte, verified bool) (newest *keystore.Credential, others [][]byte, err error) {
	err = a.cfg.Store.View(func(tx keystore.Tx) error {
		for record, err := range keystore.EachCredential(tx, rpIDHash) {
			if err = cmp.Or(err, context.Cause(ctx)); err != nil {
				return err
			}
			shown, err := a.shows(record, verified)
			if err != nil {
				return err
			}
			switch {
			case !shown:
			case newest == nil:
				newest = record
			default:
				others = append(others, record.ID)
			}
		}
		return nil
	})
	return newest, others, err
}

// shows tells whether a record is one that a host may discover. Its credProtect
// level is wrapped with the private key, which is overwritten at once.
func (a *Authenticator) shows(record *keystore.Credential, verified bool) (bool, error) {
	if verified {
		return true, nil
	}
	cred, err := a.unwrapRecord(record)
	if err != nil {
		return false, err
	}
	defer cred.wipe()
	return cred.protection() < protectOptionalWithList, nil
}

// account returns what the key may show of who the credential of a record is for;
// nothing without a record.
func account(record *keystore.Credential) string {
	if record == nil {
		return ""
	}
	return accountName(record.UserName, record.UserDisplayName)
}

func accountName(name, displayName string) string {
	if name != "" {
		return name
	}
	return displayName
}
