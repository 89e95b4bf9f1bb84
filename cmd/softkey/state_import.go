package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/archive"
)

// stateImportFlags are the flags of `state import`.
type stateImportFlags struct {
	state      stateFlags
	identities []string
	phrase     archivePhrase
}

func newStateImport(p *program) *cobra.Command {
	o := &stateImportFlags{}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Bring back what softkey state export wrote",
		Long: fmt.Sprintf(`Import brings back what softkey state export wrote, into a folder without a key.
- is standard input.

The signature counter goes on %d higher than in the copy, since the original may
have gone on: sites must not see a value twice. Use one of the two from then on,
not both.`, keystore.RestoreMargin),
		Example: `  softkey state import key.age
  softkey state import -i identity.txt --state ./key key.age`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return o.run(p, args[0]) },
	}
	o.state.addDir(cmd)
	cmd.Flags().StringArrayVarP(&o.identities, "identity", "i", nil, "decrypt it by the identities in `FILE`, as age-keygen writes it; may be repeated")
	o.phrase.add(cmd, "decrypt it by")
	return cmd
}

func (o *stateImportFlags) run(p *program, path string) (err error) {
	if len(o.identities) > 0 && o.phrase.given() != "" {
		return usagef("--identity and --%s exclude each other", o.phrase.given())
	}
	dir, err := o.state.folder()
	if err != nil {
		return err
	}
	in := p.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() // it was read alone
		in = f
	}
	if err := checkEmpty(dir); err != nil {
		return err
	}
	header, entries, err := o.open(p, path, in)
	if err == nil {
		err = importState(p, dir, header, entries)
	}
	return explainArchive(path, err)
}

// explainArchive says what is wrong with a copy.
func explainArchive(path string, err error) error {
	var newer *archive.VersionError
	var broken archiveError
	switch {
	case errors.As(err, &newer):
		return hint(fmt.Errorf("%s: %w", path, newer), "use a newer softkey")
	case errors.As(err, &broken):
		return hint(fmt.Errorf("%s: %w", path, broken), "the file is damaged, or no copy of a key; nothing of it was kept")
	}
	return err
}

// archiveError is an error in what was decrypted, or in its decryption.
type archiveError struct{ error }

func (e archiveError) Unwrap() error { return e.error }

// open decrypts the archive.
func (o *stateImportFlags) open(p *program, path string, in io.Reader) (h archive.Header, entries iter.Seq2[keystore.Entry, error], err error) {
	ids, err := identities(o.identities, func() ([]byte, error) {
		return o.phrase.ask(p, phraseQuestion{title: "A passphrase decrypts " + path + ".", label: "Passphrase: "})
	})
	if err != nil {
		return h, nil, err
	}
	plain, err := decrypt(path, in, ids)
	if err != nil {
		return h, nil, err
	}
	if h, entries, err = archive.Open(plain); err != nil {
		return h, nil, archiveError{err}
	}
	return h, entries, nil
}

// checkEmpty refuses a folder with a key.
func checkEmpty(dir string) error {
	there, err := hasStore(dir)
	if err != nil || !there {
		return explainState(dir, err)
	}
	store, _, err := openEither(dir)
	if err != nil {
		return err
	}
	empty, err := isEmpty(store)
	if err := errors.Join(err, store.Close()); err != nil {
		return explainState(dir, err)
	}
	if !empty {
		return hint(fmt.Errorf("there is a key in %s", dir), "--state DIR names another folder")
	}
	return nil
}

// importState makes a store of the entries. It is whole, or not there; one that
// was there is empty still.
func importState(p *program, dir string, h archive.Header, entries iter.Seq2[keystore.Entry, error]) error {
	brought, err := bringBack(dir, keystore.Options{Seeded: h.Seeded}, entries)
	if err != nil {
		return explainState(dir, err)
	}
	fmt.Fprintf(p.stderr, "softkey: %s in %s%s\n", countOf(brought.n, "entry is", "entries are"), dir, brought.jump())
	return nil
}

// bringBack makes a store, or fills one that is empty.
func bringBack(dir string, opts keystore.Options, copied iter.Seq2[keystore.Entry, error]) (brought restored, err error) {
	there, err := hasStore(dir)
	switch {
	case err != nil:
	case there:
		err = keystore.Rewrite(dir, opts, func(old iter.Seq[keystore.Entry]) iter.Seq2[keystore.Entry, error] {
			return brought.into(old, copied)
		})
	default:
		err = makeStore(dir, opts, brought.into(nothing, copied))
	}
	return brought, err
}

// restored is what came back from a copy.
type restored struct {
	n         int
	signCount bool // it was among them
}

// jump says what became of the signature counter. A key that never signed has none.
func (r *restored) jump() string {
	if !r.signCount {
		return ""
	}
	return fmt.Sprintf("; the signature counter jumped by %d", keystore.RestoreMargin)
}

// isSignCount tells whether package keystore has the signature counter there.
func isSignCount(e keystore.Entry) bool {
	return e.Bucket == "device" && string(e.Key) == "sign-count"
}

// into yields the entries of a copy as they are to be, and counts them. It fails
// if there are old ones.
func (r *restored) into(old iter.Seq[keystore.Entry], copied iter.Seq2[keystore.Entry, error]) iter.Seq2[keystore.Entry, error] {
	return func(yield func(keystore.Entry, error) bool) {
		for range old {
			yield(keystore.Entry{}, errMadeMeanwhile)
			return
		}
		for e, err := range copied {
			if err == nil {
				e, err = keystore.Restored(e)
			}
			if err != nil {
				err = archiveError{err}
			}
			if !yield(e, err) || err != nil {
				return
			}
			r.n++
			r.signCount = r.signCount || isSignCount(e)
		}
	}
}
