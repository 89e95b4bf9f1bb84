package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

var columns = []string{"goal", "what", "median [quartiles]", "A/A", "target", "gate", "verdict"}

func (r *row) cells() []string {
	verdict := r.verdict
	if r.attempts > 1 {
		verdict += fmt.Sprintf(" (of %d attempts)", r.attempts)
	}
	return []string{r.number, r.what, r.measured(), r.same(), r.limit(r.target), r.limit(r.gate), verdict}
}

// writeTable writes the rows in aligned columns.
func writeTable(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(columns, "\t"))
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r.cells(), "\t"))
	}
	return t.Flush()
}

// markdownTable returns the same as Markdown.
func markdownTable(rows []row) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	line(strings.Split(strings.Repeat("---,", len(columns)-1)+"---", ","))
	for _, r := range rows {
		cells := r.cells()
		if r.verdict == miss {
			cells[len(cells)-1] = "**" + cells[len(cells)-1] + "**"
		}
		line(cells)
	}
	return b.String()
}

// measured says the figure, its quartiles and its unit.
func (r *row) measured() string {
	if r.verdict == notMeasured {
		return "–"
	}
	text := number(r.median)
	if r.spread {
		text += fmt.Sprintf(" [%s %s]", number(r.q1), number(r.q3))
	}
	if unit := r.unitText(); unit != "" {
		text += " " + unit
	}
	return text
}

// unitText is the end of the metric's unit, or × for a ratio.
func (g *goal) unitText() string {
	name, unit, ok := strings.Cut(g.unit, "-")
	switch {
	case name == "x" || name == "speedup":
		return "×"
	case ok:
		return unit
	}
	return ""
}

// same says what the floor was to itself.
func (r *row) same() string {
	if r.aa == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f ±%.2f", r.aa, r.aaSpread)
}

// limit says a target or a gate; none is 0.
func (g *goal) limit(v float64) string {
	switch {
	case v == 0:
		return ""
	case g.atLeast:
		return "≥ " + number(v)
	case g.floor == v:
		return "= " + number(v)
	}
	return "≤ " + number(v)
}

// number says a figure with three digits or so that matter.
func number(v float64) string {
	switch {
	case v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 20:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
