package seal

import (
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// BenchmarkGet reads a record of a usual size, of a store in memory: what sealing
// adds is decryption.
func BenchmarkGet(b *testing.B) {
	const records = keystore.Bucket("credentials")
	for _, store := range []struct {
		name string
		keystore.Store
	}{{"plain", keystore.NewMemory()}, {"sealed", NewKey().open(keystore.NewMemory())}} {
		b.Run(store.name, func(b *testing.B) {
			put := func(tx keystore.Tx) error { return tx.Put(records, []byte("00000001"), make([]byte, 280)) }
			if err := store.Update(put); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := store.View(func(tx keystore.Tx) error { tx.Get(records, []byte("00000001")); return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
