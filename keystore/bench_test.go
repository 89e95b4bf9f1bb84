package keystore_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

var es256Material = bytes.Repeat([]byte{7}, 99) // algorithm, flags, d, X and Y

func BenchmarkWrap(b *testing.B) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Wrap([32]byte{2}, es256Material); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrap(b *testing.B) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	handle, err := w.Wrap([32]byte{2}, es256Material)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Unwrap([32]byte{2}, handle); err != nil {
			b.Fatal(err)
		}
	}
}

// An allowList holds mostly handles of other keys.
func BenchmarkUnwrapForeign(b *testing.B) {
	w := keystore.NewWrapper([32]byte{1}, nil)
	handle, err := keystore.NewWrapper([32]byte{3}, nil).Wrap([32]byte{2}, es256Material)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Unwrap([32]byte{2}, handle); err == nil {
			b.Fatal("a foreign handle was accepted")
		}
	}
}

// BenchmarkCounterNext is durable: each 1024th value waits for the disk.
func BenchmarkCounterNext(b *testing.B) {
	c := newCounter(b, open(b, b.TempDir(), keystore.Options{}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Next(); err != nil {
			b.Fatal(err)
		}
	}
}

// accountsPerRP is how many credentials a relying party has in these
// benchmarks.
const accountsPerRP = 2

// benchCredential returns one of different credentials of a usual size.
func benchCredential(n int) *keystore.Credential {
	c := credential(fmt.Sprintf("login%d.example.com", n/accountsPerRP), "alice.liddell", n)
	c.UserID = sha256.New().Sum(c.ID)[:16+n%17]
	return c
}

// filled opens a store with n credentials.
func filled(b *testing.B, n int) (s *keystore.Bolt, dir string) {
	b.Helper()
	const each = 100_000 // in a transaction
	dir = b.TempDir()
	s = open(b, dir, keystore.Options{NoSync: true})
	for i := 0; i < n; i += each {
		var all []*keystore.Credential
		for j := i; j < min(i+each, n); j++ {
			all = append(all, benchCredential(j))
		}
		update(b, s, func(tx keystore.Tx) error { return keystore.PutCredentials(tx, all, n) })
	}
	if err := errors.Join(s.Close(), keystore.Compact(dir, keystore.Options{NoSync: true})); err != nil {
		b.Fatal(err)
	}
	return open(b, dir, keystore.Options{NoSync: true}), dir
}

var sizes = []int{1_000, 1_000_000}

func BenchmarkFindCredential(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := filled(b, n)
			var wanted []*keystore.Credential
			for i := range 512 {
				wanted = append(wanted, benchCredential(i*7919%n))
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i = (i + 1) % len(wanted)
				view(b, s, func(tx keystore.Tx) {
					if c, err := keystore.FindCredential(tx, wanted[i].RPIDHash, wanted[i].ID); c == nil || err != nil {
						b.Fatalf("got %v, %v", c, err)
					}
				})
			}
		})
	}
}

func BenchmarkCredentials(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := filled(b, n)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				i = (i + 7919) % n
				view(b, s, func(tx keystore.Tx) {
					hash := sha256.Sum256(fmt.Appendf(nil, "login%d.example.com", i/accountsPerRP))
					if all, err := keystore.Credentials(tx, hash); len(all) != accountsPerRP || err != nil {
						b.Fatalf("got %d, %v", len(all), err)
					}
				})
			}
		})
	}
}

func BenchmarkRPs(b *testing.B) {
	s, _ := filled(b, 100_000*accountsPerRP)
	b.ReportAllocs()
	for b.Loop() {
		view(b, s, func(tx keystore.Tx) {
			n := 0
			for _, err := range keystore.RPs(tx) {
				if n++; err != nil {
					b.Fatal(err)
				}
			}
			if n != 100_000 {
				b.Fatalf("got %d relying parties", n)
			}
		})
	}
}

// BenchmarkOpen opens and closes stores of different sizes, and reports the
// bytes that each credential takes in them.
func BenchmarkOpen(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, dir := filled(b, n)
			used := size(b, s, dir)
			for b.Loop() {
				s, err := keystore.Open(dir, keystore.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(used)/float64(n), "B/credential")
		})
	}
}

// size closes s and returns how many bytes of its file hold pages.
func size(b *testing.B, s *keystore.Bolt, dir string) (used int64) {
	b.Helper()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	db, err := bbolt.Open(filepath.Join(dir, "softkey.db"), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error { used = tx.Size(); return nil })
	if err != nil {
		b.Fatal(err)
	}
	return used
}

// BenchmarkPutCredential stores a new credential durably, and in turn the same
// record by itself in an equal store, with nothing but bbolt. The ratio of the
// medians is x-floor.
func BenchmarkPutCredential(b *testing.B) {
	const before = 1_000
	s, dir := filled(b, before)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	s = open(b, dir, keystore.Options{})
	floor := bareBolt(b, before)
	var ours, bare []time.Duration
	n := before
	for b.Loop() {
		c := benchCredential(n)
		n++
		start := time.Now()
		update(b, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 1<<30) })
		middle := time.Now()
		putBare(b, floor, c)
		ours = append(ours, middle.Sub(start))
		bare = append(bare, time.Since(middle))
	}
	b.ReportMetric(float64(median(ours)), "ns-put")
	b.ReportMetric(float64(median(bare)), "ns-floor")
	b.ReportMetric(float64(median(ours))/float64(median(bare)), "x-floor")
}

// bareBolt opens a bbolt file with n records under their IDs.
func bareBolt(b *testing.B, n int) *bbolt.DB {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	db.NoSync = true
	for i := range n {
		putBare(b, db, benchCredential(i))
	}
	db.NoSync = false
	return db
}

func putBare(b *testing.B, db *bbolt.DB, c *keystore.Credential) {
	b.Helper()
	err := db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("records"))
		if err != nil {
			return err
		}
		return bucket.Put(c.ID[:32], ctap.MustMarshal(c))
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkUpdate puts one key durably, with 1 to 256 callers at a time.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			s := openShared(b, b.TempDir(), keystore.Options{})
			stores := make([]keystore.Store, callers)
			for i := range stores {
				stores[i] = storeOf(b, s, fmt.Sprint(i))
			}
			for b.Loop() { // an operation is one Update of each caller
				var wg sync.WaitGroup
				for _, store := range stores {
					wg.Go(func() {
						if err := store.Update(putDeviceKey(1)); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
			}
			b.ReportMetric(float64(callers*b.N)/b.Elapsed().Seconds(), "updates/s")
		})
	}
}

// BenchmarkStoreOf opens the store of one of 10,000 authenticators, reads what
// it begins with and closes it.
func BenchmarkStoreOf(b *testing.B) {
	const count = 10_000
	s := openShared(b, b.TempDir(), keystore.Options{NoSync: true})
	for i := range count {
		store := storeOf(b, s, fmt.Sprint(i))
		update(b, store, putDeviceKey(1))
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i = (i + 7919) % count
		store := storeOf(b, s, fmt.Sprint(i))
		if deviceKeyOf(b, store) != 1 {
			b.Fatal("no device key")
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
