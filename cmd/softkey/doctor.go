package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newDoctor(p *program) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Tell what stands between this machine and a working key",
		Long: `Doctor looks at what a virtual key needs of this machine, and at what keeps
programs from it: /dev/uhid and its udev rule, groups, sockets, the folder of the
key, ways of asking you, sandboxes of browsers. It changes nothing. Each line that
is not "ok" comes with one that says how to mend it.

A "warn" is something that does not work, while a key can run and be used. With a
"bad" none can: the exit code is 1.`,
		Example: `  softkey doctor
  softkey doctor --json | jq -r '.findings[] | select(.level != "ok") | .mend'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := newDiagnosis(thisMachine().examine(cmd.Context()))
			if asJSON {
				return errors.Join(printJSON(p.stdout, d), d.err())
			}
			return errors.Join(d.print(p), d.err())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// level is how much a finding matters.
type level string

const (
	levelOK   level = "ok"
	levelWarn level = "warn" // something does not work
	levelBad  level = "bad"  // nothing does
)

// finding is what a check has found.
type finding struct {
	Check string `json:"check"`
	Level level  `json:"level"`
	Says  string `json:"says"`
	Mend  string `json:"mend,omitempty"` // what the user can do; empty for levelOK
}

func fine(format string, args ...any) finding {
	return finding{Level: levelOK, Says: fmt.Sprintf(format, args...)}
}

func warn(says, mend string) finding { return finding{Level: levelWarn, Says: says, Mend: mend} }

func bad(says, mend string) finding { return finding{Level: levelBad, Says: says, Mend: mend} }

// diagnosis is all findings.
type diagnosis struct {
	OK       bool      `json:"ok"` // a key can run and be used
	Findings []finding `json:"findings"`
}

func newDiagnosis(findings []finding) diagnosis {
	worst := slices.ContainsFunc(findings, func(f finding) bool { return f.Level == levelBad })
	return diagnosis{OK: !worst, Findings: findings}
}

func (d diagnosis) err() error {
	if d.OK {
		return nil
	}
	return hint(errors.New("no key can run here"), "mend what is marked %q", levelBad)
}

// print prints the findings as lines for people.
func (d diagnosis) print(p *program) error {
	s := style{}
	if isTerminal(p.stdout) {
		s = styleOf(os.Getenv)
	}
	colours := map[level]string{levelOK: green, levelWarn: bold, levelBad: red}
	var lines strings.Builder
	for _, f := range d.Findings {
		fmt.Fprintf(&lines, "%s  %-8s  %s\n", s.paint(colours[f.Level], fmt.Sprintf("%-4s", f.Level)), f.Check, oneLine(f.Says))
		if f.Mend != "" {
			fmt.Fprintf(&lines, "                mend: %s\n", oneLine(f.Mend))
		}
	}
	_, err := io.WriteString(p.stdout, lines.String())
	return err
}

// check looks at one thing that a key needs. It finds nothing where that thing does
// not matter.
type check struct {
	name string
	run  func(ctx context.Context, m *machine) []finding
}

// checks is the table: a check is a line here.
var checks = []check{
	{"uhid", checkUHID},
	{"rule", checkRule},
	{"group", checkGroup},
	{"key", checkKeys},
	{"socket", checkSocket},
	{"state", checkState},
	{"desktop", checkDesktop},
	{"snap", checkSnaps},
	{"flatpak", checkFlatpaks},
}

// examine runs all checks.
func (m *machine) examine(ctx context.Context) (all []finding) {
	for _, c := range checks {
		for _, f := range c.run(ctx, m) {
			f.Check = c.name
			all = append(all, f)
		}
	}
	return all
}
