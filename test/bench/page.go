package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rewritePage puts the results into the page at path, between marks that name
// what is there, and draws the plots beside it.
//
//	<!-- bench: goals -->
//	…
//	<!-- /bench -->
func rewritePage(path string, rows []row, r *results) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page, latencies, sizes := string(old), r.latencies(), r.sizes()
	for name, text := range map[string]string{
		"machine": r.machine(), "goals": markdownTable(rows), "latency": latencyTable(latencies), "size": sizeTable(sizes),
	} {
		if page, err = replaceBlock(page, name, text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	dir := filepath.Dir(path)
	return errors.Join(
		os.WriteFile(path, []byte(page), 0o644),
		os.WriteFile(filepath.Join(dir, "performance-latency.svg"), latencyPlot(latencies), 0o644),
		os.WriteFile(filepath.Join(dir, "performance-size.svg"), sizePlot(sizes), 0o644))
}

// replaceBlock returns the page with text in the block of a name.
func replaceBlock(page, name, text string) (string, error) {
	begin, end := fmt.Sprintf("<!-- bench: %s -->\n", name), "<!-- /bench -->"
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("no block %q", name)
	}
	return before + begin + text + end + after, nil
}

// latency is what an operation takes on the clock and of the processor, beside
// its floor. Times are in microseconds.
type latency struct {
	name                string
	median, q1, q3      float64
	floor               float64
	cpu, floorCPU, over float64
}

// timed are the benchmarks whose latencies are shown, and what they measure.
var timed = []struct{ benchmark, name string }{
	{"GetAssertion", "getAssertion"},
	{"GetAssertionEd25519", "getAssertion, EdDSA"},
	{"HMACSecret", "getAssertion with hmac-secret"},
	{"U2FAuthenticate", "U2F authenticate"},
	{"MakeCredential", "makeCredential"},
	{"U2FRegister", "U2F register"},
	{"PINToken", "PIN token"},
	{"Resident", "makeCredential, resident"},
}

// latencies returns those that were measured, as they were at last.
func (r *results) latencies() (all []latency) {
	for _, t := range timed {
		f := r.last(t.benchmark)
		if f == nil {
			continue
		}
		const wall = "wall-µs"
		all = append(all, latency{
			name: t.name, median: f[wall], q1: f[wall+q1Suffix], q3: f[wall+q3Suffix], floor: f["floor-wall-µs"],
			cpu: f["cpu-µs"], floorCPU: f["floor-cpu-µs"], over: f["x-floor"],
		})
	}
	return all
}

// last returns what a benchmark reported last, nil if it did not run.
func (r *results) last(benchmark string) figures {
	all := r.figures[benchmark]
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func latencyTable(all []latency) string {
	var b strings.Builder
	b.WriteString("| operation | wall, µs [quartiles] | its floor | CPU, µs | its floor |\n| --- | --- | --- | --- | --- |\n")
	for _, l := range all {
		fmt.Fprintf(&b, "| %s | %s [%s %s] | %s | %s | %s |\n", l.name,
			number(l.median), number(l.q1), number(l.q3), number(l.floor), number(l.cpu), number(l.floorCPU))
	}
	return b.String()
}

// size is what a store of so many credentials costs.
type size struct {
	storeSize
	assertion float64 // processor time of a discoverable getAssertion, µs
	open      float64 // wall time from opening to the first assertion, µs
	resident  float64 // wall time of a resident makeCredential, µs
	bytes     float64 // of the file, for each credential
}

func (r *results) sizes() (all []size) {
	for _, s := range storeSizes(false) {
		f := r.last("Scale/Assertion/" + s.name)
		if f == nil {
			continue
		}
		all = append(all, size{
			storeSize: s, assertion: f["cpu-µs"],
			open:     1000 * r.last("Scale/Open/" + s.name)["warm-ms"],
			resident: r.last("Scale/Resident/" + s.name)["wall-µs"],
			bytes:    r.last("Scale/Size/" + s.name)["stored-B"],
		})
	}
	return all
}

func sizeTable(all []size) string {
	var b strings.Builder
	b.WriteString("| credentials | getAssertion, CPU µs | open to first assertion, ms | resident makeCredential, wall µs | bytes each |\n")
	b.WriteString("| --- | --- | --- | --- | --- |\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", s.name,
			number(s.assertion), number(s.open/1000), number(s.resident), number(s.bytes))
	}
	return b.String()
}
