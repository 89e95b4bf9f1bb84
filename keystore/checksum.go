package keystore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync"
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

// castagnoli takes a fifth of a millisecond when it is first called: a program
// that opens no store is to start without it.
var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

func newChecksum(name string, b Bucket) checksum {
	table := castagnoli()
	sum := crc32.Update(0, table, []byte(name))
	sum = crc32.Update(sum, table, []byte{0})
	sum = crc32.Update(sum, table, []byte(b))
	return checksum(crc32.Update(sum, table, []byte{0}))
}

func (s checksum) of(key, value []byte) uint32 {
	table := castagnoli()
	sum := crc32.Update(uint32(s)^uint32(len(key)), table, key)
	return crc32.Update(sum, table, value)
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
