package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// testLikeMap does the same random things to the store and to a map.
func testLikeMap(t *testing.T, s keystore.Store) {
	random := rand.New(rand.NewPCG(1, 2))
	model := map[string]string{}
	for range 60 {
		next := maps.Clone(model)
		drop := errors.New("rolled back")
		err := s.Update(func(tx keystore.Tx) error {
			for range random.IntN(40) {
				step(t, random, tx, next)
			}
			wantModel(t, tx, next)
			if random.IntN(3) == 0 {
				return drop
			}
			return nil
		})
		switch {
		case err == nil:
			model = next
		case err != drop:
			t.Fatalf("Update: %v", err)
		}
		view(t, s, func(tx keystore.Tx) { wantModel(t, tx, model) })
	}
}

// step puts or deletes one of 300 keys.
func step(t *testing.T, random *rand.Rand, tx keystore.Tx, model map[string]string) {
	key := fmt.Sprint(random.IntN(300))
	if random.IntN(3) > 0 {
		model[key] = strings.Repeat(key, random.IntN(200))
		put(t, tx, fruit, key, model[key])
		return
	}
	delete(model, key)
	if err := tx.Delete(fruit, []byte(key)); err != nil {
		t.Fatal(err)
	}
}

func wantModel(t *testing.T, tx keystore.Tx, model map[string]string) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(model))
	for key, value := range tx.All(fruit, nil) {
		if len(keys) == 0 || string(key) != keys[0] || string(value) != model[keys[0]] {
			t.Fatalf("got %q, want the first of %q", key, keys)
		}
		if !bytes.Equal(tx.Get(fruit, key), value) {
			t.Fatalf("Get(%q) and All differ", key)
		}
		keys = keys[1:]
	}
	if len(keys) > 0 {
		t.Fatalf("All ended before %q", keys)
	}
}
