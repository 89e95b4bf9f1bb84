package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// BenchmarkHeap counts what an assertion allocates, at both ends of the loopback.
func BenchmarkHeap(b *testing.B) {
	a := durableKey(b).assertions(cose.ES256, credentials)
	a.next()
	var allocs, bytes []float64
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range operations {
			a.next()
		}
		runtime.ReadMemStats(&after)
		allocs = append(allocs, float64(after.Mallocs-before.Mallocs)/operations)
		bytes = append(bytes, float64(after.TotalAlloc-before.TotalAlloc)/operations)
	}
	report(b, "allocs", 1, allocs)
	report(b, "heap-B", 1, bytes)
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCommits counts what reaches the disk.
func BenchmarkCommits(b *testing.B) {
	b.Run("GetAssertion", func(b *testing.B) {
		k, dir := countedKey(b)
		a := k.assertions(cose.ES256, credentials)
		countCommits(b, dir, blocks, func() { a.next() })
	})
	b.Run("MakeCredential", func(b *testing.B) {
		k, dir := countedKey(b)
		req := newCredential(cose.ES256, false)
		countCommits(b, dir, blocks, func() { k.ctap2(req.next()) })
	})
	b.Run("Resident", func(b *testing.B) {
		dir := b.TempDir()
		k, req := newKey(b, device.Config{Dir: dir}), newCredential(cose.ES256, true)
		countCommits(b, dir, 1, func() { k.ctap2(req.next()) })
	})
	b.Run("RightPIN", func(b *testing.B) {
		k, dir := countedKey(b)
		countCommits(b, dir, 1, func() { k.enterPIN(pinHash(), ctap.StatusOK) })
	})
	b.Run("WrongPIN", benchmarkWrongPIN)
}

// countedKey returns a key with a PIN, and its folder.
func countedKey(b *testing.B) (k *key, dir string) {
	b.Helper()
	dir = b.TempDir()
	return newKey(b, device.Config{Dir: dir, PIN: pin}), dir
}

// countCommits runs an operation n times in each round, and reports how many
// commits that costs.
func countCommits(b *testing.B, dir string, n int, operation func()) {
	b.Helper()
	before, rounds := commits(b, dir), 0
	for b.Loop() {
		for range n {
			operation()
		}
		rounds++
	}
	b.ReportMetric(float64(commits(b, dir)-before)/float64(rounds), "commits")
	b.ReportMetric(0, "ns/op")
}

// benchmarkWrongPIN enters a wrong PIN twice, and then the right one, for three
// wrong ones in a row would be the last. The right one may pay for the next
// failure in advance; the second failure pays for itself.
func benchmarkWrongPIN(b *testing.B) {
	k, dir := countedKey(b)
	var first, second, rounds uint64
	for b.Loop() {
		before := commits(b, dir)
		k.enterPIN(make([]byte, 16), ctap.StatusPINInvalid)
		between := commits(b, dir)
		k.enterPIN(make([]byte, 16), ctap.StatusPINInvalid)
		first, second, rounds = first+between-before, second+commits(b, dir)-between, rounds+1
		k.enterPIN(pinHash(), ctap.StatusOK)
	}
	b.ReportMetric(float64(first)/float64(rounds), "first")
	b.ReportMetric(float64(second)/float64(rounds), "second")
	b.ReportMetric(0, "ns/op")
}

// enterPIN asks for a token by the PIN with a hash, and wants a status.
func (k *key) enterPIN(hash []byte, want ctap.Status) {
	request := k.platform().seal(hash).pinToken(ctap.PermissionCredentialMgmt)
	if got := ctap.Status(k.transact(ctaphid.CommandCBOR, request)[0]); got != want {
		k.b.Fatalf("a PIN: got %v, want %v", got, want)
	}
}

// commits returns how many transactions were committed to the store in dir since
// it was made. Each writes its number to one of the two first pages of the file
// (bbolt, type meta): so what is counted is what the file has got, not what the
// key thinks.
func commits(b *testing.B, dir string) (last uint64) {
	b.Helper()
	f, err := os.Open(filepath.Join(dir, "softkey.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const header, offset = 16, 48
	for page := range 2 {
		var txid [8]byte
		if _, err := f.ReadAt(txid[:], int64(page*os.Getpagesize()+header+offset)); err != nil {
			b.Fatal(err)
		}
		last = max(last, binary.NativeEndian.Uint64(txid[:]))
	}
	return last
}
