package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const output = `date: 2026-11-22
cpu: Some Processor
BenchmarkGetAssertion-2         	      25	         1.00 a/a	         0.98 a/a/q1	         1.02 a/a/q3	         1.24 x-floor	         1.22 x-floor/q1	         1.27 x-floor/q3	        61.5 wall-µs
BenchmarkCommits/Resident-2     	      25	         1.000 commits
PASS
BenchmarkGetAssertion-2         	      25	         1.00 a/a	         0.99 a/a/q1	         1.01 a/a/q3	         1.20 x-floor	         1.18 x-floor/q1	         1.22 x-floor/q3	        60.0 wall-µs
`

func readOutput(t *testing.T) *results {
	t.Helper()
	r := newResults()
	if err := r.read([]byte(output)); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRead(t *testing.T) {
	r := readOutput(t)
	if got := len(r.figures["GetAssertion"]); got != 2 {
		t.Errorf("GetAssertion: got %d attempts, want 2", got)
	}
	if got := r.last("GetAssertion")["wall-µs"]; got != 60 {
		t.Errorf("GetAssertion: got %v µs at last, want 60", got)
	}
	if got := r.last("Commits/Resident")["commits"]; got != 1 {
		t.Errorf("Commits/Resident: got %v commits, want 1", got)
	}
	if got := r.machine(); !strings.Contains(got, "2026-11-22") || !strings.Contains(got, "Some Processor") {
		t.Errorf("machine: got %q", got)
	}
	if err := r.read([]byte("BenchmarkX-2 25 many x-floor\n")); err == nil {
		t.Error("a figure that is no number: got no error")
	}
}

func TestVerdict(t *testing.T) {
	ratio := goal{kind: cpu, target: 1.1, gate: 1.2}
	for _, tt := range []struct {
		name  string
		goal  goal
		value float64
		short bool
		want  string
	}{
		{"target", ratio, 1.1, false, reached},
		{"between", ratio, 1.15, false, withinGate},
		{"gate", ratio, 1.2, true, withinGate},
		{"beyond", ratio, 1.21, false, miss},
		{"beyond, short", ratio, 1.21, true, miss},
		{"wall", goal{kind: machine, target: 1, gate: 2}, 3, false, miss},
		{"wall, short", goal{kind: machine, target: 1, gate: 2}, 3, true, printed},
		{"no target", goal{kind: cpu}, 3, false, printed},
		{"target alone", goal{kind: machine, target: 2}, 3, false, offTarget},
		{"less than nothing", goal{kind: machine, target: 2, gate: 4}, -1, false, reached},
		{"from below", goal{target: 1.7, gate: 1.5, atLeast: true}, 1.6, false, withinGate},
		{"far below", goal{target: 1.7, gate: 1.5, atLeast: true}, 1.4, false, miss},
		{"too good", goal{kind: counted, floor: 1, target: 1, gate: 1}, 0.5, false, miss},
		{"exact", goal{kind: counted, floor: 1, target: 1, gate: 1}, 1, false, reached},
	} {
		if got := tt.goal.verdict(tt.value, tt.short); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The attempt in the middle counts, whichever came first.
func TestJudgeAttempts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		atLeast bool
		medians []float64
		want    float64
	}{
		{"one", false, []float64{1.3}, 1.3},
		{"the first is good", false, []float64{1.1, 1.3, 1.4}, 1.3},
		{"the last is good", false, []float64{1.4, 1.3, 1.1}, 1.3},
		{"one is bad", false, []float64{1.4, 1.1, 1.2}, 1.2},
		{"the worse of two", false, []float64{1.1, 1.3}, 1.3},
		{"the worse of two from below", true, []float64{1.3, 1.1}, 1.1},
	} {
		g := goal{benchmark: "X", unit: "x-floor", kind: cpu, gate: 1.25, atLeast: tt.atLeast}
		var all []figures
		for _, m := range tt.medians {
			all = append(all, figures{"x-floor": m})
		}
		r := g.judge(all, false)
		if r.median != tt.want || r.attempts != len(all) || r.verdict != g.verdict(tt.want, false) {
			t.Errorf("%s: got %v, %s of %d attempts; want %v", tt.name, r.median, r.verdict, r.attempts, tt.want)
		}
	}
}

// A row has the quartiles and the noise of its attempt, and a miss says them.
func TestJudgeRow(t *testing.T) {
	g := goal{number: "1", benchmark: "GetAssertion", unit: "x-floor", kind: cpu, target: 1.15, gate: 1.25}
	rows := judge([]goal{g}, readOutput(t), false)
	if r := rows[0]; r.verdict != withinGate || r.median != 1.24 || r.same() != "1.00 ±0.02" {
		t.Errorf("got %+v, want 1.24 within the gate, and a noise of 0.02", r)
	}
	if err := missed(rows); err != nil {
		t.Errorf("got %v, want no goal missed", err)
	}
	g.gate = 1.23
	rows = judge([]goal{g}, readOutput(t), false)
	if got := doubtful(rows); len(got) != 1 || got[0] != "GetAssertion" {
		t.Errorf("got %q to be measured again, want GetAssertion", got)
	}
	if err := missed(rows); err == nil || !strings.Contains(err.Error(), "1.24 [1.22 1.27] ×, gate ≤ 1.23") {
		t.Errorf("got %v, want the figure and its gate", err)
	}
}

// What CI runs does not fail where the better quartile is within the gate.
func TestJudgeInDoubt(t *testing.T) {
	g := goal{number: "1", benchmark: "GetAssertion", unit: "x-floor", kind: cpu, target: 1.15}
	for _, tt := range []struct {
		gate  float64
		short bool
		want  string
	}{
		{1.23, true, inDoubt}, // of 1.24 [1.22 1.27]
		{1.23, false, miss},
		{1.21, true, miss},
	} {
		g.gate = tt.gate
		rows := judge([]goal{g}, readOutput(t), tt.short)
		if got := rows[0].verdict; got != tt.want || len(doubtful(rows)) != 1 {
			t.Errorf("gate %v, short %t: got %q, %q again; want %q, and again", tt.gate, tt.short, got, doubtful(rows), tt.want)
		}
		if err := missed(rows); (err != nil) != (tt.want == miss) {
			t.Errorf("gate %v, short %t: got %v, want an error for a miss alone", tt.gate, tt.short, err)
		}
	}
}

func TestNotMeasured(t *testing.T) {
	rows := judge([]goal{{number: "7", benchmark: "Heap", unit: "allocs", gate: 95}}, readOutput(t), false)
	if err := missed(rows); err == nil {
		t.Error("a goal that was not measured: got no error")
	}
}

// Where benchmarks are chosen, the table has their goals alone.
func TestBenchOfResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.txt")
	if err := os.WriteFile(path, []byte(output), 0o600); err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := bench(t.Context(), options{from: path, bench: "some"}, &table, io.Discard); err != nil {
		t.Errorf("got %v, want no goal missed", err)
	}
	if got := strings.Count(table.String(), "\n"); got != 3 {
		t.Errorf("got a table of %d lines, want the heading and two goals:\n%s", got, &table)
	}
	if err := bench(t.Context(), options{from: path}, io.Discard, io.Discard); err == nil {
		t.Error("without a choice most goals are not measured: got no error")
	}
}

