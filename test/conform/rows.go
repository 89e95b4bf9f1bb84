package main

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// rowsText is the checklist; its head says how to read it.
//
//go:embed rows.txt
var rowsText string

// A section is a part of the checklist, such as "A. CTAPHID".
type section struct {
	title string
	rows  []row
}

// A row is one behaviour that a conformance suite looks for.
type row struct {
	Number int    `json:"row"`
	Source string `json:"source"`
	Text   string `json:"text"`
	Reason string `json:"reason,omitempty"` // why it does not apply; empty: it does
}

// parseRows reads the checklist, whose rows are numbered from one without gaps.
func parseRows(text string) (sections []section, err error) {
	next := 1
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			sections = append(sections, section{title: title})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRow(line)
		if err == nil && r.Number != next {
			err = fmt.Errorf("number %d, want %d", r.Number, next)
		}
		if err == nil && len(sections) == 0 {
			err = errors.New("no section before it")
		}
		if err != nil {
			return nil, fmt.Errorf("rows.txt: %q: %w", line, err)
		}
		last := &sections[len(sections)-1]
		last.rows = append(last.rows, r)
		next++
	}
	return sections, nil
}

// parseRow reads "number | source | text" or "number | source | text | reason".
func parseRow(line string) (row, error) {
	fields := strings.Split(line, " | ")
	if len(fields) != 3 && len(fields) != 4 {
		return row{}, fmt.Errorf("%d fields, want 3 or 4", len(fields))
	}
	number, err := strconv.Atoi(fields[0])
	if err != nil {
		return row{}, err
	}
	r := row{Number: number, Source: fields[1], Text: fields[2]}
	if len(fields) == 4 {
		r.Reason = fields[3]
	}
	return r, nil
}
