package keystore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/softkey-project/softkey/ctap"
)

// ErrFull is returned by [PutCredential] when the store has no room for another
// credential.
var ErrFull = errors.New("keystore: no room for another credential")

// ErrNoCredential is returned when a credential to be changed does not exist.
var ErrNoCredential = errors.New("keystore: no such credential")

// Credential is a discoverable credential. It is stored as a CBOR map, so that
// later members need no new format.
type Credential struct {
	ID              []byte   `cbor:"1,keyasint"` // random, 16 bytes or more
	RPIDHash        [32]byte `cbor:"-"`          // the SHA-256 hash of RPID
	RPID            string   `cbor:"2,keyasint"`
	RPName          string   `cbor:"-"` // only put: kept once, in the [RP]
	UserID          []byte   `cbor:"3,keyasint,omitzero"`
	UserName        string   `cbor:"4,keyasint,omitzero"`
	UserDisplayName string   `cbor:"5,keyasint,omitzero"`
	KeyHandle       []byte   `cbor:"6,keyasint,omitzero"` // the wrapped private key
	CredBlob        []byte   `cbor:"8,keyasint,omitzero"` // extension credBlob; nil: none
	LargeBlobKey    []byte   `cbor:"9,keyasint,omitzero"` // extension largeBlobKey; nil: none

	// Extension largeBlob: what the platform compressed, and the size before.
	LargeBlob         []byte `cbor:"10,keyasint,omitzero"`
	LargeBlobSize     uint64 `cbor:"11,keyasint,omitzero"`
	SupportsLargeBlob bool   `cbor:"12,keyasint,omitzero"`

	Created uint64 `cbor:"-"` // greater than that of any older credential
}

const (
	keyCredentialCount    = "credentials"
	keyCredentialSequence = "sequence"
)

// PutCredential stores c as the newest credential, and sets c.Created. If the
// account, which is the pair of c.RPIDHash and c.UserID, has a credential
// already, c replaces it. Else, if limit credentials are stored, PutCredential
// fails with [ErrFull] and changes nothing.
func PutCredential(tx Tx, c *Credential, limit int) error {
	if err := c.check(); err != nil {
		return err
	}
	old := tx.Get(bucketIndex, accountKey(c))
	if old == nil && CredentialCount(tx) >= uint64(max(limit, 0)) {
		return ErrFull
	}
	if same := sequenceOfID(tx, c.ID); same != nil && !bytes.Equal(same, old) {
		return fmt.Errorf("keystore: credential ID %x is taken", c.ID)
	}
	if old != nil {
		if err := deleteRecord(tx, old); err != nil {
			return err
		}
	}
	return insert(tx, c)
}

// check tells whether c can be stored, and found again.
func (c *Credential) check() error {
	if len(c.ID) < idPrefix {
		return fmt.Errorf("keystore: credential ID of %d bytes, want %d or more", len(c.ID), idPrefix)
	}
	if c.RPIDHash != sha256.Sum256([]byte(c.RPID)) {
		return fmt.Errorf("keystore: rpIDHash is not the hash of %q", c.RPID)
	}
	for _, text := range []string{c.RPID, c.RPName, c.UserName, c.UserDisplayName} {
		if !utf8.ValidString(text) { // could be written, but not read back
			return fmt.Errorf("keystore: %q is not UTF-8", text)
		}
	}
	return nil
}

// insert adds c, whose account has no credential, to all buckets.
func insert(tx Tx, c *Credential) error {
	sequence, err := increment(tx, bucketSettings, keyCredentialSequence)
	if err != nil {
		return err
	}
	c.Created = sequence
	key := sequenceKey(sequence)
	if err := tx.Put(bucketIndex, accountKey(c), key); err != nil {
		return err
	}
	if err := tx.Put(bucketIndex, idKey(c.ID), key); err != nil {
		return err
	}
	if err := putRecord(tx, c); err != nil {
		return err
	}
	if err := addToRP(tx, c); err != nil {
		return err
	}
	return putUint(tx, bucketSettings, keyCredentialCount, CredentialCount(tx)+1)
}

// deleteRecord removes the credential with the sequence key from all buckets.
func deleteRecord(tx Tx, key []byte) error {
	c, err := record(tx, key)
	if err != nil {
		return err
	}
	if err := tx.Delete(bucketIndex, accountKey(c)); err != nil {
		return err
	}
	if err := tx.Delete(bucketIndex, idKey(c.ID)); err != nil {
		return err
	}
	if err := tx.Delete(bucketCredentials, key); err != nil {
		return err
	}
	if err := removeFromRP(tx, c); err != nil {
		return err
	}
	return putUint(tx, bucketSettings, keyCredentialCount, CredentialCount(tx)-1)
}

