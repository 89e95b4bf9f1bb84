package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// What a figure comes to.
const (
	reached     = "ok"
	withinGate  = "within gate"
	offTarget   = "off target" // and there is no gate
	miss        = "MISS"
	inDoubt     = "in doubt"     // the median is beyond the gate, the better quartile is not
	printed     = "printed"      // there is no target, or this run does not judge it
	notMeasured = "not measured" // its benchmark did not run
)

// A row is a goal, the figure that was measured, and what it comes to.
type row struct {
	goal
	median, q1, q3 float64
	spread         bool    // there are quartiles
	aa, aaSpread   float64 // the ratio of a floor to itself, and half the distance of its quartiles; 0: there is none
	attempts       int
	verdict        string
}

// judge holds the results against the goals. Of several attempts the one in the
// middle counts. A short run, which CI judges, does not fail for a ratio in doubt.
func judge(goals []goal, r *results, short bool) []row {
	var rows []row
	for _, g := range goals {
		rows = append(rows, g.judge(r.figures[g.benchmark], short))
	}
	return rows
}

// judge judges the attempt whose median is that of all their medians; of two, the
// worse.
func (g goal) judge(attempts []figures, short bool) row {
	var rows []row
	for _, f := range attempts {
		rows = append(rows, g.row(f, short))
	}
	if len(rows) == 0 {
		return row{goal: g, verdict: notMeasured}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if g.atLeast {
			a, b = b, a
		}
		return cmp.Compare(a.median, b.median)
	})
	middle := rows[len(rows)/2]
	middle.attempts = len(rows)
	return middle
}

// row judges one attempt.
func (g goal) row(f figures, short bool) row {
	median, ok := f[g.unit]
	if !ok {
		return row{goal: g, verdict: notMeasured}
	}
	r := row{goal: g, median: median, verdict: g.verdict(median, short)}
	r.q1, r.spread = f[g.unit+q1Suffix]
	r.q3 = f[g.unit+q3Suffix]
	if short && g.kind == cpu && r.verdict == miss && r.spread && !g.beyond(r.better(), g.gate) {
		r.verdict = inDoubt
	}
	if g.unit == "x-floor" {
		r.aa, r.aaSpread = f[sameUnit], (f[sameUnit+q3Suffix]-f[sameUnit+q1Suffix])/2
	}
	return r
}

// better returns the quartile on the side of the target.
func (r *row) better() float64 {
	if r.atLeast {
		return r.q3
	}
	return r.q1
}

func (g goal) verdict(v float64, short bool) string {
	switch {
	case g.target == 0 && g.gate == 0, short && g.kind == machine:
		return printed
	case g.beyond(v, g.gate), g.floor > 0 && v < g.floor, math.IsNaN(v):
		return miss
	case g.beyond(v, g.target) && g.gate == 0:
		return offTarget
	case g.beyond(v, g.target):
		return withinGate
	}
	return reached
}

// beyond tells whether v is on the wrong side of a limit; none is 0.
func (g goal) beyond(v, limit float64) bool {
	if limit == 0 {
		return false
	}
	if g.atLeast {
		return v < limit
	}
	return v > limit
}

// missed is nil where all rows were measured and are within their gates.
func missed(rows []row) error {
	var lines []string
	for _, r := range rows {
		switch {
		case r.verdict == miss:
			lines = append(lines, fmt.Sprintf("goal %s: %s: %s, gate %s", r.number, r.what, r.measured(), r.limit(r.gate)))
		case r.verdict == notMeasured:
			lines = append(lines, fmt.Sprintf("goal %s: %s: not measured", r.number, r.what))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return errors.New(strings.Join(lines, "\nbench: "))
}
