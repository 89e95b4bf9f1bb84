package crash

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// testClock starts a key at midnight of the first of January 2000, many years
// before it was made. It has everything, and signs on: nothing that it keeps has
// a time in it.
func testClock(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "clock set back")
	p := s.base.clone(t)
	t.Run("restart", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if now := time.Now(); now.Year() != 2000 {
				t.Fatalf("it is %v here, want 2000", now)
			}
			key := p.openLocal(t)
			defer key.close(t)
			want, left := full(), uint64(leftRetries)
			if got, retries := observe(t, key.Device, &p.ledger); got != want || retries != left {
				t.Errorf("got %+v and %d retries, want %+v and %d", got, retries, want, left)
			}
		})
	})
	t.Run("while it runs", noCalendar)
	r.add(figures{rounds: 2, jump: p.ledger.jump})
}

// calendar are the ways to a time that depends on how the clock is set. The rest
// compares readings of a clock that only goes forward (package time, Monotonic
// Clocks).
var calendar = []string{"Unix", "UnixMilli", "UnixMicro", "UnixNano", "UTC", "Local", "In", "Date", "AppendFormat", "RFC3339"}

// noCalendar checks that what measures time limits cannot notice that the clock
// is set while the key runs.
func noCalendar(t *testing.T) {
	for _, pkg := range []string{"ctaphid", "authenticator", "keystore"} {
		names, err := filepath.Glob("../../" + pkg + "/*.go")
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pkg, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(calendar, sel.Sel.Name) {
					t.Errorf("%v: a key must not look at the calendar: %s", files.Position(n.Pos()), sel.Sel.Name)
				}
				return true
			})
		}
	}
}
