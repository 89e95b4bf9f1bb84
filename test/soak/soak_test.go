package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

func TestJudgeSamples(t *testing.T) {
	good := []sample{
		{rss: 9000, anon: 3000, threads: 8, files: 20, store: 100},
		{rss: 20000, anon: 9000, threads: 10, files: 20, store: 200},
		{rss: 21000, anon: 9500, threads: 11, files: 20, store: 400},
	}
	const short, long = minJudged - time.Nanosecond, minJudged
	tests := []struct {
		name   string
		change func(last *sample)
		length time.Duration
		want   string // the gate; empty: none
	}{
		{"nothing", func(*sample) {}, long, ""},
		{"memory within its bound", func(s *sample) { s.rss += 11000 }, long, ""},
		{"memory", func(s *sample) { s.rss += 12000 }, long, "RSS in kB"},
		{"anonymous memory", func(s *sample) { s.anon += 8000 }, long, "anonymous memory"},
		{"threads", func(s *sample) { s.threads += 8 }, long, "threads"},
		{"a file more", func(s *sample) { s.files++ }, long, "open files"},
		{"store", func(s *sample) { s.store = 9000 }, long, "store in kB"},
		{"memory and threads of a short run", func(s *sample) { s.rss, s.anon, s.threads = 90000, 80000, 99 }, short, ""},
		{"a file more in a short run", func(s *sample) { s.files++ }, short, "open files"},
		{"store of a short run", func(s *sample) { s.store = 9000 }, short, "store in kB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			samples := slices.Clone(good)
			tt.change(&samples[2])
			got := judgeSamples(samples, tt.length)
			if (tt.want == "") != (len(got) == 0) || len(got) > 1 || len(got) == 1 && !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := judgeSamples(good[:2], short); len(got) != 1 {
		t.Errorf("two samples: got %q, want that they are too few", got)
	}
}

func TestParseStatus(t *testing.T) {
	const status = "Name:\tsoftkey\nVmPeak:\t  1240000 kB\nVmRSS:\t   10240 kB\nRssAnon:\t    3072 kB\nRssFile:\t    7168 kB\nThreads:\t9\n"
	want := sample{rss: 10240, anon: 3072, threads: 9}
	if got := parseStatus(status); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A counter that comes twice, or falls, is an error; so is an operation that was
// never done.
func TestProblemsAreSeen(t *testing.T) {
	s := &soak{ledger: newLedger(), figures: newFigures()}
	a, b := &caller{soak: s}, &caller{soak: s}
	for _, step := range []struct {
		c     *caller
		count uint32
		good  bool
	}{{a, 1, true}, {b, 3, true}, {a, 2, true}, {b, 3, false}, {b, 2, false}, {a, 3, false}, {a, 4, true}} {
		if err := step.c.signed(step.count); (err == nil) != step.good {
			t.Errorf("counter %d: got %v, want an error: %v", step.count, err, !step.good)
		}
	}
	if got := len(s.figures.failures()); got != len(operations) {
		t.Errorf("%d failures of a soak that did nothing, want %d", got, len(operations))
	}
	for _, op := range operations {
		s.figures.done(op.name, time.Millisecond, nil)
	}
	if got := s.figures.failures(); len(got) != 0 {
		t.Errorf("got %q, want no failures", got)
	}
	s.figures.done("ping", time.Second, errors.New("lost"))
	if got := s.figures.failures(); len(got) != 1 || verdict(got) == nil {
		t.Errorf("got %q, want one failure", got)
	}
}

func TestWants(t *testing.T) {
	provoked := fmt.Errorf("makeCredential: %w", ctap.StatusOperationDenied)
	if err := wants(provoked, ctap.StatusOperationDenied); err != nil {
		t.Errorf("the refusal that was provoked: got %v, want nil", err)
	}
	for _, err := range []error{nil, ctap.StatusOther} {
		if got := wants(err, ctap.StatusOperationDenied); got == nil || isBusy(got) {
			t.Errorf("%v: got %v, want an error", err, got)
		}
	}
	if got := wants(ctap.StatusChannelBusy, ctap.StatusOperationDenied); !isBusy(got) {
		t.Errorf("busy: got %v, want busy", got)
	}
}

func TestQuantile(t *testing.T) {
	var took []time.Duration
	for n := range 100 {
		took = append(took, time.Duration(100-n)*time.Millisecond)
	}
	for p, want := range map[int]string{50: "50.00ms", 99: "99.00ms"} {
		if got := quantile(took, p); got != want {
			t.Errorf("p%d: got %s, want %s", p, got, want)
		}
	}
	if got := quantile(nil, 50); got != "-" {
		t.Errorf("of nothing: got %s, want -", got)
	}
}

// Each operation has its turn but those that samples come with, and those of one
// connection are none that must be alone.
func TestChoose(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	chosen := map[string]bool{}
	for range 20_000 {
		chosen[choose(r, operations).name] = true
		if op := choose(r, together); op.alone {
			t.Fatalf("%s must be alone", op.name)
		}
	}
	if len(chosen) != len(operations)-2 || chosen["no touch"] || chosen["replug and reset"] {
		t.Errorf("%d of %d operations were chosen: %v", len(chosen), len(operations), chosen)
	}
}

func TestSchedule(t *testing.T) {
	for length, want := range map[time.Duration]int{10 * time.Minute: 9, time.Minute: 5, time.Hour: 59} {
		if got := schedule(length); len(got) != want || got[len(got)-1] >= length {
			t.Errorf("%v: got %v, want %d samples within", length, got, want)
		}
	}
}
