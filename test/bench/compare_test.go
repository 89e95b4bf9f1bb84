package main

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// A task is an operation that is measured by the round.
type task struct {
	prepare func(n int) // what the platform does before, not measured; nil: nothing
	run     func(i int) // the ith operation of a round
}

// each is the task of an operation that needs no preparation.
func each(run func()) task { return task{run: func(int) { run() }} }

// cost is what the operations of a round took, in nanoseconds.
type cost struct {
	cpu   float64   // of the process, for each operation
	walls []float64 // of each operation
}

// round runs the task n times.
func (t task) round(n int) cost {
	if t.prepare != nil {
		t.prepare(n)
	}
	walls := make([]float64, n)
	before, last := cpuTime(), time.Now()
	for i := range n {
		t.run(i)
		now := time.Now()
		walls[i] = float64(now.Sub(last))
		last = now
	}
	return cost{float64(cpuTime()-before) / float64(n), walls}
}

// cpuTime returns the processor time that this process has used, and those that
// it started and waited for.
func cpuTime() time.Duration {
	var total int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			panic(err) // both exist
		}
		total += usage.Utime.Nano() + usage.Stime.Nano()
	}
	return time.Duration(total)
}

// compare measures a subject against its floor, n operations a round, and
// reports by how much it is dearer. Each iteration of the benchmark is a round of
// the floor, one of the subject, and one more of the floor: what the machine does
// meanwhile hits both, and the two rounds of the floor show how much that is.
//
// A short run is for machines that do something else besides: there the rounds
// are eight times shorter and more, so that most are not interrupted.
func compare(b *testing.B, n int, subject, floor task) *comparison {
	b.Helper()
	const parts = 8
	if testing.Short() {
		return compareRounds(b, parts, n/parts, subject, floor)
	}
	return compareRounds(b, 1, n, subject, floor)
}

// compareRounds is compare with so many rounds in each iteration.
func compareRounds(b *testing.B, rounds, n int, subject, floor task) *comparison {
	b.Helper()
	subject.round(1) // what is made on first use is
	floor.round(1)
	c := new(comparison)
	for b.Loop() {
		for range rounds {
			c.add(floor.round(n), subject.round(n), floor.round(n))
		}
	}
	c.report(b)
	return c
}

// comparison collects rounds.
type comparison struct {
	ratios, wallRatios, noise []float64 // of each round
	cpu, floorCPU             []float64 // of each round, in ns
	walls, floorWalls         []float64 // of each operation, in ns
}

func (c *comparison) add(before, subject, after cost) {
	floorCPU := (before.cpu + after.cpu) / 2
	floorWall := (mean(before.walls) + mean(after.walls)) / 2
	c.ratios = append(c.ratios, subject.cpu/floorCPU)
	c.wallRatios = append(c.wallRatios, mean(subject.walls)/floorWall)
	c.noise = append(c.noise, after.cpu/before.cpu)
	c.cpu = append(c.cpu, subject.cpu)
	c.floorCPU = append(c.floorCPU, floorCPU)
	c.walls = append(c.walls, subject.walls...)
	c.floorWalls = append(append(c.floorWalls, before.walls...), after.walls...)
}

func (c *comparison) report(b *testing.B) {
	b.Helper()
	report(b, "x-floor", 1, c.ratios)
	report(b, "x-wall", 1, c.wallRatios)
	report(b, "a/a", 1, c.noise)
	report(b, "cpu-µs", 1e-3, c.cpu)
	report(b, "floor-cpu-µs", 1e-3, c.floorCPU)
	report(b, "wall-µs", 1e-3, c.walls)
	report(b, "floor-wall-µs", 1e-3, c.floorWalls)
	b.ReportMetric(0, "ns/op") // the time of all rounds together says nothing
}

// report reports the median of values, times scale, as the metric unit, and the
// quartiles beside.
func report(b *testing.B, unit string, scale float64, values []float64) {
	b.Helper()
	q1, median, q3 := quartiles(values)
	b.ReportMetric(median*scale, unit)
	b.ReportMetric(q1*scale, unit+q1Suffix)
	b.ReportMetric(q3*scale, unit+q3Suffix)
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// quartiles returns the values a quarter, half and three quarters of the way up.
func quartiles(values []float64) (q1, median, q3 float64) {
	sorted := slices.Sorted(slices.Values(values))
	at := func(part float64) float64 {
		position := part * float64(len(sorted)-1)
		low := int(position)
		high := min(low+1, len(sorted)-1)
		return sorted[low] + (position-float64(low))*(sorted[high]-sorted[low])
	}
	return at(0.25), at(0.5), at(0.75)
}

func TestQuartiles(t *testing.T) {
	for _, tt := range []struct {
		values         []float64
		q1, median, q3 float64
	}{
		{[]float64{7}, 7, 7, 7},
		{[]float64{4, 2}, 2.5, 3, 3.5},
		{[]float64{5, 1, 4, 2, 3}, 2, 3, 4},
	} {
		if q1, median, q3 := quartiles(tt.values); q1 != tt.q1 || median != tt.median || q3 != tt.q3 {
			t.Errorf("%v: got %v %v %v, want %v %v %v", tt.values, q1, median, q3, tt.q1, tt.median, tt.q3)
		}
	}
}