// Each goal has a benchmark that exists.
func TestGoalsAreMeasured(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func Benchmark(\w+)\(`).FindAllSubmatch(source, -1) {
			functions[string(m[1])] = true
		}
	}
	for _, g := range allGoals(false) {
		if name, _, _ := strings.Cut(g.benchmark, "/"); !functions[name] {
			t.Errorf("goal %s: there is no Benchmark%s", g.number, name)
		}
	}
}

func TestShortGoalsHaveSmallerStores(t *testing.T) {
	for _, g := range allGoals(true) {
		if strings.Contains(g.benchmark+g.what, "1M") {
			t.Errorf("goal %s: got %s, %q; want no million", g.number, g.benchmark, g.what)
		}
	}
}

func TestExactly(t *testing.T) {
	if got, want := exactly("Scale/Assertion/1M"), "^BenchmarkScale$/^Assertion$/^1M$"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestProgress(t *testing.T) {
	var log bytes.Buffer
	p := &progress{log: &log}
	for _, part := range []string{"goos: linux\nBench", "markPing\n", "BenchmarkPing-2   25   1.0 x-floor\n"} {
		if _, err := io.WriteString(p, part); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := log.String(), "bench: Ping\nbench: Ping\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReplaceBlock(t *testing.T) {
	page := "a\n<!-- bench: goals -->\nold\n<!-- /bench -->\nb\n<!-- bench: size -->\n<!-- /bench -->\n"
	got, err := replaceBlock(page, "goals", "new\n")
	if want := strings.Replace(page, "old", "new", 1); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := replaceBlock(page, "latency", "new\n"); err == nil {
		t.Error("no such block: got no error")
	}
}

// The page has a place for all that is written into it.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, page, 0o600); err != nil {
		t.Fatal(err)
	}
	r := readOutput(t)
	if err := rewritePage(path, judge(allGoals(false), r, false), r); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(got, []byte("| 1 | getAssertion / floor | 1.24 [1.22 1.27] × | 1.00 ±0.02 |")) {
		t.Errorf("got %s, %v; want the figures of the results", got, err)
	}
}

func TestPlotsAreXML(t *testing.T) {
	latencies := []latency{{name: "a & b", median: 60, q1: 55, q3: 70, floor: 50}, {name: "c", median: 1200, q1: 900, q3: 2000, floor: 800}}
	sizes := []size{
		{storeSize: storeSize{"1k", 1000}, assertion: 60, open: 900, resident: 500},
		{storeSize: storeSize{"1M", 1_000_000}, assertion: 65, open: 1000},
	}
	for name, svg := range map[string][]byte{
		"latency": latencyPlot(latencies), "size": sizePlot(sizes), "no latency": latencyPlot(nil), "no size": sizePlot(nil),
	} {
		decoder := xml.NewDecoder(bytes.NewReader(svg))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Errorf("%s: a coordinate is no number", name)
		}
	}
}
