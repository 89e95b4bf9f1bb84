package keystore

import (
	"crypto/sha256"
	"slices"
)

// The index leads to credentials from what is known of them. It is one bucket,
// for each further one would cost a new credential two more pages of the file.
//
//	'a' || rpIDHash (32) || SHA-256 of the user ID (16) → sequence number
//	'i' || the first bytes of the credential ID (16)    → sequence number
//	'r' || rpIDHash (32)                                → [RP]
const (
	indexAccount = 'a'
	indexID      = 'i'
	indexRP      = 'r'

	idPrefix = 16 // the IDs are random: 16 bytes tell them apart
)

// accountsKey begins the keys of all accounts of a relying party.
func accountsKey(rpIDHash [32]byte) []byte {
	return append([]byte{indexAccount}, rpIDHash[:]...)
}

func accountKey(c *Credential) []byte {
	user := sha256.Sum256(c.UserID)
	return slices.Concat(accountsKey(c.RPIDHash), user[:16])
}

// idKey is the key of a credential ID, which must have 16 bytes or more.
func idKey(id []byte) []byte {
	return append([]byte{indexID}, id[:idPrefix]...)
}

func rpKey(rpIDHash [32]byte) []byte {
	return append([]byte{indexRP}, rpIDHash[:]...)
}

// sequenceOfID returns the sequence number of the credential with the given ID
// as its key, or nil.
func sequenceOfID(tx Tx, id []byte) []byte {
	if len(id) < idPrefix {
		return nil
	}
	return tx.Get(bucketIndex, idKey(id))
}
