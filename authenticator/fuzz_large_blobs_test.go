package authenticator

import (
	"bytes"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// blobModel is what the large-blob array of a key must be like, said in another
// way.
type blobModel struct {
	stored  []byte
	array   []byte // that is being written
	written int    // bytes of it, 0: none is
}

// write is a fragment at an offset, the first of an array of that length.
func (m *blobModel) write(fragment []byte, offset int, sound bool) ctap.Status {
	if offset > 0 && (m.written == 0 || offset != m.written) {
		m.written = 0
		return ctap.StatusInvalidSeq
	}
	if m.written = offset + len(fragment); m.written < len(m.array) {
		return ctap.StatusOK
	}
	m.written = 0
	if !sound {
		return ctap.StatusIntegrityFailure
	}
	m.stored = m.array
	return ctap.StatusOK
}

// FuzzLargeBlobWrites plays a script of fragments: in order, out of it, with a
// wrong hash, interrupted. What is read is at any time the array that was last
// written as a whole.
func FuzzLargeBlobWrites(f *testing.F) {
	f.Add([]byte{0, 4, 1, 0, 1, 0, 5, 0})
	f.Add([]byte{0, 9, 1, 0, 1, 0, 1, 0, 5, 0, 0, 20, 3, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0})
	f.Add([]byte{0, 20, 2, 0, 1, 0, 5, 0, 0, 20, 4, 0, 1, 0, 1, 0})
	f.Add([]byte{1, 0, 0, 0, 5, 0, 0, 255, 1, 0, 5, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		k := newKey(t, Approve{}, nil)
		m := &blobModel{stored: emptyLargeBlobArray()}
		sound := true
		for ; len(script) >= 2; script = script[2:] {
			op, arg := script[0]%6, int(script[1])
			switch op {
			case 0: // begin
				m.array, sound, m.written = sealLargeBlobs(bytes.Repeat([]byte{byte(arg)}, 1+4*arg)), arg%4 != 3, 0
				if !sound {
					m.array[0] ^= 0xff
				}
				k.fragment(m, 0, sound)
			case 1, 2: // go on, or not where it stopped
				if len(m.array) > 0 {
					k.fragment(m, m.written+int(op-1), sound)
				}
			case 3: // what does not interrupt
				k.info()
			case 4: // what does
				wantStatus(t, "selection", k.command(ctap.CommandSelection, nil, nil), nil)
				m.written = 0
			case 5:
				got, err := k.readBlobs(2000, 0)
				if err != nil || !bytes.Equal(got, m.stored) {
					t.Fatalf("got %x, %v; want %x", got, err, m.stored)
				}
				m.written = 0
			}
		}
		if got, err := k.readBlobs(2000, 0); err != nil || !bytes.Equal(got, m.stored) {
			t.Errorf("at the end: got %x, %v; want %x", got, err, m.stored)
		}
	})
}

// fragment writes the part of the model's array that is at offset, of 100 bytes
// at most.
func (k key) fragment(m *blobModel, offset int, sound bool) {
	k.t.Helper()
	part := m.array[min(offset, len(m.array)):min(offset+100, len(m.array))]
	length := uint64(0)
	if offset == 0 {
		length = uint64(len(m.array))
	}
	if len(part) == 0 {
		part = []byte{0}
	}
	want := m.write(part, offset, sound)
	wantStatus(k.t, "largeBlobs set", k.writeBlobs(nil, part, uint64(offset), length), statusOrNil(want))
}

// statusOrNil is the error of a status.
func statusOrNil(s ctap.Status) error {
	if s == ctap.StatusOK {
		return nil
	}
	return s
}
