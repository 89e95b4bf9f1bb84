package leak

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// Count is what a process holds.
type Count struct {
	Goroutines int
	Files      int    // open file descriptors; 0 where the system does not tell
	Heap       uint64 // bytes of live objects
}

// Take counts, after a collection of garbage.
func Take() Count {
	runtime.GC()
	runtime.GC() // what the first one finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/dev/fd")
	return Count{runtime.NumGoroutine(), len(files), m.HeapAlloc}
}

// patience is how long what is about to end may take to.
const patience = 10 * time.Second

// Steady runs f once, so that all that is made once is made, and then so many
// times again. It fails the test if the process holds more afterwards: a
// goroutine, an open file, or beyond slack bytes of the heap.
func Steady(t *testing.T, times int, slack uint64, f func()) {
	t.Helper()
	f()
	before := settled(Take)
	for range times {
		f()
	}
	if after, ok := before.settle(slack); !ok {
		t.Errorf("%+v after %d times, want no more than %+v and %d bytes", after, times, before, slack)
	}
}

// settled counts until two counts in a row agree on goroutines and files, or
// patience is at its end, and returns the smaller of the last two: what was about
// to end must not make room for what a test leaves behind.
func settled(take func() Count) Count {
	last := take()
	for deadline := time.Now().Add(patience); ; {
		time.Sleep(time.Millisecond)
		next := take()
		least := Count{min(last.Goroutines, next.Goroutines), min(last.Files, next.Files), min(last.Heap, next.Heap)}
		if last.Goroutines == next.Goroutines && last.Files == next.Files || time.Now().After(deadline) {
			return least
		}
		last = next
	}
}

// settle counts until there is no more than before, or patience is at its end.
func (before Count) settle(slack uint64) (after Count, ok bool) {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		after = Take()
		if after.Goroutines <= before.Goroutines && after.Files <= before.Files && after.Heap <= before.Heap+slack {
			return after, true
		}
		if time.Now().After(deadline) {
			return after, false
		}
	}
}
