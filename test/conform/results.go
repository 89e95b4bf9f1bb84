package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const module = "github.com/softkey-project/softkey/"

// event is one line of go test -json (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // instead of Package, of what does not build
	Test       string // empty: the package as a whole
	Output     string
}

// A test is one that covers rows, and how it ended.
type test struct {
	Package string `json:"package"` // without the module's name
	Name    string `json:"test"`    // as go test prints it
	Result  string `json:"result"`  // pass, fail or skip
}

// results are what the tests of some packages came to.
type results struct {
	byRow    map[int][]test
	packages []string // that failed, be it for a test without a row
	bad      []string // names that begin like a row's and are none
}

func (r *results) failures() int { return len(r.packages) }

// readResults reads what go test -json prints. The output of what failed goes to
// log.
func readResults(stream io.Reader, log io.Writer) (*results, error) {
	r := &results{byRow: map[int][]test{}}
	output := map[string]*strings.Builder{} // of what has not ended, by package and test
	lines := bufio.NewReader(stream)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err == io.EOF {
			return r, nil
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("go test -json: %q: %w", line, err)
		}
		r.take(e, output, log)
	}
}

// take takes one event in.
func (r *results) take(e event, output map[string]*strings.Builder, log io.Writer) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(log, e.Output)
	case "output":
		if output[key] == nil {
			output[key] = &strings.Builder{}
		}
		output[key].WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Action == "fail" && output[key] != nil {
			fmt.Fprint(log, output[key])
		}
		delete(output, key)
		r.end(e)
	}
}

// end notes how a test or a package ended.
func (r *results) end(e event) {
	name := strings.TrimPrefix(e.Package, module)
	if e.Test == "" {
		if e.Action == "fail" {
			r.packages = append(r.packages, name)
		}
		return
	}
	rows, err := rowsOf(e.Test)
	if err != nil {
		r.bad = append(r.bad, fmt.Sprintf("%s: %s: %v", name, e.Test, err))
	}
	for _, number := range rows {
		r.byRow[number] = append(r.byRow[number], test{name, e.Test, e.Action})
	}
}

// rowsOf returns the rows that a test covers: those that the last part of its
// name begins with, as "row_106:" or "rows_353,_354:". What begins like that and
// goes on in another way is an error.
func rowsOf(test string) (rows []int, err error) {
	name := test[strings.LastIndexByte(test, '/')+1:]
	list, ok := strings.CutPrefix(name, "rows_")
	if !ok {
		list, ok = strings.CutPrefix(name, "row_")
	}
	if !ok || list == "" || list[0] < '0' || list[0] > '9' {
		return nil, nil
	}
	list, _, ok = strings.Cut(list, ":")
	if !ok {
		return nil, fmt.Errorf("no colon after the number of its row")
	}
	for number := range strings.SplitSeq(list, ",_") {
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, err
		}
		rows = append(rows, n)
	}
	return rows, nil
}
