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
		if err := tx.Drop(b); err != nil {
			return err
		}
	}
	if err := renewWitnesses(tx); err != nil {
		return err
	}
	_, err := increment(tx, bucketDevice, keyResetCount)
	return err
}
