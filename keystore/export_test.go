package keystore

// StartCount returns how often [IncrementStartCount] was called.
func StartCount(tx Tx) uint64 { return getUint(tx, bucketDevice, keyStartCount) }
