package main

import (
	"io"
	"slices"
	"testing"
)

// The command run is the same whether it is made alone or among all.
func TestRunIsMadeAlone(t *testing.T) {
	p := &program{stderr: newConsole(io.Discard)}
	alone, all := newRoot(p, "run"), newRoot(p)
	if got := names(alone.Commands()); !slices.Equal(got, []string{"help", "run"}) {
		t.Errorf("commands for run: got %q, want run, and help", got)
	}
	one, _, err := alone.Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := all.Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := one.UsageString(), other.UsageString(); got != want {
		t.Errorf("alone its usage is\n%s\nand among all\n%s", got, want)
	}
}
