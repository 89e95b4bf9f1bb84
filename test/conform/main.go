// Command conform says which tests cover the rows of the conformance checklist.
//
// The rows are in rows.txt. A test covers a row by the name of a subtest, which
// begins with "row 106:" or "rows 353, 354:". conform runs the tests, reads their
// names and results, and prints a page: each row, what covers it, and the result.
// It fails when a row that applies is covered by no test, or by one that fails.
//
//	go run ./test/conform
//	go run ./test/conform -o docs/conformance.md
//	go run ./test/conform -json ./authenticator
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// The packages that have rows in their tests.
var packages = []string{"./attestation", "./authenticator", "./ctaphid", "./device"}

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var opts options
	flag.StringVar(&opts.out, "o", "", "write the page to `FILE` instead of standard output")
	flag.StringVar(&opts.against, "against", "", "fail where the page is another than `FILE`")
	flag.BoolVar(&opts.json, "json", false, "write JSON instead of Markdown")
	flag.Usage = usage
	flag.Parse()
	if opts.packages = flag.Args(); len(opts.packages) == 0 {
		opts.packages = packages
	}
	if err := conform(ctx, opts, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "conform:", err)
		stop()
		os.Exit(exitFailed)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: conform [-o FILE] [-against FILE] [-json] [packages]")
	flag.PrintDefaults()
	os.Exit(exitUsage)
}

// options are the flags, and the packages to test.
type options struct {
	out, against string
	json         bool
	packages     []string
}

// conform runs the tests and writes the page, and what failing tests print and the
// summary to log; the error says why the key does not conform, or why nobody
// knows.
func conform(ctx context.Context, opts options, stdout, log io.Writer) error {
	sections, err := parseRows(rowsText)
	if err != nil {
		return err
	}
	results, err := runTests(ctx, opts.packages, log)
	if err != nil {
		return err
	}
	report := judge(sections, results)
	page, err := report.render(opts.json)
	if err != nil {
		return err
	}
	if err := write(opts.out, page, stdout); err != nil {
		return err
	}
	fmt.Fprintln(log, "conform:", report.summary())
	return errors.Join(report.err(), compare(opts.against, page))
}

// runTests runs go test, whose results are in its output even where tests fail.
func runTests(ctx context.Context, packages []string, log io.Writer) (*results, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, packages...)...)
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	results, readErr := readResults(stdout, log)
	err = cmd.Wait()
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.Exited() && results != nil && results.failures() > 0 {
		err = nil // the page says which
	}
	return results, errors.Join(readErr, err)
}

func write(path string, page []byte, stdout io.Writer) error {
	if path == "" {
		_, err := stdout.Write(page)
		return err
	}
	return os.WriteFile(path, page, 0o644)
}

// compare wants the page to be what a file holds; no file, nothing to want.
func compare(path string, page []byte) error {
	if path == "" {
		return nil
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(kept, page) {
		return fmt.Errorf("%s is not up to date\nconform: hint: go run ./test/conform -o %[1]s", path)
	}
	return nil
}
