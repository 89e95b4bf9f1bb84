// Package transporttest checks what every [ctaphid.Transport] must do.
package transporttest

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctaphid"
)

// patience is how long a test waits for what should happen at once.
const patience = 10 * time.Second

// Run checks a kind of Transport. Open returns both ends of a new one; the tests
// close them.
func Run(t *testing.T, open func(t *testing.T) (a, b ctaphid.Transport)) {
	t.Run("Order", func(t *testing.T) { testOrder(t, open) })
	t.Run("BothWays", func(t *testing.T) { testBothWays(t, open) })
	t.Run("Close", func(t *testing.T) {
		RunClose(t, func(t *testing.T) ctaphid.Transport {
			a, b := open(t)
			t.Cleanup(func() { b.Close() })
			return a
		})
	})
}

// RunClose checks the end of a Transport only. Open returns an end that has
// nothing to read.
func RunClose(t *testing.T, open func(t *testing.T) ctaphid.Transport) {
	t.Run("WhileReading", func(t *testing.T) { testCloseWhileReading(t, open(t)) })
	t.Run("Afterwards", func(t *testing.T) { testAfterClose(t, open(t)) })
	t.Run("Concurrent", func(t *testing.T) { testConcurrentClose(t, open(t)) })
}

const (
	longest = 129 // reports, of the longest message
	unread  = 31  // reports that each end holds, at least
)

// numbered returns a report that differs from its neighbours in every byte.
func numbered(n int) (r ctaphid.Report) {
	for i := range r {
		r[i] = byte(n + i)
	}
	return r
}

// testOrder checks that the reports of the longest message arrive as they were
// sent, each way.
func testOrder(t *testing.T, open func(t *testing.T) (a, b ctaphid.Transport)) {
	a, b := open(t)
	defer a.Close()
	defer b.Close()
	for _, way := range []struct {
		name     string
		from, to ctaphid.Transport
	}{{"forth", a, b}, {"back", b, a}} {
		var writer sync.WaitGroup
		writer.Go(func() { write(t, way.from, longest) })
		read(t, way.name, way.to, longest)
		writer.Wait()
	}
}

// testBothWays checks that both ends may write before either reads.
func testBothWays(t *testing.T, open func(t *testing.T) (a, b ctaphid.Transport)) {
	a, b := open(t)
	defer a.Close()
	defer b.Close()
	var writers sync.WaitGroup
	writers.Go(func() { write(t, a, unread) })
	writers.Go(func() { write(t, b, unread) })
	within(t, "writing both ways", writers.Wait)
	read(t, "forth", b, unread)
	read(t, "back", a, unread)
}

func write(t *testing.T, to ctaphid.Transport, reports int) {
	for n := range reports {
		if err := to.WriteReport(numbered(n)); err != nil {
			t.Errorf("WriteReport %d = %v", n, err)
			return
		}
	}
}

func read(t *testing.T, way string, from ctaphid.Transport, reports int) {
	t.Helper()
	within(t, "reading", func() {
		for n := range reports {
			got, err := from.ReadReport()
			if err != nil || got != numbered(n) {
				t.Errorf("%s: report %d = %x, %v; want %x", way, n, got, err, numbered(n))
				return
			}
		}
	})
}

// testCloseWhileReading checks that Close ends a ReadReport that waits.
func testCloseWhileReading(t *testing.T, end ctaphid.Transport) {
	result := make(chan error, 1)
	go func() {
		_, err := end.ReadReport()
		result <- err
	}()
	if err := end.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	within(t, "reading from a closed transport", func() {
		if err := <-result; !errors.Is(err, net.ErrClosed) {
			t.Errorf("ReadReport = %v, want net.ErrClosed", err)
		}
	})
}

// testAfterClose checks that a closed transport stays so.
func testAfterClose(t *testing.T, end ctaphid.Transport) {
	for range 2 {
		if err := end.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if _, err := end.ReadReport(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("ReadReport = %v, want net.ErrClosed", err)
		}
		if err := end.WriteReport(numbered(0)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("WriteReport = %v, want net.ErrClosed", err)
		}
	}
}

// testConcurrentClose checks that Close may be called by several at once.
func testConcurrentClose(t *testing.T, end ctaphid.Transport) {
	var closers sync.WaitGroup
	for range 8 {
		closers.Go(func() {
			if err := end.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
	}
	within(t, "closing", closers.Wait)
}

// within fails the test if f does not return in time.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s: not done after %v", what, patience)
	}
}
