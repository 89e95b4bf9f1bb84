package keystore

import "bytes"

// A key handle that is too long for a relying party to keep, an RSA key's for
// instance, stays here under a short random ID, though its credential is not
// discoverable.

// PutKeyHandle keeps a key handle of rpIDHash under an ID. If limit of them are
// kept, it fails with [ErrFull] and changes nothing: nobody can delete one but by
// a [Reset].
func PutKeyHandle(tx Tx, rpIDHash [32]byte, id, keyHandle []byte, limit int) error {
	kept := 0
	for range tx.Keys(bucketHandles, nil) {
		kept++
	}
	if kept >= limit {
		return ErrFull
	}
	return tx.Put(bucketHandles, id, append(rpIDHash[:], keyHandle...))
}

// KeyHandle returns the key handle that rpIDHash has under an ID, or nil.
func KeyHandle(tx Tx, rpIDHash [32]byte, id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	handle, ok := bytes.CutPrefix(tx.Get(bucketHandles, id), rpIDHash[:])
	if !ok {
		return nil
	}
	return bytes.Clone(handle)
}
