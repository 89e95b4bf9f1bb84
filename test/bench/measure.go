package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

const (
	longRounds  = 60
	shortRounds = 20
	attempts    = 3 // to measure a ratio that is beyond its gate at first

	q1Suffix, q3Suffix = "/q1", "/q3" // of a metric whose quartiles are reported
	sameUnit           = "a/a"        // the ratio of two rounds of one and the same
)

// figures are the metrics of one run of a benchmark, by unit.
type figures map[string]float64

// results are what the benchmarks printed. It is kept as they print it: lines of
// "key: value" say where and when, other lines are figures.
type results struct {
	raw     bytes.Buffer
	where   map[string]string
	figures map[string][]figures // of each attempt, by benchmark
}

func newResults() *results {
	return &results{where: map[string]string{}, figures: map[string][]figures{}}
}

// read adds the output of benchmarks.
func (r *results) read(output []byte) error {
	r.raw.Write(output)
	for line := range strings.Lines(string(output)) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "Benchmark") && len(fields) > 3 {
			f, err := parseFigures(fields[2:])
			if err != nil {
				return fmt.Errorf("%s: %w", fields[0], err)
			}
			name := benchmarkName(fields[0])
			r.figures[name] = append(r.figures[name], f)
			continue
		}
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.Contains(key, " ") {
			r.where[key] = value
		}
	}
	return nil
}

// benchmarkName returns BenchmarkX/Y-2 without what go test adds.
func benchmarkName(printed string) string {
	name := strings.TrimPrefix(printed, "Benchmark")
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		if _, err := strconv.Atoi(name[i+1:]); err == nil {
			return name[:i]
		}
	}
	return name
}

// parseFigures reads pairs of a number and a unit.
func parseFigures(fields []string) (figures, error) {
	f := figures{}
	for pair := range slices.Chunk(fields, 2) {
		v, err := strconv.ParseFloat(pair[0], 64)
		if err != nil {
			return nil, err
		}
		if len(pair) == 2 {
			f[pair[1]] = v
		}
	}
	return f, nil
}

// measure runs the benchmarks, and twice more those with a ratio beyond its gate:
// somebody else may have needed the machine. How the second time went does not
// decide on the third.
func measure(ctx context.Context, goals []goal, o options, log io.Writer) (*results, error) {
	r := newResults()
	if err := r.read(describeMachine(ctx)); err != nil {
		return nil, err
	}
	pattern := o.bench
	if pattern == "" {
		pattern = "."
	}
	if err := r.run(ctx, pattern, o, log); err != nil {
		return nil, err
	}
	again := doubtful(judge(goals, r, o.short))
	for range attempts - 1 {
		for _, name := range again {
			fmt.Fprintf(log, "bench: %s again\n", name)
			if err := r.run(ctx, exactly(name), o, log); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// run runs the benchmarks that match pattern.
func (r *results) run(ctx context.Context, pattern string, o options, log io.Writer) error {
	rounds := longRounds
	if o.short {
		rounds = shortRounds
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", fmt.Sprintf("%dx", rounds),
		"-timeout", "30m", fmt.Sprintf("-short=%t", o.short), "./test/bench")
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&output, &progress{log: log}), log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go test: %w\n%s", err, output.Bytes())
	}
	if err := r.read(output.Bytes()); err != nil {
		return err
	}
	return o.save(r)
}

// exactly returns the pattern that matches one benchmark.
func exactly(name string) string {
	parts := strings.Split("Benchmark"+name, "/")
	for i, part := range parts {
		parts[i] = "^" + part + "$"
	}
	return strings.Join(parts, "/")
}

// doubtful returns the benchmarks of the rows whose ratio is beyond its gate.
func doubtful(rows []row) []string {
	names := map[string]bool{}
	for _, row := range rows {
		if row.kind == cpu && (row.verdict == miss || row.verdict == inDoubt) {
			names[row.benchmark] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// progress names the benchmarks while they run.
type progress struct {
	log  io.Writer
	line []byte
}

func (p *progress) Write(b []byte) (int, error) {
	p.line = append(p.line, b...)
	for {
		line, rest, ok := bytes.Cut(p.line, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		p.line = rest
		if name, _, _ := bytes.Cut(line, []byte(" ")); bytes.HasPrefix(name, []byte("Benchmark")) {
			fmt.Fprintf(p.log, "bench: %s\n", benchmarkName(string(bytes.TrimSpace(name))))
		}
	}
}
