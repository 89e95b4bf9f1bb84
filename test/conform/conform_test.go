package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const testRows = `# three rows
## A. Frames
1 | CHK-001 | silence
2 | derived | echo
## B. Others
3 | CHK-003 | SELECT | no NFC
`

// ended is a line of go test -json.
func ended(action, pkg, test string) string {
	line, err := json.Marshal(event{Action: action, Package: pkg, Test: test})
	if err != nil {
		panic(err)
	}
	return string(line) + "\n"
}

const pkg = module + "ctaphid"

// reportOf judges what a run of go test prints.
func reportOf(t *testing.T, stream ...string) *report {
	t.Helper()
	sections, err := parseRows(testRows)
	if err != nil {
		t.Fatal(err)
	}
	results, err := readResults(strings.NewReader(strings.Join(stream, "")), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return judge(sections, results)
}

func TestJudge(t *testing.T) {
	first, second := ended("pass", pkg, "TestA/row_1:_silence"), ended("pass", pkg, "TestA/deep/row_2:_echo")
	tests := []struct {
		name    string
		stream  []string
		results []string // of rows 1 to 3
		err     string   // a part of it; empty: none
	}{
		{"all", []string{first, second, ended("pass", pkg, "")}, []string{passed, passed, notApplicable}, ""},
		{"one test for two rows", []string{ended("pass", pkg, "TestA/rows_1,_2:_both")}, []string{passed, passed, notApplicable}, ""},
		{"a row is missing", []string{first}, []string{passed, uncovered, notApplicable}, "row 2: not covered: echo"},
		{"a row fails", []string{first, ended("fail", pkg, "TestA/row_2:"), ended("fail", pkg, "")}, []string{passed, failed, notApplicable}, "row 2: fail: echo"},
		{"one of two tests fails", []string{first, second, ended("fail", pkg, "TestB/row_2:_again")}, []string{passed, failed, notApplicable}, "row 2: fail"},
		{"a row was skipped", []string{first, ended("skip", pkg, "TestA/row_2:_echo")}, []string{passed, uncovered, notApplicable}, "row 2: not covered"},
		{"a test without a row fails", []string{first, second, ended("fail", pkg, "TestC"), ended("fail", pkg, "")}, []string{passed, passed, notApplicable}, "the tests of ctaphid fail"},
		{"a test of a row that does not apply", []string{first, second, ended("pass", pkg, "TestA/row_3:_select")}, []string{passed, passed, notApplicable}, "row 3 does not apply, but TestA/row_3:_select covers it"},
		{"a test of a row that is not there", []string{first, second, ended("pass", pkg, "TestA/row_4:_x")}, []string{passed, passed, notApplicable}, "row 4, which TestA/row_4:_x covers, is not in the checklist"},
		{"a name without a colon", []string{first, second, ended("pass", pkg, "TestA/row_2_echo")}, []string{passed, passed, notApplicable}, "no colon"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep := reportOf(t, tt.stream...)
			var got []string
			for _, v := range rep.verdicts {
				got = append(got, v.Result)
			}
			if !slices.Equal(got, tt.results) {
				t.Errorf("got %q, want %q", got, tt.results)
			}
			err := rep.err()
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got error %v, want one with %q", err, tt.err)
			}
		})
	}
}

