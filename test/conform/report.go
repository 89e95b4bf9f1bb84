package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What a row came to.
const (
	passed        = "pass"
	failed        = "fail"
	uncovered     = "not covered"
	notApplicable = "does not apply"
)

// A verdict is a row, its tests and what they came to.
type verdict struct {
	row
	Section string `json:"section"`
	Result  string `json:"result"`
	Tests   []test `json:"tests,omitempty"`
}

// A report is the whole checklist.
type report struct {
	verdicts []verdict
	problems []string // beside rows that fail or are not covered
}

// judge holds the results against the rows.
func judge(sections []section, r *results) *report {
	var rep report
	known := map[int]bool{}
	for _, s := range sections {
		for _, row := range s.rows {
			known[row.Number] = true
			v := verdict{row: row, Section: s.title, Tests: r.byRow[row.Number]}
			v.Result = v.judge()
			rep.verdicts = append(rep.verdicts, v)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(r.byRow)) {
		if !known[number] {
			rep.problem("row %d, which %s covers, is not in the checklist", number, r.byRow[number][0].Name)
		}
	}
	for _, v := range rep.verdicts {
		if v.Reason != "" && len(v.Tests) > 0 {
			rep.problem("row %d does not apply, but %s covers it", v.Number, v.Tests[0].Name)
		}
	}
	for _, name := range r.packages {
		rep.problem("the tests of %s fail", name)
	}
	rep.problems = append(rep.problems, r.bad...)
	return &rep
}

func (rep *report) problem(format string, args ...any) {
	rep.problems = append(rep.problems, fmt.Sprintf(format, args...))
}

// judge says what the tests of a row came to. One that was skipped covers
// nothing.
func (v *verdict) judge() string {
	if v.Reason != "" {
		return notApplicable
	}
	result := uncovered
	for _, t := range v.Tests {
		switch t.Result {
		case "fail":
			return failed
		case "pass":
			result = passed
		}
	}
	return result
}

// count returns how many rows came to a result.
func (rep *report) count(result string) int {
	n := 0
	for _, v := range rep.verdicts {
		if v.Result == result {
			n++
		}
	}
	return n
}

func (rep *report) summary() string {
	return fmt.Sprintf("%d rows: %d pass, %d fail, %d not covered, %d do not apply",
		len(rep.verdicts), rep.count(passed), rep.count(failed), rep.count(uncovered), rep.count(notApplicable))
}

// err is nil when all rows that apply pass and nothing else is wrong.
func (rep *report) err() error {
	var wrong []string
	for _, v := range rep.verdicts {
		if v.Result == failed || v.Result == uncovered {
			wrong = append(wrong, fmt.Sprintf("row %d: %s: %s", v.Number, v.Result, v.Text))
		}
	}
	wrong = append(wrong, rep.problems...)
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "\nconform: "))
}
