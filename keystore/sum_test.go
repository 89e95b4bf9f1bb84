package keystore

import "testing"

// Where the key ends and the value begins is in the checksum, and whose they
// are.
func TestChecksumOf(t *testing.T) {
	want := newChecksum("name", "bucket").of([]byte("key"), []byte("value"))
	for what, got := range map[string]uint32{
		"a longer key":      newChecksum("name", "bucket").of([]byte("keyv"), []byte("alue")),
		"another value":     newChecksum("name", "bucket").of([]byte("key"), []byte("valuf")),
		"another bucket":    newChecksum("name", "bucker").of([]byte("key"), []byte("value")),
		"another name":      newChecksum("nam", "ebucket").of([]byte("key"), []byte("value")),
		"the file's bucket": newChecksum("", "bucket").of([]byte("key"), []byte("value")),
	} {
		if got == want {
			t.Errorf("%s: got the same checksum %08x", what, got)
		}
	}
}