func TestRowsOf(t *testing.T) {
	for name, want := range map[string][]int{
		"TestA/row_1:_silence":       {1},
		"TestA/way/rows_1,_22,_303:": {1, 22, 303},
		"TestA/row_1:_x/child":       nil, // its parent covers the row
		"TestA/30_s":                 nil,
		"TestA/row_of_text":          nil,
		"TestA/rows":                 nil,
		"Test":                       nil,
	} {
		if got, err := rowsOf(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("rowsOf(%q) = %v, %v; want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"TestA/row_1", "TestA/rows_1-3:_x", "TestA/rows_1,2:_x"} {
		if got, err := rowsOf(name); err == nil {
			t.Errorf("rowsOf(%q) = %v, want an error", name, got)
		}
	}
}

// What a failing test prints goes to the log, what a passing one prints does not.
func TestReadResultsLogsFailures(t *testing.T) {
	said := func(test, text string) string {
		line, _ := json.Marshal(event{Action: "output", Package: pkg, Test: test, Output: text})
		return string(line) + "\n"
	}
	var log bytes.Buffer
	stream := said("TestA", "fine\n") + ended("pass", pkg, "TestA") + said("TestB", "broken\n") + ended("fail", pkg, "TestB") +
		`{"Action":"build-output","ImportPath":"x","Output":"does not build\n"}` + "\n"
	if _, err := readResults(strings.NewReader(stream), &log); err != nil {
		t.Fatal(err)
	}
	if got, want := log.String(), "broken\ndoes not build\n"; got != want {
		t.Errorf("log %q, want %q", got, want)
	}
	if _, err := readResults(strings.NewReader("no JSON\n"), &log); err == nil {
		t.Error("no error of a line that is no JSON")
	}
}

func TestParseRows(t *testing.T) {
	for name, text := range map[string]string{
		"two fields":      "## A\n1 | CHK-001",
		"five fields":     "## A\n1 | a | b | c | d",
		"no number":       "## A\nx | a | b",
		"a gap":           "## A\n1 | a | b\n3 | a | b",
		"a number twice":  "## A\n1 | a | b\n1 | a | b",
		"no section":      "1 | a | b",
		"not from one on": "## A\n2 | a | b",
	} {
		if got, err := parseRows(text); err == nil {
			t.Errorf("%s: got %+v, want an error", name, got)
		}
	}
}

// The checklist itself: it can be read, and is all there.
func TestChecklist(t *testing.T) {
	sections, err := parseRows(rowsText)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range sections {
		n += len(s.rows)
		for _, r := range s.rows {
			if r.Text == "" || r.Source == "" {
				t.Errorf("row %d: %+v lacks something", r.Number, r)
			}
		}
	}
	if len(sections) != 26 || n != 419 {
		t.Errorf("%d sections with %d rows, want 26 with 419", len(sections), n)
	}
}

func TestPage(t *testing.T) {
	rep := reportOf(t,
		ended("pass", pkg, "TestA/Serve/row_1:_silence"), ended("pass", pkg, "TestA/Pipe/row_1:_silence"),
		ended("pass", pkg, "TestB/row_1:_silence_again"))
	page := string(rep.markdown())
	for _, line := range []string{
		"| 1 | CHK-001 | silence | ctaphid `TestA//row_1:`, ctaphid `TestB/row_1:` | pass |",
		"| 2 | derived | echo |  | not covered |",
		"| 3 | CHK-003 | SELECT |  | does not apply: no NFC |",
		"3 rows: 1 pass, 0 fail, 1 not covered, 1 do not apply.",
		"## B. Others",
	} {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, page)
		}
	}
	b, err := rep.render(true)
	var got struct{ Rows []verdict }
	if err != nil || json.Unmarshal(b, &got) != nil || len(got.Rows) != 3 || got.Rows[0].Tests[0].Package != "ctaphid" || got.Rows[2].Reason != "no NFC" {
		t.Errorf("JSON %s, %v", b, err)
	}
}

func TestCompare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := compare(path, nil); err == nil {
		t.Error("no error where there is no file")
	}
	if err := write(path, []byte("page\n"), nil); err != nil {
		t.Fatal(err)
	}
	if err := compare(path, []byte("page\n")); err != nil {
		t.Errorf("the same: got %v", err)
	}
	if err := compare(path, []byte("another\n")); err == nil || !strings.Contains(err.Error(), "is not up to date") {
		t.Errorf("another: got %v, want that it is not up to date", err)
	}
	if err := compare("", nil); err != nil {
		t.Errorf("no file to compare: got %v", err)
	}
}

// docs/conformance.md has each row as the checklist has it. Who covers a row, and
// with what result, only a run can tell: make conform does.
func TestPageInDocsHasTheRows(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections, err := parseRows(rowsText)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range judge(sections, &results{}).verdicts {
		if row := v.markdown(); !strings.Contains(string(page), "\n"+row) {
			t.Errorf("docs/conformance.md has no row that begins %q: run make conform", row)
		}
	}
}
