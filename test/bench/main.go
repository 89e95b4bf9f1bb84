// Command bench measures the whole key beside the bare cryptography of the same
// operation in the same run, holds the figures against their goals, and fails
// where one is beyond its gate.
//
// What is measured are the benchmarks of this folder, which can be run by
// themselves: each of their iterations is a round of the key between two rounds of
// the floor, and they report the median of the ratios as x-floor, and its
// quartiles. Figures of different runs are not comparable, ratios are. The goals
// are a table here; docs/performance.md says what they mean.
//
//	go run ./test/bench                           # all of it: some minutes
//	go run ./test/bench -short                    # as CI does
//	go run ./test/bench -page docs/performance.md # measure, and rewrite page and plots
//	go test -run '^$' -bench GetAssertion ./test/bench
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var opts options
	flag.BoolVar(&opts.short, "short", false, "measure less and judge what does not depend on the machine alone: counts and ratios of processor time")
	flag.StringVar(&opts.bench, "bench", "", "measure only the benchmarks that match the `PATTERN` of go test")
	flag.StringVar(&opts.from, "from", "", "measure nothing: read what was kept in `FILE`")
	flag.StringVar(&opts.keep, "keep", "", "keep what the benchmarks print in `FILE`")
	flag.StringVar(&opts.page, "page", "", "rewrite the tables of the page `FILE`, and the plots beside it; not with -short")
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 || opts.short && opts.page != "" {
		usage()
	}
	if err := bench(ctx, opts, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(exitFailed)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: bench [-short] [-bench PATTERN] [-from FILE] [-keep FILE] [-page FILE]")
	flag.PrintDefaults()
	os.Exit(exitUsage)
}

// options are the flags.
type options struct {
	short                   bool
	bench, from, keep, page string
}

// bench measures, and writes the table of goals to stdout and its progress to
// log. The error says which goals were missed by more than their gates allow.
func bench(ctx context.Context, opts options, stdout, log io.Writer) error {
	goals := allGoals(opts.short)
	results, err := opts.results(ctx, goals, log)
	if err != nil {
		return err
	}
	rows := judge(goals, results, opts.short)
	if opts.bench != "" {
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.verdict == notMeasured })
	}
	if err := writeTable(stdout, rows); err != nil {
		return err
	}
	if opts.page != "" {
		err = rewritePage(opts.page, rows, results)
	}
	return errors.Join(missed(rows), err)
}

// save keeps what there is so far: measuring again takes time.
func (o options) save(r *results) error {
	if o.keep == "" {
		return nil
	}
	return os.WriteFile(o.keep, r.raw.Bytes(), 0o644)
}

// results reads or measures.
func (o options) results(ctx context.Context, goals []goal, log io.Writer) (*results, error) {
	if o.from == "" {
		return measure(ctx, goals, o, log)
	}
	kept, err := os.ReadFile(o.from)
	if err != nil {
		return nil, err
	}
	r := newResults()
	return r, r.read(kept)
}
