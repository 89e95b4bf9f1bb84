package keystore

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// PutCredentials stores all of these as the newest credentials, in their order,
// and sets their Created: [PutCredential] for thousands at once, at a tenth of
// the cost of each. None of them may replace another: accounts and IDs must be
// new. If more than limit credentials would be stored it fails with [ErrFull].
// Where it fails, the transaction must not be committed.
func PutCredentials(tx Tx, all []*Credential, limit int) error {
	count := CredentialCount(tx) + uint64(len(all))
	if count > uint64(max(limit, 0)) {
		return ErrFull
	}
	if err := number(tx, all); err != nil {
		return err
	}
	if err := putIndex(tx, all); err != nil {
		return err
	}
	for _, c := range all {
		if err := putRecord(tx, c); err != nil {
			return err
		}
	}
	if err := addAllToRPs(tx, all); err != nil {
		return err
	}
	return putUint(tx, bucketSettings, keyCredentialCount, count)
}

// number gives new credentials their sequence numbers.
func number(tx Tx, all []*Credential) error {
	sequence := getUint(tx, bucketSettings, keyCredentialSequence)
	for _, c := range all {
		if err := c.check(); err != nil {
			return err
		}
		sequence++
		c.Created = sequence
	}
	return putUint(tx, bucketSettings, keyCredentialSequence, sequence)
}

// putIndex enters new credentials in the index, in the order of its keys: bbolt
// moves all greater keys of a page at each insertion.
func putIndex(tx Tx, all []*Credential) error {
	type entry struct{ key, sequence []byte }
	entries := make([]entry, 0, 2*len(all))
	for _, c := range all {
		sequence := sequenceKey(c.Created)
		entries = append(entries, entry{accountKey(c), sequence}, entry{idKey(c.ID), sequence})
	}
	slices.SortFunc(entries, func(a, b entry) int { return bytes.Compare(a.key, b.key) })
	for i, e := range entries {
		if i > 0 && bytes.Equal(e.key, entries[i-1].key) || tx.Get(bucketIndex, e.key) != nil {
			return fmt.Errorf("keystore: account or credential ID %x is taken", e.key)
		}
	}
	for _, e := range entries {
		if err := tx.Put(bucketIndex, e.key, e.sequence); err != nil {
			return err
		}
	}
	return nil
}

// addAllToRPs counts new credentials among those of their relying parties.
func addAllToRPs(tx Tx, all []*Credential) error {
	rps := map[[32]byte]RP{}
	for _, c := range all {
		rp, ok := rps[c.RPIDHash]
		if !ok {
			var err error
			if rp, err = rpOf(tx, c); err != nil {
				return err
			}
		}
		rp.ID, rp.Name = c.RPID, c.RPName
		rp.Count++
		rps[c.RPIDHash] = rp
	}
	hashes := slices.SortedFunc(maps.Keys(rps), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, hash := range hashes {
		if err := tx.Put(bucketIndex, rpKey(hash), rps[hash].encode()); err != nil {
			return err
		}
	}
	return nil
}
