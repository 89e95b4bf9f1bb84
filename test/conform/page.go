package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// render writes the report as JSON or as Markdown. Equal reports give equal
// bytes: there are no times in them, and no order of running.
func (rep *report) render(asJSON bool) ([]byte, error) {
	if !asJSON {
		return rep.markdown(), nil
	}
	page, err := json.MarshalIndent(struct {
		Summary  string    `json:"summary"`
		Rows     []verdict `json:"rows"`
		Problems []string  `json:"problems,omitempty"`
	}{rep.summary(), rep.verdicts, rep.problems}, "", "  ")
	return append(page, '\n'), err
}

const pageHead = `# Conformance

What the FIDO conformance tool, u2f-ref-code and the specifications want of a USB
security key, and the tests that show it. The rows are those of
[rows.txt](../test/conform/rows.txt); a test covers a row by the name of a subtest.
` + "`make conform`" + ` runs the tests, prints this page, and fails where it says something
else. To run the tests of one row:

    go test ./authenticator -v -run 'TestMakeCredentialRows/row_106:'

`

func (rep *report) markdown() []byte {
	var b bytes.Buffer
	b.WriteString(pageHead + rep.summary() + ".\n")
	title := ""
	for _, v := range rep.verdicts {
		if v.Section != title {
			title = v.Section
			fmt.Fprintf(&b, "\n## %s\n\n| row | source | what is checked | covered by | result |\n| --- | --- | --- | --- | --- |\n", title)
		}
		result := v.Result
		if v.Reason != "" {
			result += ": " + v.Reason
		}
		fmt.Fprintf(&b, "%s%s | %s |\n", v.markdown(), covering(v.Tests), result)
	}
	return b.Bytes()
}

// markdown is the part of a line that says what the row is.
func (r *row) markdown() string {
	return fmt.Sprintf("| %d | %s | %s | ", r.Number, r.Source, r.Text)
}

// covering names tests by what go test's -run takes: their packages, their
// functions and the numbers of their rows. What stands between is left out: an
// empty pattern matches all.
func covering(tests []test) string {
	var names []string
	for _, t := range tests {
		parts := strings.Split(t.Name, "/")
		for i := 1; i < len(parts)-1; i++ {
			parts[i] = ""
		}
		pattern, _, _ := strings.Cut(strings.Join(parts, "/"), ":")
		names = append(names, fmt.Sprintf("%s `%s:`", t.Package, pattern))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
