package keystore

// erased are the buckets that [Reset] empties.
var erased = [...]Bucket{bucketSettings, bucketCredentials, bucketIndex, bucketHandles}

// Reset does what authenticatorReset (§6.6) asks of the store: it erases the
// credentials and the settings, and with the device key each key handle that
// was ever wrapped under it. It adds one to [ResetCount].
//
// The signature counter, the serial number, the attestation material and the
// count of starts stay. The caller puts a new device key in the same
// transaction.
func Reset(tx Tx) error {
	for _, b := range erased {
		if err := empty(tx, b); err != nil {
			return err
		}
	}
	if err := renewWitnesses(tx); err != nil {
		return err
	}
	_, err := increment(tx, bucketDevice, keyResetCount)
	return err
}

// empty deletes all keys of b, once it has seen them all: a bucket must not be
// changed under All.
func empty(tx Tx, b Bucket) error {
	if t, ok := tx.(*boltTx); ok && !t.journal {
		return t.drop(b)
	}
	var keys [][]byte
	for key := range tx.All(b, nil) {
		keys = append(keys, key)
	}
	for _, key := range keys {
		if err := tx.Delete(b, key); err != nil {
			return err
		}
	}
	return nil
}
