package main

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

func newState(p *program) *cobra.Command {
	return newGroup("state", "Seal, back up and look at what a key keeps",
		`State works on the folder in which a key keeps what it must not forget. No key
may run in that folder meanwhile.

A store is sealed by a passphrase, by a key in the kernel's keyring or by a TPM,
or by several of them, of which any one opens it. What is not sealed is readable
to whoever gets the file.`,
		newStateShow(p),
		newStateSeal(p),
		newStateUnseal(p),
		newStateExport(p),
		newStateImport(p),
	)
}

// stateFlags say which store a command is about, and how it is opened.
type stateFlags struct {
	dir    string
	opener sealOpener
}

func (s *stateFlags) addDir(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.dir, "state", "", "the key is in the folder `DIR` (default "+shortDefaultState+")")
}

// folder returns the folder of the state.
func (s *stateFlags) folder() (string, error) {
	keys := keyFlags{state: s.dir}
	dir, err := keys.stateDir()
	return dir, hint(err, "say where the key is kept: --state DIR")
}

// storeFile is how package keystore names a store in its folder.
const storeFile = "softkey.db"

// hasStore tells whether there is a key in a folder.
func hasStore(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, storeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// existing returns the folder of a state that is there.
func (s *stateFlags) existing() (string, error) {
	dir, err := s.folder()
	if err != nil {
		return "", err
	}
	return dir, mustExist(dir)
}

// mustExist refuses a folder without a key.
func mustExist(dir string) error {
	there, err := hasStore(dir)
	if err != nil {
		return explainState(dir, err)
	}
	if !there {
		return hint(fmt.Errorf("there is no key in %s", dir), "softkey run makes one; --state DIR names another folder")
	}
	return nil
}

// openEither opens a store of whichever mode, and tells which it is.
func openEither(dir string) (store *keystore.Bolt, opts keystore.Options, err error) {
	store, err = keystore.Open(dir, opts)
	if errors.Is(err, keystore.ErrMode) {
		opts.Seeded = true
		store, err = keystore.Open(dir, opts)
	}
	return store, opts, explainState(dir, err)
}

// explainState is [explainStore] for commands on a folder, not on a key.
func explainState(dir string, err error) error {
	return explainOpening(dir, err, "stop it: no key may run in that folder meanwhile", "")
}

// sealedState is a store whose seals are to be changed. Nothing holds it open.
type sealedState struct {
	dir   string
	opts  keystore.Options
	slots []seal.Slot
	key   *seal.Key // nil: it is not sealed
	fresh bool      // it is not made yet
}

// unlockState finds the seals of a store, and its key by one of those that
// choose returns. One that is not there is made by change alone: what fails before
// leaves none that is not sealed.
func (s *stateFlags) unlockState(p *program, dir string, choose func([]seal.Slot) ([]seal.Slot, error)) (*sealedState, error) {
	there, err := hasStore(dir)
	if err != nil {
		return nil, explainState(dir, err)
	}
	if !there {
		_, err := choose(nil)
		return &sealedState{dir: dir, fresh: true}, err
	}
	store, opts, err := openEither(dir)
	if err != nil {
		return nil, err
	}
	state := &sealedState{dir: dir, opts: opts}
	state.slots, err = seal.Slots(store)
	if err := errors.Join(err, store.Close()); err != nil {
		return nil, explainState(dir, err)
	}
	usable, err := choose(state.slots)
	if err != nil || len(state.slots) == 0 {
		return state, err
	}
	state.key, err = s.opener.unlocker(p, dir)(usable)
	return state, err
}

// wipe forgets the key.
func (s *sealedState) wipe() {
	if s.key != nil {
		s.key.Wipe()
	}
}

// change writes the store anew, under other seals; without a key it is not
// sealed. A crash leaves it as it was, or as it is to be.
func (s *sealedState) change(to *seal.Key, slots []seal.Slot) error {
	if s.fresh {
		return explainState(s.dir, makeStore(s.dir, s.opts, seal.Change(nothing, nil, nil, nil, slots)))
	}
	err := keystore.Rewrite(s.dir, s.opts, func(old iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
		return seal.Change(old, s.slots, s.key, to, slots)
	})
	return explainState(s.dir, err)
}

// nothing is what a new store had before.
func nothing(func(keystore.Entry) bool) {}

// makeStore makes a store that holds the entries, whole and sealed if they are,
// or none.
func makeStore(dir string, opts keystore.Options, entries iter.Seq2[keystore.Entry, error]) error {
	err := keystore.Make(dir, opts, entries)
	if errors.Is(err, keystore.ErrExists) {
		return errMadeMeanwhile
	}
	return err
}

var errMadeMeanwhile = errors.New("another process has made a key there meanwhile")

// isEmpty tells whether a store holds nothing yet.
func isEmpty(store *keystore.Bolt) (bool, error) {
	for _, err := range store.Entries() {
		return false, err
	}
	return true, nil
}
