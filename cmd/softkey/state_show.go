package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

func newStateShow(p *program) *cobra.Command {
	var s stateFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print what is in a state folder, and how it is sealed",
		Long: `Show prints what is in a state folder: its format, its size, how many credentials
it has, and its seals. Nothing is opened for that, and nothing secret printed.`,
		Example: "  softkey state show --state ./key --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			summary, err := s.summarize()
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// stateSummary is what can be told of a store without opening its seals.
type stateSummary struct {
	State       string        `json:"state"`
	Format      int           `json:"format"`
	Seeded      bool          `json:"seeded"`
	Size        int64         `json:"size"` // of the file, in bytes
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

// summarize reads the store.
func (s *stateFlags) summarize() (*stateSummary, error) {
	dir, err := s.existing()
	if err != nil {
		return nil, err
	}
	store, opts, err := openEither(dir)
	if err != nil {
		return nil, err
	}
	summary := &stateSummary{State: dir, Format: keystore.FormatVersion, Seeded: opts.Seeded, Seals: []sealSummary{}}
	err = errors.Join(summary.read(store), store.Close())
	return summary, explainState(dir, err)
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
