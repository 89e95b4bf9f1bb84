package main

import (
	"fmt"
	"strings"
	"time"
)

// The gates. Memory and threads are compared with the first sample under load, in
// runs of ten minutes and more. A shorter one prints them only: how soon a key is
// warm is up to the machine. An idle key has 13 MB, of which 2 are anonymous, one in
// use 21 and 8. Ten minutes add half a megabyte.
const (
	maxGrowthRSS  = 12 << 10 // kB
	maxGrowthAnon = 8 << 10  // kB
	maxThreads    = 8        // more than after the warm-up: the Go runtime makes one for each system call that is slow
	maxStore      = 8 << 10  // kB: the clients' credentials are few

	minJudged = 10 * time.Minute // of a run whose memory and threads are judged
)

// judge returns which gates a run of that length exceeded.
func (s *soak) judge(length time.Duration) (list []string) {
	list = judgeSamples(s.samples, length)
	if length < minJudged {
		fmt.Printf("\nless than %v: RSS, anon and threads are not judged\n", minJudged)
	}
	for _, line := range s.key.log.at("error") {
		list = append(list, "the key logged "+line)
	}
	if warnings := s.key.log.at("warning"); len(warnings) > 0 {
		fmt.Printf("\n%d warnings of the key, the first: %s\n", len(warnings), warnings[0])
	}
	return list
}

// gate is a number of a sample, and the most that it may be.
type gate struct {
	name           string
	was, is, limit int
}

// judgeSamples looks at the first sample, of an idle key, at the second, of a
// warm one, and at the last.
func judgeSamples(samples []sample, length time.Duration) (list []string) {
	if len(samples) < 3 {
		return []string{fmt.Sprintf("%d samples, want 3 or more", len(samples))}
	}
	idle, warm, last := samples[0], samples[1], samples[len(samples)-1]
	gates := []gate{
		{"open files", idle.files, last.files, idle.files},
		{"store in kB", warm.store, last.store, maxStore},
	}
	if length >= minJudged {
		gates = append(gates,
			gate{"RSS in kB", warm.rss, last.rss, warm.rss + maxGrowthRSS},
			gate{"anonymous memory in kB", warm.anon, last.anon, warm.anon + maxGrowthAnon},
			gate{"threads", warm.threads, last.threads, warm.threads + maxThreads})
	}
	for _, g := range gates {
		if g.is > g.limit {
			list = append(list, fmt.Sprintf("%s: %d, was %d, want %d or less", g.name, g.is, g.was, g.limit))
		}
	}
	return list
}

// verdict is the error of a soak that found problems.
func verdict(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%d problems:\n  %s", len(problems), strings.Join(problems, "\n  "))
}
