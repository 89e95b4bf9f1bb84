package keystore

import (
	"encoding/binary"
	"fmt"
	"math"
)

// RestoreMargin is how far the counts of a store that is brought back from a copy
// jump: what the original may have used up since the copy was made, a signature
// every half a minute for a year.
const RestoreMargin = 1 << 20

// Restored returns what becomes of an entry when a store is brought back from a
// copy, whose original may have gone on. The signature counter jumps by
// [RestoreMargin], so that no relying party sees a value again; it fails with
// [ErrCounterExhausted] where it cannot. So does the count of starts, which in
// deterministic mode goes into the random stream. All else is as it was.
func Restored(e Entry) (Entry, error) {
	if e.Bucket != bucketDevice {
		return e, nil
	}
	switch string(e.Key) {
	case keySignCount:
		return restoredSignCount(e)
	case keyStartCount:
		starts, _ := binary.Uvarint(e.Value)
		e.Value = binary.AppendUvarint(nil, starts+RestoreMargin)
	}
	return e, nil
}

func restoredSignCount(e Entry) (Entry, error) {
	if len(e.Value) != 4 {
		return e, fmt.Errorf("keystore: signature counter of %d bytes, want 4", len(e.Value))
	}
	mark := binary.BigEndian.Uint32(e.Value)
	if mark > math.MaxUint32-RestoreMargin {
		return e, ErrCounterExhausted
	}
	e.Value = binary.BigEndian.AppendUint32(nil, mark+RestoreMargin)
	return e, nil
}
