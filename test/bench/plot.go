package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The colours: of the key, of its floor, of further curves, and of what is not a
// figure. They are told apart on white by who sees no red or no green.
const (
	keyColour   = "#0b5394"
	floorColour = "#e69138"
	thirdColour = "#6a329f"
	textColour  = "#333"
	gridColour  = "#ddd"
)

// drawing is an SVG being drawn.
type drawing struct{ strings.Builder }

func newDrawing(width, height int, title string) *drawing {
	d := &drawing{}
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" font-family="sans-serif" font-size="12" fill="%s">`+"\n", width, height, textColour)
	fmt.Fprintf(d, `<title>%s</title>`+"\n", html.EscapeString(title))
	fmt.Fprintf(d, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	d.text(16, 22, "start", title, `font-size="14" font-weight="bold"`)
	return d
}

func (d *drawing) line(x1, y1, x2, y2 float64, colour string, width float64) {
	fmt.Fprintf(d, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f"/>`+"\n", x1, y1, x2, y2, colour, width)
}

func (d *drawing) dot(x, y float64, colour string) {
	fmt.Fprintf(d, `<circle cx="%.1f" cy="%.1f" r="4.5" fill="%s"/>`+"\n", x, y, colour)
}

// text writes a line; anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, s string, attributes ...string) {
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" text-anchor="%s" %s>%s</text>`+"\n", x, y, anchor, strings.Join(attributes, " "), html.EscapeString(s))
}

func (d *drawing) finish() []byte {
	d.WriteString("</svg>\n")
	return []byte(d.String())
}

// axis is a logarithmic scale: the values from low to high lie between from and
// to.
type axis struct{ low, high, from, to float64 }

// newAxis covers values generously.
func newAxis(values []float64, from, to float64) axis {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		if v > 0 {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if high == 0 {
		low, high = 1, 1
	}
	return axis{low / 1.6, high * 1.6, from, to}
}

func (a axis) at(v float64) float64 {
	return a.from + math.Log(v/a.low)/math.Log(a.high/a.low)*(a.to-a.from)
}

// ticks returns 1, 2 and 5 times the powers of ten that the axis covers.
func (a axis) ticks() (all []float64) {
	for power := math.Pow(10, math.Floor(math.Log10(a.low))); power <= a.high; power *= 10 {
		for _, step := range []float64{1, 2, 5} {
			if v := power * step; v >= a.low && v <= a.high {
				all = append(all, v)
			}
		}
	}
	return all
}

// duration says a time that is given in microseconds.
func duration(microseconds float64) string {
	if microseconds >= 1000 {
		return fmt.Sprintf("%g ms", microseconds/1000)
	}
	return fmt.Sprintf("%g µs", microseconds)
}

// latencyPlot shows the operations one below the other: the median as a dot, the
// quartiles as a bar, the floor as a stroke.
func latencyPlot(all []latency) []byte {
	const left, right, top, step = 210.0, 690.0, 66.0, 34.0
	bottom := top + step*float64(len(all))
	var values []float64
	for _, l := range all {
		values = append(values, l.q1, l.q3, l.floor)
	}
	x := newAxis(values, left, right)
	d := newDrawing(720, int(bottom)+34, "Latency by operation: median and quartiles, beside the floor")
	for _, v := range x.ticks() {
		d.line(x.at(v), top-8, x.at(v), bottom, gridColour, 1)
		d.text(x.at(v), bottom+18, "middle", duration(v))
	}
	d.dot(left+6, 42, keyColour)
	d.text(left+16, 46, "start", "softkey, wall time on the loopback, state on disk")
	d.line(left+320, 34, left+320, 50, floorColour, 3)
	d.text(left+330, 46, "start", "floor")
	for i, l := range all {
		y := top + step*(float64(i)+0.4)
		d.text(left-14, y+4, "end", l.name)
		d.line(x.at(l.q1), y, x.at(l.q3), y, keyColour, 5)
		d.dot(x.at(l.median), y, keyColour)
		d.line(x.at(l.floor), y-9, x.at(l.floor), y+9, floorColour, 3)
	}
	return d.finish()
}

// sizePlot shows curves over the number of credentials.
func sizePlot(all []size) []byte {
	const left, right, top, bottom = 80.0, 640.0, 60.0, 320.0
	curves := []struct {
		name, colour string
		of           func(size) float64
	}{
		{"open to first assertion (wall)", floorColour, func(s size) float64 { return s.open }},
		{"resident makeCredential (wall)", thirdColour, func(s size) float64 { return s.resident }},
		{"getAssertion (CPU)", keyColour, func(s size) float64 { return s.assertion }},
	}
	var sizes, values []float64
	for _, s := range all {
		sizes = append(sizes, float64(s.credentials))
		values = append(values, s.assertion, s.open, s.resident)
	}
	x, y := newAxis(sizes, left, right), newAxis(values, bottom, top)
	d := newDrawing(720, 410, "Cost against the number of credentials in the store")
	for _, v := range y.ticks() {
		d.line(left, y.at(v), right, y.at(v), gridColour, 1)
		d.text(left-8, y.at(v)+4, "end", duration(v))
	}
	for _, s := range all {
		d.text(x.at(float64(s.credentials)), bottom+18, "middle", s.name)
	}
	d.text((left+right)/2, bottom+38, "middle", "discoverable credentials")
	for i, c := range curves {
		at := left + 220*float64(i)
		d.dot(at, 392, c.colour)
		d.text(at+10, 396, "start", c.name)
		d.curve(all, c.of, x, y, c.colour)
	}
	return d.finish()
}

// curve joins the points of all that have a value.
func (d *drawing) curve(all []size, of func(size) float64, x, y axis, colour string) {
	var lastX, lastY float64
	for _, s := range all {
		if of(s) == 0 {
			continue
		}
		nextX, nextY := x.at(float64(s.credentials)), y.at(of(s))
		if lastX > 0 {
			d.line(lastX, lastY, nextX, nextY, colour, 2)
		}
		d.dot(nextX, nextY, colour)
		lastX, lastY = nextX, nextY
	}
}
