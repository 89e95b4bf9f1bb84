package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

func newStateShow(p *program) *cobra.Command {
	var s stateFlags
	var asJSON, check bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print what is in a state folder, and how it is sealed",
		Long: `Show prints what is in a state folder: its format, its size, how many credentials
it has, and its seals. Nothing is opened for that, and nothing secret printed.

With --check it reads the whole file before, and fails if anything in it is
damaged or missing. A key that starts does so by itself with files up to a
mebibyte; with larger ones it notices damage where it reads it.`,
		Example: `  softkey state show --state ./key --json
  softkey state show --check`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			summary, err := s.summarize(p, check)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.stdout, summary)
			}
			return summary.print(p)
		},
	}
	s.addDir(cmd)
	cmd.Flags().BoolVar(&check, "check", false, "read all of it, and fail if anything is damaged")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// stateSummary is what can be told of a store without opening its seals.
type stateSummary struct {
	State       string        `json:"state"`
	Format      int           `json:"format"`
	Seeded      bool          `json:"seeded"`
	Size        int64         `json:"size"`              // of the file, in bytes
	Checked     *uint64       `json:"checked,omitempty"` // keys, all of which are whole
	Credentials int           `json:"credentials"`
	SignCount   uint32        `json:"signCount"` // may be up to 1023 too high after a crash
	Sealed      bool          `json:"sealed"`
	Seals       []sealSummary `json:"seals"`
}

// sealSummary is what a seal asks for.
type sealSummary struct {
	Slot    int       `json:"slot"`
	Kind    seal.Kind `json:"kind"`
	Details string    `json:"details"`
}

// summarize reads the store, and all of it before if it is to be checked.
func (s *stateFlags) summarize(p *program, check bool) (*stateSummary, error) {
	dir, err := s.existing()
	if err != nil {
		return nil, err
	}
	summary := &stateSummary{State: dir, Format: keystore.FormatVersion, Seals: []sealSummary{}}
	if check {
		if err := summary.check(p); err != nil {
			return nil, err
		}
	}
	store, opts, err := openEither(dir)
	if err != nil {
		return nil, err
	}
	summary.Seeded = opts.Seeded
	err = errors.Join(summary.read(store), store.Close())
	return summary, explainState(dir, err)
}

// check checks the store. From the first second on it tells how far it is.
func (s *stateSummary) check(p *program) error {
	keys, err := keystore.Check(s.State, eachSecond(func(done float64) {
		fmt.Fprintf(p.stderr, "softkey: %d %% of %s are checked\n", int(100*done), s.State)
	}))
	s.Checked = &keys
	if errors.Is(err, keystore.ErrDamaged) {
		return hint(err, "it stays as it is; softkey state import brings back a copy, in another folder")
	}
	return explainState(s.State, err)
}

// eachSecond returns tell, but called no more than once a second, and not in the
// first.
func eachSecond(tell func(done float64)) func(done float64) {
	next := time.Now().Add(time.Second)
	return func(done float64) {
		if now := time.Now(); !now.Before(next) {
			next = now.Add(time.Second)
			tell(done)
		}
	}
}

func (s *stateSummary) read(store *keystore.Bolt) error {
	info, err := os.Stat(filepath.Join(s.State, storeFile))
	if err != nil {
		return err
	}
	s.Size = info.Size()
	counter, err := keystore.NewCounter(store)
	if err != nil {
		return err
	}
	s.SignCount = counter.Last()
	if err := store.View(s.count); err != nil {
		return err
	}
	slots, err := seal.Slots(store)
	for _, slot := range slots {
		s.Sealed = true
		s.Seals = append(s.Seals, sealSummary{slot.Number, slot.Kind, slot.Details()})
	}
	return err
}

// count counts the records, since their number is sealed as they are.
func (s *stateSummary) count(tx keystore.Tx) error {
	for range tx.All("credentials", nil) {
		s.Credentials++
	}
	return nil
}

func (s *stateSummary) print(p *program) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "state directory\t%s\n", printable(s.State))
	fmt.Fprintf(w, "format\t%d%s\n", s.Format, s.mode())
	fmt.Fprintf(w, "size\t%d bytes\n", s.Size)
	if s.Checked != nil {
		fmt.Fprintf(w, "checked\t%s whole\n", countOf(int(*s.Checked), "key is", "keys are"))
	}
	fmt.Fprintf(w, "credentials\t%d\n", s.Credentials)
	fmt.Fprintf(w, "signature counter\t%d\n", s.SignCount)
	if !s.Sealed {
		fmt.Fprintf(w, "sealed\tno: whoever gets the file has the key\n")
	}
	for _, slot := range s.Seals {
		fmt.Fprintf(w, "seal in slot %d\t%s\n", slot.Slot, strings.TrimSuffix(string(slot.Kind)+", "+printable(slot.Details), ", "))
	}
	return w.Flush()
}

func (s *stateSummary) mode() string {
	if s.Seeded {
		return ", deterministic"
	}
	return ""
}
