package ctaphid

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// echo answers every message with itself.
type echo struct{}

func (echo) Handle(_ context.Context, req *ctap.Request) []byte { return req.Data }

func benchHost(b *testing.B) *Host {
	b.Helper()
	host, err := Open(context.Background(), Loopback(echo{}, Config{}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { host.Close() })
	return host
}

// reassemble cuts a message of 300 bytes into reports and puts it together
// again: what no PING can do without, once each way.
func reassemble() func() {
	m := Message{Channel: 1, Command: CommandPing, Payload: make([]byte, 300)}
	var reports []Report
	var buf []byte
	return func() {
		reports = m.AppendReports(reports[:0])
		a := begin(&reports[0], buf)
		for i := range reports[1:] {
			a.add(&reports[1+i])
		}
		buf = a.Payload
	}
}

func BenchmarkReassemble(b *testing.B) {
	for op := reassemble(); b.Loop(); {
		op()
	}
}

// BenchmarkLoopbackPing reports, beside its time, how many times as long it
// takes as a message to be cut and put together, from interleaved rounds.
func BenchmarkLoopbackPing(b *testing.B) {
	host := benchHost(b)
	data := make([]byte, 300)
	ping := func() {
		if err := host.Ping(context.Background(), data); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		ping()
	}
	floor := reassemble()
	var ratios []float64
	for range 15 {
		ratios = append(ratios, float64(timeOf(ping))/float64(timeOf(floor)))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-floor")
}

func timeOf(op func()) time.Duration {
	start := time.Now()
	for range 5000 {
		op()
	}
	return time.Since(start)
}

func BenchmarkLoopbackCBOR(b *testing.B) {
	cancellable, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, bb := range []struct {
		name string
		ctx  context.Context
	}{{"Background", context.Background()}, {"Cancellable", cancellable}} {
		b.Run(bb.name, func(b *testing.B) {
			host := benchHost(b)
			data := make([]byte, 300)
			for b.Loop() {
				if _, err := host.Transact(bb.ctx, CommandCBOR, data, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkChannels has many hosts take turns at one device.
func BenchmarkChannels(b *testing.B) {
	for _, bb := range []struct {
		name  string
		hosts uint32
	}{{"1", 1}, {"4096", 4096}} {
		b.Run(bb.name, func(b *testing.B) {
			device := Loopback(echo{}, Config{})
			defer device.Close()
			ping := frames(0, CommandPing, []byte{1})[0]
			var host uint32
			for b.Loop() {
				host = (host + 1) % bb.hosts
				ping[2], ping[3] = byte((host+1)>>8), byte(host+1)
				roundTrip(b, device, ping)
			}
		})
	}
}

// BenchmarkInit allocates a channel when so many have been.
func BenchmarkInit(b *testing.B) {
	for _, bb := range []struct {
		name string
		open int
	}{{"first", 0}, {"10000", 10000}} {
		b.Run(bb.name, func(b *testing.B) {
			device := Loopback(echo{}, Config{})
			defer device.Close()
			init := frames(Broadcast, CommandInit, nonce)[0]
			for range bb.open {
				roundTrip(b, device, init)
			}
			for b.Loop() {
				roundTrip(b, device, init)
			}
		})
	}
}

func roundTrip(b *testing.B, device Transport, r Report) {
	if err := device.WriteReport(r); err != nil {
		b.Fatal(err)
	}
	if _, err := device.ReadReport(); err != nil {
		b.Fatal(err)
	}
}
