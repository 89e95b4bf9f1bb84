package ctaphid

import (
	"context"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// echo answers every message with itself.
type echo struct{}

func (echo) Handle(_ context.Context, req *ctap.Request) []byte { return req.Data }

func openLoopback(b *testing.B, h ctap.Handler) *Host {
	b.Helper()
	host, err := Open(context.Background(), Loopback(h, Config{}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { host.Close() })
	return host
}

func BenchmarkFragmentAssemble(b *testing.B) {
	m := Message{Channel: 1, Command: CommandPing, Payload: make([]byte, 300)}
	var reports []Report
	var buf []byte
	for b.Loop() {
		reports = m.AppendReports(reports[:0])
		a := begin(&reports[0], buf)
		for i := range reports[1:] {
			a.add(&reports[1+i])
		}
		buf = a.Payload
	}
}

func BenchmarkLoopbackPing(b *testing.B) {
	host := openLoopback(b, echo{})
	data := make([]byte, 300)
	for b.Loop() {
		if err := host.Ping(context.Background(), data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoopbackCBOR(b *testing.B) {
	host := openLoopback(b, echo{})
	data := make([]byte, 300)
	for b.Loop() {
		if _, err := host.Transact(context.Background(), CommandCBOR, data, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoopbackCBORWithDeadline(b *testing.B) {
	host := openLoopback(b, echo{})
	data := make([]byte, 300)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for b.Loop() {
		if _, err := host.Transact(ctx, CommandCBOR, data, nil); err != nil {
			b.Fatal(err)
		}
	}
}
