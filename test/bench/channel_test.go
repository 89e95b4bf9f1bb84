package main

import (
	"context"
	"testing"

	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/test/bench/floor"
)

// batch is how often an operation of less than a microsecond is done at once.
const batch = 100

func repeated(run func()) task {
	return each(func() {
		for range batch {
			run()
		}
	})
}

// BenchmarkPing sends 300 bytes to the device and back, beside one way through
// frames and out of them.
func BenchmarkPing(b *testing.B) {
	k := newKey(b, device.Config{})
	message := make([]byte, 300)
	var link floor.Link
	compare(b, operations,
		repeated(func() { k.transact(ctaphid.CommandPing, message) }),
		repeated(func() { link.Pass(message) }))
}

// BenchmarkChannels makes assertions for 4096 hosts in turn, each on a channel of
// its own, beside those of one host alone.
func BenchmarkChannels(b *testing.B) {
	k := newKey(b, device.Config{})
	one, many := k.assertions(cose.ES256, credentials), k.assertions(cose.ES256, credentials)
	hosts := k.hosts(4096)
	n := 0
	compare(b, operations, each(func() {
		n++
		many.key.host = hosts[n%len(hosts)]
		many.next()
	}), each(func() {
		one.key.host = hosts[0]
		one.next()
	}))
}

// hosts opens n channels of the device, on one link.
func (k *key) hosts(n int) (all []*ctaphid.Host) {
	link := ctaphid.Loopback(k.device.Handler(), k.device.CTAPHID(2))
	for range n {
		all = append(all, newHost(k.b, link))
	}
	return all
}

// BenchmarkINIT synchronises one channel while 10,000 are open, beside the same
// where there is no other.
func BenchmarkINIT(b *testing.B) {
	synchronise := func(channels int) task {
		k := newKey(b, device.Config{})
		return repeated(k.synchroniser(channels))
	}
	c := compare(b, operations, synchronise(10_000), synchronise(1))
	report(b, "init-µs", 1e-3/batch, c.cpu)
}

// synchroniser opens channels and returns what synchronises the last of them.
func (k *key) synchroniser(channels int) func() {
	link := ctaphid.Loopback(k.device.Handler(), k.device.CTAPHID(2))
	k.b.Cleanup(func() { _ = link.Close() })
	var host *ctaphid.Host
	for range channels {
		var err error
		if host, err = ctaphid.Open(context.Background(), link); err != nil {
			k.b.Fatal(err)
		}
	}
	message := ctaphid.Message{Channel: host.Channel(), Command: ctaphid.CommandInit, Payload: make([]byte, 8)}
	report := message.AppendReports(nil)[0]
	return func() {
		if err := link.WriteReport(report); err != nil {
			k.b.Fatal(err)
		}
		if _, err := link.ReadReport(); err != nil {
			k.b.Fatal(err)
		}
	}
}