// FindCredential returns the credential with the given ID of the relying party
// with rpIDHash, or nil if it has none.
func FindCredential(tx Tx, rpIDHash [32]byte, id []byte) (*Credential, error) {
	c, err := CredentialByID(tx, id)
	if err != nil || c == nil || c.RPIDHash != rpIDHash {
		return nil, err
	}
	return c, nil
}

// CredentialByID returns the credential with the given ID, whose ever it is, or
// nil if there is none. It is for credential management, which knows no more;
// an assertion wants [FindCredential].
func CredentialByID(tx Tx, id []byte) (*Credential, error) {
	key := sequenceOfID(tx, id)
	if key == nil {
		return nil, nil
	}
	c, err := record(tx, key)
	if err != nil || !bytes.Equal(c.ID, id) {
		return nil, err
	}
	return c, nil
}

// EachCredential yields the credentials of the relying party with rpIDHash, the
// newest first, each read when its turn comes. An error is the last that it
// yields.
func EachCredential(tx Tx, rpIDHash [32]byte) iter.Seq2[*Credential, error] {
	return func(yield func(*Credential, error) bool) {
		var keys [][]byte
		for _, key := range tx.All(bucketIndex, accountsKey(rpIDHash)) {
			keys = append(keys, key)
		}
		slices.SortFunc(keys, func(a, b []byte) int { return bytes.Compare(b, a) })
		for _, key := range keys {
			c, err := record(tx, key)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// Credentials returns what [EachCredential] yields.
func Credentials(tx Tx, rpIDHash [32]byte) ([]*Credential, error) {
	var all []*Credential
	for c, err := range EachCredential(tx, rpIDHash) {
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// CredentialCount returns how many credentials are stored.
func CredentialCount(tx Tx) uint64 {
	return getUint(tx, bucketSettings, keyCredentialCount)
}

// DeleteCredential removes the credential with the given ID, or fails with
// [ErrNoCredential].
func DeleteCredential(tx Tx, id []byte) error {
	c, err := CredentialByID(tx, id)
	if err != nil {
		return err
	}
	if c == nil {
		return ErrNoCredential
	}
	return deleteRecord(tx, sequenceKey(c.Created))
}

// UpdateUser gives the user of the credential with the given ID these names; an
// empty one removes the name. It fails with [ErrNoCredential] if there is no
// such credential.
func UpdateUser(tx Tx, id []byte, userName, userDisplayName string) error {
	return change(tx, id, func(c *Credential) { c.UserName, c.UserDisplayName = userName, userDisplayName })
}

// UpdateLargeBlob gives the credential with the given ID another large blob and
// the size that goes with it. It fails with [ErrNoCredential] if there is no
// such credential.
func UpdateLargeBlob(tx Tx, id, blob []byte, size uint64) error {
	return change(tx, id, func(c *Credential) { c.LargeBlob, c.LargeBlobSize = blob, size })
}

// change stores what alter makes of the credential with the given ID, or fails
// with [ErrNoCredential].
func change(tx Tx, id []byte, alter func(*Credential)) error {
	c, err := CredentialByID(tx, id)
	if err != nil {
		return err
	}
	if c == nil {
		return ErrNoCredential
	}
	alter(c)
	if err := c.check(); err != nil {
		return err
	}
	return putRecord(tx, c)
}

// record reads the credential with the sequence key. The error does not wrap
// the decoder's: its status would tell the platform that the request is at
// fault.
func record(tx Tx, key []byte) (*Credential, error) {
	stored := tx.Get(bucketCredentials, key)
	if len(key) != 8 || stored == nil {
		return nil, fmt.Errorf("keystore: credential %x is listed but not there", key)
	}
	var c Credential
	if err := ctap.Unmarshal(stored, &c); err != nil {
		return nil, fmt.Errorf("keystore: credential %x: %v", key, err)
	}
	if len(c.ID) < idPrefix {
		return nil, fmt.Errorf("keystore: credential %x has an ID of %d bytes", key, len(c.ID))
	}
	c.RPIDHash = sha256.Sum256([]byte(c.RPID))
	c.Created = binary.BigEndian.Uint64(key)
	return &c, nil
}

func putRecord(tx Tx, c *Credential) error {
	encoded, err := ctap.Marshal(c)
	if err != nil {
		return fmt.Errorf("keystore: credential: %w", err)
	}
	return tx.Put(bucketCredentials, sequenceKey(c.Created), encoded)
}

// sequenceKey is the key of a record: the oldest is the first of its bucket,
// and new ones fill the last page of a file to the brim.
func sequenceKey(sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, sequence)
}
