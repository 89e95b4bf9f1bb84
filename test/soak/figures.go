package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// figures is how operations went. Its methods may be called from any goroutine.
type figures struct {
	mu    sync.Mutex
	kinds map[string]*kind
	wrong []string // what went wrong, the first of it
}

// kind is how all operations of one name went.
type kind struct {
	took   []time.Duration // those that went well
	busy   int             // how often another client was in the way
	errors int
}

// maxWrong is how many errors are kept to be told.
const maxWrong = 20

func newFigures() *figures {
	f := &figures{kinds: map[string]*kind{}}
	for _, op := range operations {
		f.kinds[op.name] = &kind{}
	}
	return f
}

func (f *figures) busy(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kinds[name].busy++
}

func (f *figures) done(name string, took time.Duration, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.kinds[name]
	if err == nil {
		k.took = append(k.took, took)
		return
	}
	k.errors++
	if len(f.wrong) < maxWrong {
		f.wrong = append(f.wrong, fmt.Sprintf("%s: %v", strings.TrimSpace(name), err))
	}
}

// has tells whether an operation was done, well or not.
func (f *figures) has(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.kinds[name].took)+f.kinds[name].errors > 0
}

// total returns how many operations went well, and how many did not.
func (f *figures) total() (good, bad int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.kinds {
		good, bad = good+len(k.took), bad+k.errors
	}
	return good, bad
}

// table returns a row for each kind of operation, in the order of the list.
func (f *figures) table() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-26s %9s %7s %7s %10s %10s\n", "operation", "done", "busy", "errors", "p50", "p99")
	for _, op := range operations {
		k := f.kinds[op.name]
		fmt.Fprintf(&b, "%-26s %9d %7d %7d %10s %10s\n", op.name, len(k.took), k.busy, k.errors, quantile(k.took, 50), quantile(k.took, 99))
	}
	return b.String()
}

// quantile returns the time that p percent of all do not exceed.
func quantile(took []time.Duration, p int) string {
	if len(took) == 0 {
		return "-"
	}
	sorted := slices.Sorted(slices.Values(took))
	return fmt.Sprintf("%.2fms", float64(sorted[(len(sorted)-1)*p/100])/float64(time.Millisecond))
}

// failures returns what went wrong, and which operations never went well.
func (f *figures) failures() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Clone(f.wrong)
	for _, op := range operations {
		if len(f.kinds[op.name].took) == 0 {
			list = append(list, strings.TrimSpace(op.name)+": never done well")
		}
	}
	return list
}
