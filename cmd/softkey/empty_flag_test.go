package main

import (
	"io"
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEmptyFlags finds the flags of all commands that may be empty: an account's
// names, and what u2f and u2f-host refuse in words of their own.
func TestEmptyFlags(t *testing.T) {
	want := []string{
		"softkey credentials rename --display-name", "softkey credentials rename --name",
		"softkey u2f --command", "softkey u2f --origin",
	}
	var got []string
	visitFlags(newRoot(&program{stderr: newConsole(io.Discard)}), func(cmd *cobra.Command, f *pflag.Flag) {
		if f.Value.Set("") == nil && (mayBeEmpty(f) || !hasEmptyValue(f)) {
			got = append(got, cmd.CommandPath()+" --"+f.Name)
		}
	})
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// visitFlags calls f with the flags of cmd and of the commands below it.
func visitFlags(cmd *cobra.Command, f func(*cobra.Command, *pflag.Flag)) {
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) { f(cmd, flag) })
	for _, c := range cmd.Commands() {
		visitFlags(c, f)
	}
}
