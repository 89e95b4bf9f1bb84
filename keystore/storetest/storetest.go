// Package storetest tests what every [keystore.Store] must do. A new kind of
// store calls [Run] from its own tests.
package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

const fruit, stone keystore.Bucket = "fruit", "stone"

// Run tests the stores that open makes. Each call of open returns a new, empty
// store; Run closes it.
func Run(t *testing.T, open func(t *testing.T) keystore.Store) {
	tests := []struct {
		name string
		test func(t *testing.T, s keystore.Store)
	}{
		{"get", testGet},
		{"delete", testDelete},
		{"drop", testDrop},
		{"buckets", testBuckets},
		{"order", testOrder},
		{"prefix", testPrefix},
		{"from", testFrom},
		{"stop", testStop},
		{"copies", testCopies},
		{"valid slices", testValidSlices},
		{"keys", testKeys},
		{"read only", testReadOnly},
		{"roll back on error", testRollBackOnError},
		{"roll back on panic", testRollBackOnPanic},
		{"view beside update", testViewBesideUpdate},
		{"concurrent updates", testConcurrentUpdates},
		{"like a map", testLikeMap},
		{"close", testClose},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			tt.test(t, s)
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// update runs fn in an Update that must succeed.
func update(t *testing.T, s keystore.Store, fn func(tx keystore.Tx)) {
	t.Helper()
	if err := s.Update(func(tx keystore.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs fn in a View that must succeed.
func view(t *testing.T, s keystore.Store, fn func(tx keystore.Tx)) {
	t.Helper()
	if err := s.View(func(tx keystore.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put writes pairs of keys and values to b.
func put(t *testing.T, tx keystore.Tx, b keystore.Bucket, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if err := tx.Put(b, []byte(pairs[i]), []byte(pairs[i+1])); err != nil {
			t.Fatalf("Put(%q): %v", pairs[i], err)
		}
	}
}

// content returns what All yields, as "key=value key=value".
func content(tx keystore.Tx, b keystore.Bucket, prefix string) string {
	var all []string
	for key, value := range tx.All(b, []byte(prefix)) {
		all = append(all, fmt.Sprintf("%s=%s", key, value))
	}
	return strings.Join(all, " ")
}

func wantContent(t *testing.T, tx keystore.Tx, b keystore.Bucket, prefix, want string) {
	t.Helper()
	if got := content(tx, b, prefix); got != want {
		t.Errorf("All(%s, %q): got %q, want %q", b, prefix, got, want)
	}
}
