package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore/seal"
)

// sealOpener says how a sealed store is opened: by flags, or by what is found.
type sealOpener struct {
	phrase phraseFlags
	tpm    string

	leaving []seal.Slot // are to be taken away: none of them opens the store

	twice bool      // the store is opened a second time, for which kept is
	kept  *seal.Key // of the first time
}

// add defines the flags, for cmd and for the commands below it.
func (o *sealOpener) add(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	o.phrase.systemd = true
	o.phrase.add(f, "passphrase", "open a sealed store by")
	f.StringVar(&o.tpm, "tpm-device", "", "open a sealed store by the TPM at `ADDRESS`: a device, unix:PATH or tcp:HOST:PORT (default "+seal.DefaultTPM+")")
}

// given returns the name of a flag that was set, "" if none was.
func (o *sealOpener) given() string {
	if o.tpm != "" {
		return "tpm-device"
	}
	return o.phrase.given()
}

// unlocker returns what opens the store in dir, for [seal.Open].
func (o *sealOpener) unlocker(p *program, dir string) func([]seal.Slot) (*seal.Key, error) {
	return func(slots []seal.Slot) (*seal.Key, error) {
		if key := o.kept; key != nil {
			o.kept = nil
			return key, nil
		}
		key, err := o.unlock(p, dir, slots)
		if err != nil {
			return nil, unlockError{err}
		}
		if key != nil && o.twice {
			o.kept = key.Clone()
		}
		return key, nil
	}
}

// check reads the flags, before anything is done.
func (o *sealOpener) check(dir string) error {
	if err := o.checkTPM(); err != nil {
		return err
	}
	return o.checkNew(dir)
}

func (o *sealOpener) checkTPM() error {
	if err := (seal.TPM{Address: o.tpm}).Check(); err != nil {
		return usagef("--tpm-device: %w", err)
	}
	return nil
}

// checkNew refuses a passphrase where there is no key yet, before one is made that
// it would not seal. What else is wrong with the folder is told when it is opened.
func (o *sealOpener) checkNew(dir string) error {
	if there, err := hasStore(dir); dir == "" || there || err != nil {
		return nil
	}
	phrase, from, err := o.phrase.read()
	defer clear(phrase)
	if err != nil || from == "" {
		return err
	}
	return hint(fmt.Errorf("there is no key in %s, but a passphrase is given by %s", dir, from), "softkey state seal --passphrase makes one that is sealed")
}

// unlockError is an error of a seal, not of the store: it says enough by itself.
type unlockError struct{ error }

func (e unlockError) Unwrap() error { return e.error }

// unlock opens one of the slots, which are none if the store is not sealed. A
// passphrase that is given decides; else the keepers that ask nobody come first.
func (o *sealOpener) unlock(p *program, dir string, slots []seal.Slot) (*seal.Key, error) {
	if err := o.checkTPM(); err != nil {
		return nil, err
	}
	phrase, from, err := o.phrase.read()
	if err != nil {
		return nil, err
	}
	defer clear(phrase)
	switch {
	case len(slots) == 0 && from != "":
		return nil, hint(fmt.Errorf("the store in %s is not sealed, but a passphrase is given by %s", dir, from), "softkey state seal --passphrase seals it")
	case len(slots) == 0:
		return nil, nil
	case from != "":
		key, err := o.openByPhrase(slots, phrase)
		return key, o.explainPhrase(slots, from, err)
	}
	key, why := o.unlockSilently(slots)
	if key != nil {
		return key, nil
	}
	if !hasKind(slots, seal.KindPassphrase) {
		return nil, hint(sealedError(dir, why), "%s", o.advice(slots))
	}
	return o.ask(p, dir, slots, why)
}

// unlockSilently tries the kernel's keyring and the TPM.
func (o *sealOpener) unlockSilently(slots []seal.Slot) (key *seal.Key, why error) {
	for _, keeper := range []seal.Keeper{seal.Keyring{}, seal.TPM{Address: o.tpm}} {
		key, err := openSlots(slots, keeper)
		if key != nil {
			return key, nil
		}
		why = errors.Join(why, err)
	}
	return nil, why
}

