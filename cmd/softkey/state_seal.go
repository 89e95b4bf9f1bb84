package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore/seal"
)

// sealFlags are the flags of `state seal`.
type sealFlags struct {
	state   stateFlags
	kinds   kindFlags
	kind    seal.Kind // that kinds choose
	phrase  phraseFlags
	ring    string
	pcrs    []uint
	replace int
	cost    []uint
}

// kindFlags choose one kind of seal.
type kindFlags struct{ passphrase, keyring, tpm bool }

func (k *kindFlags) add(cmd *cobra.Command, verb string) {
	f := cmd.Flags()
	f.BoolVar(&k.passphrase, "passphrase", false, verb+" a passphrase")
	f.BoolVar(&k.keyring, "keyring", false, verb+" a key in the kernel's keyring")
	f.BoolVar(&k.tpm, "tpm", false, verb+" a TPM 2")
}

// kind returns the kind that is chosen, "" if none is.
func (k *kindFlags) kind() (seal.Kind, error) {
	switch *k {
	case kindFlags{}:
		return "", nil
	case kindFlags{passphrase: true}:
		return seal.KindPassphrase, nil
	case kindFlags{keyring: true}:
		return seal.KindKeyring, nil
	case kindFlags{tpm: true}:
		return seal.KindTPM, nil
	}
	return "", usagef("--passphrase, --keyring and --tpm exclude each other")
}

func newStateSeal(p *program) *cobra.Command {
	o := &sealFlags{}
	cmd := &cobra.Command{
		Use:   "seal",
		Short: "Encrypt what a key keeps, or add a seal",
		Long: `Seal encrypts what a key keeps, so that who gets the file has nothing without
the passphrase, the kernel's keyring or the TPM that it was sealed by. A store
that is sealed gets one more seal, any of which opens it; --replace changes one.
No credential changes. Where there is no key, one is made that is sealed from its
first moment.

The passphrase of the new seal is asked for, unless --new-passphrase-file or
--new-passphrase-fd gives it. A store that is sealed already is opened before, by
--passphrase-file and its kin, or by asking; one that is not is refused with them.

The kernel's keyring forgets the key when the machine is restarted: such a seal
only goes with another one. A TPM that is cleared opens nothing any more: have a
passphrase beside it.`,
		Example: `  softkey state seal --passphrase
  softkey state seal --tpm --pcrs 7
  softkey state seal --passphrase --replace 0 --passphrase-file old --new-passphrase-file new`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run(p) },
	}
	o.state.addDir(cmd)
	o.state.opener.add(cmd)
	o.kinds.add(cmd, "seal it by")
	f := cmd.Flags()
	o.phrase.add(f, "new-passphrase", "seal it by")
	f.StringVar(&o.ring, "keyring-of", string(seal.RingUser), "keep the key in the keyring of `WHO`: user or session")
	f.UintSliceVar(&o.pcrs, "pcrs", nil, "the TPM opens the seal only while its registers `N,…` are as they are now")
	f.IntVar(&o.replace, "replace", -1, "the new seal takes the place of that in slot `N`")
	f.UintSliceVar(&o.cost, "passphrase-cost", nil, "have a guess at the passphrase cost `PASSES,KIB,LANES` of argon2id (default 3,65536,4)")
	for name, zero := range map[string]string{"pcrs": "", "passphrase-cost": "", "replace": "0"} {
		f.Lookup(name).DefValue = zero // which help does not tell
	}
	complete(cmd, "keyring-of", string(seal.RingUser), string(seal.RingSession))
	return cmd
}

func (o *sealFlags) run(p *program) error {
	if err := o.check(); err != nil {
		return err
	}
	dir, err := o.state.folder()
	if err != nil {
		return err
	}
	state, err := o.state.unlockState(p, dir, func(slots []seal.Slot) ([]seal.Slot, error) {
		return slots, o.checkSlots(dir, slots)
	})
	if err != nil {
		return err
	}
	defer state.wipe()
	return o.seal(p, state)
}

// check reads the flags, before anything is done.
func (o *sealFlags) check() error {
	kind, err := o.kinds.kind()
	if kind == "" && o.phrase.given() != "" {
		kind = seal.KindPassphrase
	}
	o.kind = kind
	switch {
	case err != nil:
		return err
	case kind == "":
		return hint(usagef("by what is it to be sealed?"), "--passphrase, --keyring or --tpm")
	case kind != seal.KindPassphrase && o.phrase.given() != "":
		return usagef("--%s goes with --passphrase", o.phrase.given())
	case len(o.cost) != 0 && (len(o.cost) != 3 || kind != seal.KindPassphrase):
		return usagef("--passphrase-cost goes with --passphrase, and is three numbers: PASSES,KIB,LANES")
	case kind != seal.KindTPM && len(o.pcrs) > 0:
		return usagef("--pcrs goes with --tpm")
	case o.ring != string(seal.RingUser) && o.ring != string(seal.RingSession):
		return usagef("--keyring-of %q is not user or session", o.ring)
	}
	return o.checkNumbers()
}

// checkNumbers has package seal judge what it knows the bounds of.
func (o *sealFlags) checkNumbers() error {
	if err := o.argonCost().Check(); err != nil {
		return usagef("--passphrase-cost: %w", err)
	}
	if err := (seal.TPM{PCRs: o.pcrs}).Check(); err != nil {
		return usagef("--pcrs: %w", err)
	}
	return o.state.opener.checkTPM()
}

