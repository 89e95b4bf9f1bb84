//go:build e2e && linux

package node_test

import (
	"context"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
)

// safe is the longest request that the kernel's queue holds: uhid keeps 31
// reports that the key has not read, the first of them with 57 bytes of the
// message, the others with 59.
const safe = 57 + 30*59

// TestRequestsThatFitTheQueue sends them without a pause, as all clients do, and
// loses none.
func TestRequestsThatFitTheQueue(t *testing.T) {
	key := atNode(t)
	for _, size := range []int{0, 57, 58, 1200, safe} {
		for range 30 {
			if err := key.Ping(t.Context(), make([]byte, size)); err != nil {
				t.Fatalf("Ping of %d bytes: %v", size, err)
			}
		}
	}
}

// TestLongerRequests counts what arrives of requests that the queue may not hold:
// that is up to the scheduler. The key answers again once it has read the rest.
func TestLongerRequests(t *testing.T) {
	const tries = 10
	key := atNode(t)
	for _, size := range []int{safe + 59, safe + 2*59, 4096, 7609} {
		arrived := 0
		for range tries {
			if ping(t, key, size) == nil {
				arrived++
			}
			settle(t, key)
		}
		note("requests of %d bytes, written without a pause: %d of %d arrived", size, arrived, tries)
	}
}

// settle returns when the key answers short requests, of which the first may be
// lost behind a long one.
func settle(t *testing.T, key *client.Device) {
	t.Helper()
	for range 20 {
		if ping(t, key, 8) == nil {
			return
		}
	}
	t.Fatal("the key does not answer any more")
}

// ping gives the key a while more than it waits for the rest of a message.
func ping(t *testing.T, key *client.Device, size int) error {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return key.Ping(ctx, make([]byte, size))
}
