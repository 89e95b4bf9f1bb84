package keystore_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// Ten thousand authenticators in one process are idle most of the time.
func TestMemoryIsSmall(t *testing.T) {
	const stores, most = 10_000, 1024
	before := heap()
	all := make([]*keystore.Memory, stores)
	for i := range all {
		all[i] = keystore.NewMemory()
		update(t, all[i], func(tx keystore.Tx) error {
			if err := keystore.PutDeviceKey(tx, [32]byte{byte(i)}); err != nil {
				return err
			}
			if err := keystore.PutUniq(tx, fmt.Sprintf("%016x", i)); err != nil {
				return err
			}
			_, err := keystore.IncrementStartCount(tx)
			return err
		})
		wantNext(t, newCounter(t, all[i]), 1, 1)
	}
	if got := (heap() - before) / stores; got > most {
		t.Errorf("got %d bytes for each store, want %d at most", got, most)
	} else {
		t.Logf("%d bytes for each store", got)
	}
	runtime.KeepAlive(all)
}

// heap returns how many bytes are in use.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