// checkSlots refuses flags that are about seals which the store does not have. Who
// gives a passphrase that opens it means another store, or another flag.
func (o *sealFlags) checkSlots(dir string, slots []seal.Slot) error {
	if o.replace >= 0 && seal.Find(slots, o.replace) < 0 {
		return noSlot(dir, o.replace)
	}
	if flag := o.state.opener.phrase.given(); flag != "" && len(slots) == 0 {
		return hint(fmt.Errorf("nothing in %s is sealed yet, for --%s to open", dir, flag), "%s", o.phrase.advice())
	}
	return nil
}

// seal gives the store another seal.
func (o *sealFlags) seal(p *program, state *sealedState) error {
	left := slices.DeleteFunc(slices.Clone(state.slots), func(s seal.Slot) bool { return s.Number == o.replace })
	if o.kind == seal.KindKeyring && !hasLasting(left) {
		return hint(errors.New("the kernel's keyring forgets the key when the machine is restarted: such a seal only goes with another one"),
			"seal it by a passphrase first: softkey state seal --passphrase")
	}
	key := state.key
	if key == nil {
		key = seal.NewKey()
		defer key.Wipe()
	}
	slot, err := o.newSlot(p, state.dir, key, left)
	if err != nil {
		return err
	}
	if err := state.change(key, append(left, slot)); err != nil {
		forgetKeys(p, []seal.Slot{slot}, nil)
		return err
	}
	forgetKeys(p, state.slots, left)
	fmt.Fprintf(p.stderr, "softkey: the store in %s is sealed by %s, in slot %d\n", state.dir, describeKind(slot.Kind), slot.Number)
	return nil
}

// newSlot returns a slot of the key, beside those that are left.
func (o *sealFlags) newSlot(p *program, dir string, key *seal.Key, left []seal.Slot) (seal.Slot, error) {
	number, err := o.number(left)
	if err != nil {
		return seal.Slot{}, err
	}
	keeper, done, err := o.keeper(p, dir)
	if err != nil {
		return seal.Slot{}, err
	}
	defer done()
	slot, err := key.Seal(keeper)
	slot.Number = number
	return slot, explainKeeper(keeper.Kind(), err)
}

// number returns the slot of the new seal.
func (o *sealFlags) number(left []seal.Slot) (int, error) {
	if o.replace >= 0 {
		return o.replace, nil
	}
	return seal.Free(left)
}

// keeper returns what keeps the key of the new slot; done forgets it.
func (o *sealFlags) keeper(p *program, dir string) (keeper seal.Keeper, done func(), err error) {
	switch o.kind {
	case seal.KindKeyring:
		return seal.Keyring{Ring: seal.Ring(o.ring)}, func() {}, nil
	case seal.KindTPM:
		return seal.TPM{Address: o.state.opener.tpm, PCRs: o.pcrs}, func() {}, nil
	}
	cost := o.argonCost()
	if cost.Weak() {
		fmt.Fprintf(p.stderr, "softkey: warning: --passphrase-cost: with %v a guess is cheap: for tests only\n", cost)
	}
	phrase, err := o.newPhrase(p, dir)
	if err != nil {
		return nil, nil, err
	}
	return seal.Passphrase{Phrase: phrase, Cost: cost}, func() { clear(phrase) }, nil
}

// argonCost returns what --passphrase-cost says.
func (o *sealFlags) argonCost() seal.Cost {
	if len(o.cost) == 0 {
		return seal.DefaultCost()
	}
	return seal.Cost{
		Passes: uint32(min(o.cost[0], math.MaxUint32)),
		Memory: uint32(min(o.cost[1], math.MaxUint32)),
		Lanes:  uint8(min(o.cost[2], math.MaxUint8)),
	}
}

// newPhrase returns the passphrase of the new seal: given, or else asked for.
func (o *sealFlags) newPhrase(p *program, dir string) ([]byte, error) {
	phrase, from, err := o.phrase.read()
	if from != "" || err != nil {
		return phrase, err
	}
	ctx, stop := stoppable(context.Background())
	defer stop()
	phrase, err = p.askPhrase(ctx, phraseQuestion{
		title: "A passphrase is to seal the store in " + dir + ".",
		label: "New passphrase: ", again: "New passphrase again: ",
	})
	if errors.As(err, new(nobodyAsked)) {
		return nil, hint(err, "%s", o.phrase.advice())
	}
	return phrase, err
}

// hasLasting tells whether one of the seals outlives a restart of the machine.
func hasLasting(slots []seal.Slot) bool {
	return slices.ContainsFunc(slots, func(s seal.Slot) bool { return s.Kind != seal.KindKeyring })
}

func noSlot(dir string, number int) error {
	return hint(fmt.Errorf("the store in %s has no seal in slot %d", dir, number), "softkey state show lists the seals")
}

// explainKeeper says why there can be no seal of a kind.
func explainKeeper(kind seal.Kind, err error) error {
	switch kind {
	case seal.KindTPM:
		return hint(err, "--tpm-device ADDRESS names another TPM; %s is for root and the group tss", seal.DefaultTPM)
	case seal.KindKeyring:
		return hint(err, "seal it by a passphrase: softkey state seal --passphrase")
	}
	return err
}

// describeKind says by what a seal is, in a sentence.
func describeKind(kind seal.Kind) string {
	switch kind {
	case seal.KindKeyring:
		return "a key in the kernel's keyring"
	case seal.KindTPM:
		return "a TPM"
	}
	return "a passphrase"
}
