package main

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// BenchmarkScale has stores of up to a million credentials, made when they are
// needed.
func BenchmarkScale(b *testing.B) {
	folder := b.TempDir()
	made := map[string]store{}
	at := func(b *testing.B, s storeSize) store {
		if _, ok := made[s.name]; !ok {
			made[s.name] = newStore(b, s, filepath.Join(folder, s.name))
		}
		return made[s.name]
	}
	sizes := storeSizes(testing.Short())
	smallest, largest := sizes[0], sizes[len(sizes)-1]
	for _, s := range sizes {
		b.Run("Assertion/"+s.name, func(b *testing.B) { compareAssertions(b, at(b, s), at(b, smallest)) })
		b.Run("Size/"+s.name, func(b *testing.B) { reportSize(b, at(b, s)) })
		b.Run("Open/"+s.name, func(b *testing.B) { reportOpen(b, at(b, s)) })
	}
	p := newProgram(b)
	b.Run("Start/"+largest.name, func(b *testing.B) {
		compareStarts(b, func() cost { return p.start(b, at(b, largest).dir) }, func() cost { return p.start(b, at(b, smallest).dir) })
	})
	b.Run("Memory/"+largest.name, func(b *testing.B) { p.reportGrowth(b, at(b, largest), at(b, smallest)) })
	for _, s := range longSizes { // after the others, for it makes the stores larger
		if testing.Short() {
			break
		}
		b.Run("Resident/"+s.name, func(b *testing.B) { compareResident(b, at(b, s)) })
	}
	b.Run("RPs/100k", func(b *testing.B) { reportRPs(b, at(b, storeSize{"200k", 200_000})) }) // sets a PIN
}

// compareAssertions makes assertions by discoverable credentials of two stores.
func compareAssertions(b *testing.B, large, small store) {
	b.Helper()
	if large.name == small.name { // whose store can be open only once
		k := small.open(b)
		compare(b, operations, prepared(k, small.discover), prepared(k, small.discover))
		return
	}
	compare(b, operations, prepared(large.open(b), large.discover), prepared(small.open(b), small.discover))
}

// reportSize reports the bytes of the file for each credential, once it was
// compacted and as it had grown before.
func reportSize(b *testing.B, s store) {
	b.Helper()
	info, err := os.Stat(s.file())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
	}
	b.ReportMetric(float64(info.Size())/float64(s.credentials), "stored-B")
	b.ReportMetric(float64(s.grown)/float64(s.credentials), "grown-B")
	b.ReportMetric(0, "ns/op")
}

// reportOpen reports how long it takes from opening the store to the first
// assertion, where the system has the file in memory, and where it has not.
func reportOpen(b *testing.B, s store) {
	b.Helper()
	var warm, cold []float64
	for b.Loop() {
		warm = append(warm, s.openAndAssert(b))
		s.forget(b)
		cold = append(cold, s.openAndAssert(b))
	}
	report(b, "warm-ms", 1e3, warm)
	report(b, "cold-ms", 1e3, cold)
	b.ReportMetric(0, "ns/op")
}

// openAndAssert returns the seconds to the first assertion.
func (s store) openAndAssert(b *testing.B) float64 {
	b.Helper()
	start := time.Now()
	k := s.open(b)
	k.ctap2(s.discover())
	seconds := time.Since(start).Seconds()
	_ = k.host.Close()
	if err := k.device.Close(); err != nil {
		b.Fatal(err)
	}
	return seconds
}

// forget has the system drop what it has of the file in memory.
func (s store) forget(b *testing.B) {
	b.Helper()
	f, err := os.Open(s.file())
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // it drops no page that is yet to be written
		b.Fatal(err)
	}
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
		b.Fatal(errno)
	}
}

// reportRPs reports how long the command takes that begins to list the relying
// parties, which counts them, and how long the one that goes on.
func reportRPs(b *testing.B, s store) {
	b.Helper()
	k := newKey(b, device.Config{Dir: s.dir, Profile: roomy(), PIN: pin})
	authorize := k.pinUvAuth(ctap.PermissionCredentialMgmt)
	subcommand, number := ctap.EnumerateRPsBegin, uint64(protocol)
	begin := encode(ctap.CommandCredentialManagement, &ctap.CredentialManagementRequest{
		Subcommand: subcommand, PinUvAuthProtocol: &number, PinUvAuthParam: authorize([]byte{byte(subcommand)}),
	})
	next := encode(ctap.CommandCredentialManagement, &ctap.CredentialManagementRequest{Subcommand: ctap.EnumerateRPsGetNextRP})
	const more = 100
	var times, spent, nextTimes []float64
	for b.Loop() {
		start, used := time.Now(), cpuTime()
		answer := k.ctap2(begin)
		times = append(times, time.Since(start).Seconds())
		spent = append(spent, (cpuTime() - used).Seconds())
		start = time.Now()
		for range more {
			k.ctap2(next)
		}
		nextTimes = append(nextTimes, time.Since(start).Seconds()/more)
		if got := decode[ctap.CredentialManagementResponse](b, answer).TotalRPs; got < uint64(s.credentials/accounts) {
			b.Fatalf("got %d relying parties, want %d or more", got, s.credentials/accounts)
		}
	}
	report(b, "begin-ms", 1e3, times)
	report(b, "begin-cpu-ms", 1e3, spent)
	report(b, "next-µs", 1e6, nextTimes)
	b.ReportMetric(0, "ns/op")
}

// pinUvAuth gets a token by the PIN, and returns what authenticates with it.
func (k *key) pinUvAuth(permissions ctap.Permissions) func(message []byte) []byte {
	p := k.platform()
	s := p.seal(pinHash())
	resp := decode[ctap.ClientPINResponse](k.b, k.ctap2(s.pinToken(permissions)))
	two := pinuv.ByNumber(protocol)
	token, err := two.Decrypt(s.secret, resp.PinUvAuthToken)
	if err != nil {
		k.b.Fatal(err)
	}
	return func(message []byte) []byte { return two.Authenticate(token, message) }
}

// reportGrowth reports how much more memory of its own a key has for a large store
// than for a small one, after an assertion.
func (p program) reportGrowth(b *testing.B, large, small store) {
	b.Helper()
	var growth []float64
	for b.Loop() {
		growth = append(growth, p.memoryWith(b, large).anonymous-p.memoryWith(b, small).anonymous)
	}
	report(b, "growth-MB", 1e-6, growth)
	b.ReportMetric(0, "ns/op")
}

func (p program) memoryWith(b *testing.B, s store) memory {
	b.Helper()
	cmd, host := p.open(b, s.dir)
	defer kill(cmd)
	defer host.Close()
	for range 10 {
		answer, err := host.Transact(context.Background(), ctaphid.CommandCBOR, s.discover(), nil)
		if err != nil || answer[0] != 0 {
			b.Fatalf("getAssertion: %x, %v", answer, err)
		}
	}
	return memoryOf(b, cmd.Process.Pid)
}
