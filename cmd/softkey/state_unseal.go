package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore/seal"
)

// unsealFlags are the flags of `state unseal`.
type unsealFlags struct {
	state stateFlags
	kinds kindFlags
	kind  seal.Kind // that kinds choose
	slot  int
	plain bool
}

func newStateUnseal(p *program) *cobra.Command {
	o := &unsealFlags{}
	cmd := &cobra.Command{
		Use:   "unseal",
		Short: "Take a seal away",
		Long: `Unseal takes a seal away: the one in a slot, or the only one of a kind. No
credential changes. The store is opened before by another of its seals, so that
nobody locks themself out.

The last seal stays, unless --plain is given: that writes the secrets as they are,
for whoever gets the file. Alone, --plain takes all seals away.

A copy of the file that was made before has the seal still.`,
		Example: `  softkey state unseal --slot 1
  softkey state unseal --tpm
  softkey state unseal --plain`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run(p) },
	}
	o.state.addDir(cmd)
	o.state.opener.add(cmd)
	o.kinds.add(cmd, "take away the seal by")
	f := cmd.Flags()
	f.IntVar(&o.slot, "slot", -1, "take away the seal in slot `N`")
	f.Lookup("slot").DefValue = "0" // which help does not tell
	f.BoolVar(&o.plain, "plain", false, "take the last seal away too: keep the secrets readable in the file")
	return cmd
}

func (o *unsealFlags) run(p *program) error {
	if err := o.check(); err != nil {
		return err
	}
	dir, err := o.state.existing()
	if err != nil {
		return err
	}
	var left []seal.Slot
	state, err := o.state.unlockState(p, dir, func(slots []seal.Slot) (_ []seal.Slot, err error) {
		left, err = o.left(dir, slots)
		if len(left) == 0 {
			return slots, err
		}
		o.state.opener.leaving = slotsThatGo(slots, left)
		return left, err
	})
	if err != nil {
		return err
	}
	defer state.wipe()
	if len(state.slots) == 0 {
		return fmt.Errorf("the store in %s is not sealed", dir)
	}
	return o.unseal(p, state, left)
}

// slotsThatGo returns the slots that are not left.
func slotsThatGo(slots, left []seal.Slot) []seal.Slot {
	return slices.DeleteFunc(slices.Clone(slots), func(s seal.Slot) bool { return seal.Find(left, s.Number) >= 0 })
}

// check reads the flags, before anything is done.
func (o *unsealFlags) check() (err error) {
	o.kind, err = o.kinds.kind()
	switch {
	case err != nil:
		return err
	case o.kind != "" && o.slot >= 0:
		return usagef("--slot and --%s exclude each other", o.kind)
	case o.kind == "" && o.slot < 0 && !o.plain:
		return hint(usagef("which seal is to be taken away?"), "--slot N, as softkey state show lists them, or --plain for all")
	}
	return nil
}

// left returns the seals that are to stay.
func (o *unsealFlags) left(dir string, slots []seal.Slot) ([]seal.Slot, error) {
	number, err := o.number(dir, slots)
	if err != nil {
		return nil, err
	}
	left := slices.DeleteFunc(slices.Clone(slots), func(s seal.Slot) bool {
		return number < 0 || s.Number == number
	})
	switch {
	case len(left) == 0 && !o.plain:
		return nil, hint(fmt.Errorf("slot %d is the only seal of the store in %s", number, dir),
			"--plain takes it away: the secrets are then readable to whoever gets the file")
	case len(left) > 0 && !hasLasting(left):
		return nil, hint(fmt.Errorf("the kernel's keyring alone would be left, which forgets the key when the machine is restarted"),
			"add another seal first: softkey state seal --passphrase")
	}
	return left, nil
}

// number returns the slot that is to be emptied, -1 for all.
func (o *unsealFlags) number(dir string, slots []seal.Slot) (int, error) {
	if o.slot >= 0 {
		if seal.Find(slots, o.slot) < 0 {
			return 0, noSlot(dir, o.slot)
		}
		return o.slot, nil
	}
	kind := o.kind
	if kind == "" {
		return -1, nil
	}
	of := slices.DeleteFunc(slices.Clone(slots), func(s seal.Slot) bool { return s.Kind != kind })
	switch len(of) {
	case 0:
		return 0, hint(fmt.Errorf("the store in %s is not sealed by %s", dir, describeKind(kind)), "softkey state show lists the seals")
	case 1:
		return of[0].Number, nil
	}
	return 0, hint(usagef("%d seals are by %s", len(of), describeKind(kind)), "choose one by --slot N, as softkey state show lists them")
}

// unseal writes the store with the seals that are left.
func (o *unsealFlags) unseal(p *program, state *sealedState, left []seal.Slot) error {
	to := state.key
	if len(left) == 0 {
		to = nil
	}
	if err := state.change(to, left); err != nil {
		return err
	}
	forgetKeys(p, state.slots, left)
	if to == nil {
		fmt.Fprintf(p.stderr, "softkey: the store in %s is not sealed any more: whoever gets the file has the key\n", state.dir)
		return nil
	}
	fmt.Fprintf(p.stderr, "softkey: the store in %s has %d of %d seals left\n", state.dir, len(left), len(state.slots))
	return nil
}

// forgetKeys has the kernel forget the keys of slots that are not left.
func forgetKeys(p *program, before, left []seal.Slot) {
	for _, s := range slotsThatGo(before, left) {
		if s.Kind != seal.KindKeyring {
			continue
		}
		if err := (seal.Keyring{}).Forget(s); err != nil {
			fmt.Fprintf(p.stderr, "softkey: warning: the kernel still has the key of slot %d: %v\n", s.Number, err)
		}
	}
}
