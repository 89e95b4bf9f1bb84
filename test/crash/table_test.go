package crash

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// table is the figures of a run: a row for each kind of trial.
type table struct{ rows []*row }

// figures count what was tried, and what came of it.
type figures struct {
	rounds       int
	acknowledged int    // operations
	faults       int    // kills, failed writes, damaged files
	jump         uint32 // the most values that the signature counter skipped
	failures     int
}

// row is the figures of one kind of trial. Trials that run at the same time add
// to them.
type row struct {
	kind  string
	began time.Time

	mu sync.Mutex
	figures
	took time.Duration
	note string // what there is to say beside them
}

// row begins a row, which is complete when t is.
func (tab *table) row(t *testing.T, kind string) *row {
	t.Helper()
	r := &row{kind: kind, began: time.Now()}
	tab.rows = append(tab.rows, r)
	t.Cleanup(func() {
		r.took = time.Since(r.began)
		if t.Failed() {
			r.failures = max(1, r.failures)
		}
	})
	return r
}

// add adds the figures of a trial.
func (r *row) add(more figures) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.figures.add(more)
}

func (f *figures) add(more figures) {
	f.rounds += more.rounds
	f.acknowledged += more.acknowledged
	f.faults += more.faults
	f.jump = max(f.jump, more.jump)
	f.failures += more.failures
}

// String returns the table, with a head.
func (tab *table) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "kind\trounds\tacknowledged\tkills/faults\tjump\tfailures\tseconds\t")
	for _, r := range tab.rows {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%.1f\t%s\n",
			r.kind, r.rounds, r.acknowledged, r.faults, r.jump, r.failures, r.took.Seconds(), r.note)
	}
	w.Flush()
	return b.String()
}
