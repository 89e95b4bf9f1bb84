package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/device"
)

const manyDevices = 10_000

// BenchmarkMany has ten thousand authenticators in one process and one file.
func BenchmarkMany(b *testing.B) {
	f := newFleet(b)
	b.Run("Load", func(b *testing.B) { f.reportLoad(b) })
	all := f.open(b).assertions(b)
	b.Run("Assertion", func(b *testing.B) {
		compare(b, operations, byMany(all), byMany(all[:1]))
	})
	b.Run("Clients", func(b *testing.B) {
		next := func(i int) { all[i].next() }
		compareRounds(b, 1, 1, burst(b, 4096, next), burst(b, 16, next))
	})
}

// fleet is a set of devices on the disk, each of which was used before.
type fleet struct {
	dir     string
	names   []string
	set     *device.Set // nil: closed
	devices []*device.Device
}

func newFleet(b *testing.B) *fleet {
	b.Helper()
	f := &fleet{dir: b.TempDir()}
	for i := range manyDevices {
		f.names = append(f.names, fmt.Sprintf("key %05d", i))
	}
	f.load(b)
	f.close(b)
	return f
}

// load opens all devices.
func (f *fleet) load(b *testing.B) {
	b.Helper()
	set, err := device.OpenSet(device.SetConfig{Dir: f.dir})
	if err != nil {
		b.Fatal(err)
	}
	profile, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	model, err := set.Model(profile)
	if err != nil {
		b.Fatal(err)
	}
	f.set = set
	f.devices, err = model.Devices(f.names, func(string) device.Config { return device.Config{Presence: authenticator.Approve{}} })
	if err != nil {
		b.Fatal(err)
	}
}

func (f *fleet) close(b *testing.B) {
	b.Helper()
	inParallel(len(f.devices), func(i int) {
		if err := f.devices[i].Close(); err != nil {
			b.Error(err)
		}
	})
	if err := f.set.Close(); err != nil {
		b.Error(err)
	}
	f.devices = nil
}

// open loads the fleet until the benchmark ends.
func (f *fleet) open(b *testing.B) *fleet {
	b.Helper()
	f.load(b)
	b.Cleanup(func() { f.close(b) })
	return f
}

// inParallel lets what waits for the disk wait together.
func inParallel(n int, do func(i int)) {
	const workers = 256
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}

// reportLoad reports how long it takes until all devices are there, and what one
// of them takes while it is idle.
func (f *fleet) reportLoad(b *testing.B) {
	b.Helper()
	var times, spent, heap, goroutines []float64
	for b.Loop() {
		running, before := runtime.NumGoroutine(), heapInUse()
		start, used := time.Now(), cpuTime()
		f.load(b)
		times = append(times, time.Since(start).Seconds())
		spent = append(spent, (cpuTime() - used).Seconds())
		heap = append(heap, float64(heapInUse()-before)/manyDevices)
		goroutines = append(goroutines, float64(runtime.NumGoroutine()-running))
		f.close(b)
	}
	report(b, "load-ms", 1e3, times)
	report(b, "load-cpu-ms", 1e3, spent)
	report(b, "heap-B", 1, heap)
	report(b, "goroutines", 1, goroutines)
	b.ReportMetric(0, "ns/op")
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// assertions registers a credential with each device, and uses it: the first
// signature of a device reserves a block of its counter.
func (f *fleet) assertions(b *testing.B) []*assertions {
	b.Helper()
	all := make([]*assertions, len(f.devices))
	for i, d := range f.devices {
		all[i] = plugIn(b, d).assertions(cose.ES256, 1)
	}
	inParallel(len(all), func(i int) { all[i].next() })
	return all
}

// byMany has assertions made by any of these devices. Where a request comes from is
// the platform's business: it has none of ten thousand to look for in memory.
func byMany(all []*assertions) task {
	type message struct {
		to   *key
		text []byte
	}
	var messages []message
	return task{
		prepare: func(n int) {
			messages = messages[:0]
			for range n {
				a := all[rand.IntN(len(all))]
				messages = append(messages, message{a.key, bytes.Clone(a.requests[0].next())})
			}
		},
		run: func(i int) { messages[i].to.ctap2(messages[i].text) },
	}
}

// burst has 4096 assertions made by clients at once, who are there all the time:
// each makes its share, by next with its number.
func burst(b *testing.B, clients int, next func(i int)) task {
	b.Helper()
	const total = 4096
	var running, working sync.WaitGroup
	begin := make([]chan struct{}, clients)
	for i := range begin {
		begin[i] = make(chan struct{}, 1)
		running.Go(func() {
			for range begin[i] {
				for range total / clients {
					next(i)
				}
				working.Done()
			}
		})
	}
	b.Cleanup(func() {
		for _, c := range begin {
			close(c)
		}
		running.Wait()
	})
	return each(func() {
		working.Add(clients)
		for _, c := range begin {
			c <- struct{}{}
		}
		working.Wait()
	})
}
