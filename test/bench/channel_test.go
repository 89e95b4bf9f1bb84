package main

import (
	"bytes"
	"context"
	"sync"
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

// BenchmarkChannels has the hosts of one key, each with a channel of its own.
func BenchmarkChannels(b *testing.B) {
	b.Run("AtOnce", contend)
	b.Run("InTurn", takeTurns)
}

// contend makes assertions for 4096 hosts at once, beside as many for one. They
// come by sixteen links, and so there are always others who wait for the key. A
// link has one command at a time: who finds it busy would pause for 50 ms, so its
// hosts queue for it, as the programs of a computer do that has a daemon for keys.
func contend(b *testing.B) {
	const clients, links = 4096, 16
	k := newKey(b, device.Config{})
	one := k.assertions(cose.ES256, credentials)
	var many []*assertions
	for l := range uint64(links) {
		for _, host := range k.hosts(2+l, clients/links) {
			many = append(many, one.by(host, len(many)))
		}
	}
	var queues [links]sync.Mutex
	next := func(i int) {
		queue := &queues[i/(clients/links)]
		queue.Lock()
		defer queue.Unlock()
		many[i].next()
	}
	compareRounds(b, 1, 1, burst(b, clients, next), burst(b, 1, func(int) { one.next() }))
	one.check()
	many[0].check()
}

// by returns the assertions that host i of the same key makes by one of the
// credentials.
func (a *assertions) by(host *ctaphid.Host, i int) *assertions {
	n := i % len(a.all)
	req := newRequest(bytes.Clone(a.requests[n].message), bytes.Clone(a.requests[n].places[0]))
	req.sent = uint64(i+1) << 32 // no other host asks the same
	return &assertions{
		key: &key{a.key.b, a.key.device, host}, alg: a.alg,
		all: a.all[n : n+1], requests: []*request{req},
	}
}

// takeTurns makes assertions for 4096 hosts of one link, one after the other,
// beside those of one host alone.
func takeTurns(b *testing.B) {
	k := newKey(b, device.Config{})
	one, many := k.assertions(cose.ES256, credentials), k.assertions(cose.ES256, credentials)
	hosts := k.hosts(2, 4096)
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

// hosts opens n channels of the device, on a link of its own.
func (k *key) hosts(link uint64, n int) (all []*ctaphid.Host) {
	loopback := ctaphid.Loopback(k.device.Handler(), k.device.CTAPHID(link))
	for range n {
		all = append(all, newHost(k.b, loopback))
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
