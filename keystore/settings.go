package keystore

import (
	"bytes"
	"encoding/binary"
)

const (
	keyDeviceKey  = "device-key"
	keyUniq       = "uniq"
	keyResetCount = "resets"
	keyStartCount = "starts"
)

// DeviceKey returns the key under which key handles are wrapped. ok is false in
// a new store and after [Reset].
func DeviceKey(tx Tx) (key [32]byte, ok bool) {
	stored := tx.Get(bucketSettings, []byte(keyDeviceKey))
	return key, copy(key[:], stored) == len(key)
}

// PutDeviceKey keeps key as the device key.
func PutDeviceKey(tx Tx, key [32]byte) error {
	return putVital(tx, bucketSettings, keyDeviceKey, key[:])
}

// Uniq returns the serial number that the device shows on its bus, 16 hex
// digits, or "" if none was put.
func Uniq(tx Tx) string {
	return string(tx.Get(bucketDevice, []byte(keyUniq)))
}

// PutUniq keeps the serial number of the device. A reset does not change it.
func PutUniq(tx Tx, uniq string) error {
	return putVital(tx, bucketDevice, keyUniq, []byte(uniq))
}

// ResetCount returns how often the store was [Reset].
func ResetCount(tx Tx) uint64 {
	return getUint(tx, bucketDevice, keyResetCount)
}

// IncrementStartCount adds one to the count of starts and returns it. In
// deterministic mode it goes into the random stream, so the transaction must be
// committed before the stream is read.
func IncrementStartCount(tx Tx) (uint64, error) {
	return increment(tx, bucketDevice, keyStartCount)
}

// Attestation returns what was put under name, or nil: attestation keys and
// certificates, in an encoding that is their user's business.
func Attestation(tx Tx, name string) []byte {
	return bytes.Clone(tx.Get(bucketAttestation, []byte(name)))
}

// PutAttestation keeps attestation material under name. A reset does not
// change it (§6.6).
func PutAttestation(tx Tx, name string, material []byte) error {
	return tx.Put(bucketAttestation, []byte(name), material)
}

// getUint returns the number at key, 0 if there is none.
func getUint(tx Tx, b Bucket, key string) uint64 {
	n, _ := binary.Uvarint(tx.Get(b, []byte(key)))
	return n
}

func putUint(tx Tx, b Bucket, key string, n uint64) error {
	return tx.Put(b, []byte(key), binary.AppendUvarint(nil, n))
}

func increment(tx Tx, b Bucket, key string) (uint64, error) {
	n := getUint(tx, b, key) + 1
	return n, putUint(tx, b, key, n)
}
