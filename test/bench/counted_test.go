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
		dir := b.TempDir()
		a := newKey(b, device.Config{Dir: dir}).assertions(cose.ES256, credentials)
		countCommits(b, dir, 1024, func() { a.next() })
	})
	for name, discoverable := range map[string]bool{"MakeCredential": false, "Resident": true} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			k, req := newKey(b, device.Config{Dir: dir}), newCredential(cose.ES256, discoverable)
			countCommits(b, dir, 64, func() { k.ctap2(req.next()) })
		})
	}
	b.Run("WrongPIN", benchmarkWrongPIN)
	b.Run("RightPIN", func(b *testing.B) {
		dir := b.TempDir()
		k := newKey(b, device.Config{Dir: dir, PIN: pin})
		p := k.platform()
		countCommits(b, dir, 8, func() { k.ctap2(p.seal(pinHash()).pinToken(ctap.PermissionCredentialMgmt)) })
	})
}

// countCommits runs an operation n times in each round, and reports how many
// commits one costs.
func countCommits(b *testing.B, dir string, n int, operation func()) {
	b.Helper()
	before, total := commits(b, dir), 0
	for b.Loop() {
		for range n {
			operation()
		}
		total += n
	}
	b.ReportMetric(float64(commits(b, dir)-before)/float64(total), "commits")
	b.ReportMetric(0, "ns/op")
}

// benchmarkWrongPIN enters a wrong PIN, and then the right one, for three wrong
// ones in a row would be the last. The key may pay for the failure before it
// knows of it, with the right PIN before: so both are counted together.
func benchmarkWrongPIN(b *testing.B) {
	dir := b.TempDir()
	k := newKey(b, device.Config{Dir: dir, PIN: pin})
	countCommits(b, dir, 1, func() {
		wrong := k.platform().seal(make([]byte, 16)).pinToken(ctap.PermissionCredentialMgmt)
		if got := k.transact(ctaphid.CommandCBOR, wrong)[0]; ctap.Status(got) != ctap.StatusPINInvalid {
			b.Fatalf("a wrong PIN: got %v, want %v", ctap.Status(got), ctap.StatusPINInvalid)
		}
		k.ctap2(k.platform().seal(pinHash()).pinToken(ctap.PermissionCredentialMgmt))
	})
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
