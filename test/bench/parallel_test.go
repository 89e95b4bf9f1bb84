package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/device"
)

// BenchmarkParallel has two clients, each with an authenticator of its own, beside
// one; and in the same rounds two goroutines that do nothing but sign, beside one.
func BenchmarkParallel(b *testing.B) {
	keys := []*assertions{newKey(b, device.Config{}).assertions(cose.ES256, credentials), newKey(b, device.Config{}).assertions(cose.ES256, credentials)}
	var speedups, bare, ratios []float64
	for b.Loop() {
		s := speedup(func(i int) { keys[i].next() })
		f := speedup(signer(b))
		speedups, bare, ratios = append(speedups, s), append(bare, f), append(ratios, s/f)
	}
	report(b, "speedup", 1, speedups)
	report(b, "sign-speedup", 1, bare)
	report(b, "x-sign", 1, ratios)
	b.ReportMetric(0, "ns/op")
}

// signer returns what signs, for goroutines 0 and 1.
func signer(b *testing.B) func(i int) {
	b.Helper()
	var keys [2]*ecdsa.PrivateKey
	for i := range keys {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		keys[i] = key
	}
	return func(i int) {
		digest := sha256.Sum256([]byte{byte(i)})
		if _, err := keys[i].Sign(nil, digest[:], crypto.SHA256); err != nil {
			panic(err) // the digest has the right length
		}
	}
}

// speedup returns how many times faster two goroutines are than one.
func speedup(run func(i int)) float64 {
	together := func(goroutines int) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() {
				for range operations {
					run(i)
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	before, both, after := together(1), together(2), together(1)
	return float64(before+after) / float64(both)
}
