package keystore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// checksum guards the values of one bucket, for bbolt looks after its own two
// first pages alone. It begins the CRC-32C that follows each value in the file:
//
//	stored = value || CRC-32C (4) of: authenticator's name, 0, bucket, 0, key, value
//
// with the length of the key added in before the key. So a bit that flips in a
// key, a value or their lengths shows, and a page in the place of another.
type checksum uint32

const checksumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newChecksum(name string, b Bucket) checksum {
	sum := crc32.Update(0, castagnoli, []byte(name))
	sum = crc32.Update(sum, castagnoli, []byte{0})
	sum = crc32.Update(sum, castagnoli, []byte(b))
	return checksum(crc32.Update(sum, castagnoli, []byte{0}))
}

func (s checksum) of(key, value []byte) uint32 {
	sum := crc32.Update(uint32(s)^uint32(len(key)), castagnoli, key)
	return crc32.Update(sum, castagnoli, value)
}

// seal returns what is to be stored at key for value.
func (s checksum) seal(key, value []byte) []byte {
	stored := append(make([]byte, 0, len(value)+checksumSize), value...)
	return binary.BigEndian.AppendUint32(stored, s.of(key, value))
}

// open returns the value that was stored at key. It panics with [damage] if that
// was not sealed.
func (s checksum) open(key, stored []byte) []byte {
	size := len(stored) - checksumSize
	if size < 0 || binary.BigEndian.Uint32(stored[size:]) != s.of(key, stored[:size]) {
		panic(damage{fmt.Sprintf("checksum of %.16x", key)})
	}
	return stored[:size:size]
}