// openSlots opens one of the slots of keeper's kind; neither key nor error means
// that there is none.
func openSlots(slots []seal.Slot, keeper seal.Keeper) (key *seal.Key, why error) {
	for _, s := range slots {
		if s.Kind != keeper.Kind() {
			continue
		}
		key, err := s.Open(keeper)
		if err == nil {
			return key, nil
		}
		why = errors.Join(why, fmt.Errorf("slot %d, %s: %w", s.Number, s.Kind, err))
	}
	return nil, why
}

var (
	errWrongPassphrase = errors.New("wrong passphrase")
	errNoPassphrase    = errors.New("no passphrase seals the store")
	errLeaving         = errors.New("that is the passphrase of the seal that is to go, and one that stays must open the store")
)

// openByPhrase opens one of the slots by a passphrase.
func (o *sealOpener) openByPhrase(slots []seal.Slot, phrase []byte) (*seal.Key, error) {
	keeper := seal.Passphrase{Phrase: phrase}
	key, err := openSlots(slots, keeper)
	none := err == nil && key == nil
	switch {
	case !none && !errors.Is(err, seal.ErrNotOpened):
		return key, err
	case o.opensLeaving(keeper):
		return nil, errLeaving
	case none:
		return nil, errNoPassphrase
	}
	return nil, errWrongPassphrase
}

// opensLeaving tells whether keeper opens a seal that is to be taken away.
func (o *sealOpener) opensLeaving(keeper seal.Keeper) bool {
	key, _ := openSlots(o.leaving, keeper)
	if key == nil {
		return false
	}
	key.Wipe()
	return true
}

// adviseLeaving goes with errLeaving.
const adviseLeaving = "give the passphrase of a seal that stays, as softkey state show lists them, or none where the keyring or a TPM opens the store"

// explainPhrase says what is wrong with a passphrase that was given.
func (o *sealOpener) explainPhrase(slots []seal.Slot, from string, err error) error {
	switch {
	case errors.Is(err, errWrongPassphrase):
		return hint(fmt.Errorf("%s: %w", from, err), "softkey state show lists the seals")
	case errors.Is(err, errLeaving):
		return hint(fmt.Errorf("%s: %w", from, err), adviseLeaving)
	case errors.Is(err, errNoPassphrase):
		return hint(fmt.Errorf("%s: %w", from, err), "%s", o.advice(slots))
	}
	return err
}

// maxTries is how often a passphrase is asked for.
const maxTries = 3

// ask asks the user for the passphrase of one of the slots. why says why nothing
// else opened the store.
func (o *sealOpener) ask(p *program, dir string, slots []seal.Slot, why error) (*seal.Key, error) {
	ctx, stop := stoppable(context.Background())
	defer stop()
	for try := 1; ; try++ {
		phrase, err := p.askPhrase(ctx, phraseQuestion{title: "The store in " + dir + " is sealed.", label: "Passphrase: "})
		if errors.As(err, new(nobodyAsked)) {
			return nil, hint(sealedError(dir, why), "%s", o.advice(slots))
		}
		if err != nil {
			return nil, err
		}
		key, err := o.openByPhrase(slots, phrase)
		clear(phrase)
		switch {
		case !errors.Is(err, errWrongPassphrase) && !errors.Is(err, errLeaving):
			return key, err
		case try == maxTries && errors.Is(err, errLeaving):
			return nil, hint(err, adviseLeaving)
		case try == maxTries:
			return nil, hint(err, "softkey state show lists the seals")
		}
		fmt.Fprintf(p.stderr, "softkey: %v\n", err)
	}
}

// sealedError is the error that a store is not opened.
func sealedError(dir string, why error) error {
	if why == nil {
		return fmt.Errorf("the store in %s is sealed", dir)
	}
	return fmt.Errorf("the store in %s is sealed, and nothing here opens it: %w", dir, why)
}

func hasKind(slots []seal.Slot, kind seal.Kind) bool {
	return slices.ContainsFunc(slots, func(s seal.Slot) bool { return s.Kind == kind })
}

// advice says what opens a store with these seals.
func (o *sealOpener) advice(slots []seal.Slot) string {
	switch {
	case hasKind(slots, seal.KindPassphrase):
		return o.phrase.advice()
	case hasKind(slots, seal.KindTPM):
		return "the TPM of the machine where it was sealed opens it: --tpm-device ADDRESS, " + seal.DefaultTPM + " by default"
	}
	return "the kernel forgets keys when the machine is restarted"
}
