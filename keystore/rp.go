package keystore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// RP is a relying party that has credentials in the store.
type RP struct {
	IDHash [32]byte
	ID     string
	Name   string // as in the latest registration
	Count  int    // of credentials, never 0
}

// RPs yields the relying parties that have credentials, in the order of their
// hashes. The cost does not depend on the number of credentials.
func RPs(tx Tx) iter.Seq2[RP, error] {
	return func(yield func(RP, error) bool) {
		for key, stored := range tx.All(bucketIndex, []byte{indexRP}) {
			if rp, err := decodeRP(key[1:], stored); !yield(rp, err) || err != nil {
				return
			}
		}
	}
}

// CountRPs returns how many relying parties have credentials. It looks at their
// keys alone: a hundred thousand are counted in a few milliseconds.
func CountRPs(tx Tx) (n int) {
	for key := range tx.Keys(bucketIndex, []byte{indexRP}) {
		if key[0] != indexRP {
			break
		}
		n++
	}
	return n
}

// NextRP returns the first relying party that has credentials and whose hash is
// greater than after, or nil if there is none. Nil is less than any hash.
func NextRP(tx Tx, after []byte) (*RP, error) {
	for key := range tx.Keys(bucketIndex, slices.Concat([]byte{indexRP}, after, []byte{0})) {
		if key[0] != indexRP {
			break
		}
		if len(key) != 1+32 {
			return nil, fmt.Errorf("%w: %x", errRPRecord, key)
		}
		return FindRP(tx, [32]byte(key[1:]))
	}
	return nil, nil
}

// FindRP returns the relying party with the given hash, or nil if it has no
// credentials.
func FindRP(tx Tx, rpIDHash [32]byte) (*RP, error) {
	stored := tx.Get(bucketIndex, rpKey(rpIDHash))
	if stored == nil {
		return nil, nil
	}
	rp, err := decodeRP(rpIDHash[:], stored)
	return &rp, err
}

// addToRP counts c among the credentials of its relying party.
func addToRP(tx Tx, c *Credential) error {
	rp, err := rpOf(tx, c)
	if err != nil {
		return err
	}
	rp.ID, rp.Name = c.RPID, c.RPName
	rp.Count++
	return tx.Put(bucketIndex, rpKey(rp.IDHash), rp.encode())
}

// removeFromRP undoes addToRP; a relying party without credentials is gone.
func removeFromRP(tx Tx, c *Credential) error {
	rp, err := rpOf(tx, c)
	if err != nil {
		return err
	}
	if rp.Count <= 1 {
		return tx.Delete(bucketIndex, rpKey(rp.IDHash))
	}
	rp.Count--
	return tx.Put(bucketIndex, rpKey(rp.IDHash), rp.encode())
}

// rpOf returns the relying party of c, with a Count of 0 if it is new.
func rpOf(tx Tx, c *Credential) (RP, error) {
	rp, err := FindRP(tx, c.RPIDHash)
	if rp == nil {
		return RP{IDHash: c.RPIDHash}, err
	}
	return *rp, err
}

// encode returns the record of rp. It is not CBOR, for 100,000 of them are to
// be listed in 10 ms.
//
//	record = count (uvarint) || length of rp.id (uvarint) || rp.id || rp.name
func (rp RP) encode() []byte {
	buf := binary.AppendUvarint(nil, uint64(rp.Count))
	buf = binary.AppendUvarint(buf, uint64(len(rp.ID)))
	buf = append(buf, rp.ID...)
	return append(buf, rp.Name...)
}

var errRPRecord = errors.New("keystore: relying party record is damaged")

func decodeRP(hash, stored []byte) (RP, error) {
	count, n := binary.Uvarint(stored)
	if n <= 0 || len(hash) != 32 {
		return RP{}, fmt.Errorf("%w: %x", errRPRecord, hash)
	}
	size, m := binary.Uvarint(stored[n:])
	text := stored[n+max(m, 0):]
	if m <= 0 || size > uint64(len(text)) {
		return RP{}, fmt.Errorf("%w: %x", errRPRecord, hash)
	}
	both := string(text)
	return RP{IDHash: [32]byte(hash), ID: both[:size], Name: both[size:], Count: int(count)}, nil
}
