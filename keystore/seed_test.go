package keystore_test

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

func TestCheckSeed(t *testing.T) {
	mine, other := [32]byte{1}, [32]byte{1, 31: 1}
	onEach(t, func(t *testing.T, s keystore.Store) {
		update(t, s, func(tx keystore.Tx) error { return keystore.CheckSeed(tx, mine) })
		update(t, s, keystore.Reset)
		view(t, s, func(tx keystore.Tx) {
			if err := keystore.CheckSeed(tx, mine); err != nil {
				t.Errorf("the same seed: got %v, want no error", err)
			}
			if err := keystore.CheckSeed(tx, other); !errors.Is(err, keystore.ErrSeed) {
				t.Errorf("another seed: got %v, want ErrSeed", err)
			}
		})
	})
}
