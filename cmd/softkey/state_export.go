package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/archive"
	"github.com/softkey-project/softkey/keystore/seal"
)

// stateExportFlags are the flags of `state export`.
type stateExportFlags struct {
	state      stateFlags
	recipients []string
	phrase     archivePhrase
	workFactor int
}

func newStateExport(p *program) *cobra.Command {
	o := &stateExportFlags{}
	cmd := &cobra.Command{
		Use:   "export FILE",
		Short: "Back up all that a key keeps, encrypted",
		Long: `Export writes all that a key keeps to one file, encrypted with age: for who knows
a passphrase, or for a recipient. - is standard output. What is sealed stays
sealed inside: it is opened by the same seals after softkey state import.`,
		Example: `  softkey state export key.age
  softkey state export -r age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p key.age`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return o.run(p, args[0]) },
	}
	o.state.addDir(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&o.recipients, "recipient", "r", nil, "encrypt it for `RECIPIENT`, age1…; may be repeated")
	o.phrase.add(cmd, "encrypt it by")
	f.IntVar(&o.workFactor, "work-factor", 0, "have a guess at the passphrase cost 2^`N` of scrypt (default 18)")
	return cmd
}

// oneFile wants the name of a file.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return hint(usagef("%s: one file, please", cmd.Name()), "- is standard input or output")
}

const maxWorkFactor = 22 // what age reads at most

func (o *stateExportFlags) run(p *program, path string) error {
	if o.workFactor < 0 || o.workFactor > maxWorkFactor {
		return usagef("--work-factor %d is not 1 to %d", o.workFactor, maxWorkFactor)
	}
	if len(o.recipients) > 0 && o.phrase.given() != "" {
		return usagef("--recipient and --%s exclude each other", o.phrase.given())
	}
	dir, err := o.state.existing()
	if err != nil {
		return err
	}
	out, err := p.createExport(path)
	if err != nil {
		return err
	}
	to, err := recipients(o.recipients, func() ([]byte, error) {
		return o.phrase.ask(p, phraseQuestion{
			title: "A passphrase is to encrypt the copy of " + dir + ".",
			label: "New passphrase: ", again: "New passphrase again: ",
		})
	}, o.workFactor)
	var n int
	if err == nil {
		n, err = p.exportState(out, dir, to)
	}
	if err := out.finish(err); err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "softkey: %s in %s\n", countOf(n, "entry of "+dir+" is", "entries of "+dir+" are"), path)
	return nil
}

// warnOfSeals tells of a copy that nothing opens elsewhere.
func (p *program) warnOfSeals(store *keystore.Bolt) error {
	slots, err := seal.Slots(store)
	if err == nil && len(slots) > 0 && !hasKind(slots, seal.KindPassphrase) {
		fmt.Fprintln(p.stderr, "softkey: warning: only this machine opens the seals of the copy: softkey state seal --passphrase adds one that others open")
	}
	return err
}

// exportState writes the archive of the store in dir.
func (p *program) exportState(w io.Writer, dir string, to []age.Recipient) (n int, err error) {
	store, opts, err := openEither(dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := p.warnOfSeals(store); err != nil {
		return 0, err
	}
	encrypted, err := age.Encrypt(w, to...)
	if err != nil {
		return 0, err
	}
	n, err = archive.Write(encrypted, opts.Seeded, store.Entries())
	return n, errors.Join(err, encrypted.Close())
}

// exportFile is a file that is whole, or not there.
type exportFile struct {
	io.Writer
	file *os.File // nil: standard output
}

// createExport opens the file of a backup. One that exists may be the only one.
func (p *program) createExport(path string) (*exportFile, error) {
	if path == "-" {
		if isTerminal(p.stdout) {
			return nil, hint(usagef("standard output is a terminal"), "name a file")
		}
		return &exportFile{Writer: p.stdout}, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, modePrivate)
	if errors.Is(err, fs.ErrExist) {
		return nil, hint(fmt.Errorf("%s is there already", path), "choose another name, or remove it before")
	}
	if err != nil {
		return nil, err
	}
	return &exportFile{f, f}, nil
}

// finish makes the file last, or removes it after an error.
func (e *exportFile) finish(err error) error {
	if e.file == nil {
		return err
	}
	if err == nil {
		err = e.file.Sync()
	}
	if err = errors.Join(err, e.file.Close()); err != nil {
		err = errors.Join(err, os.Remove(e.file.Name()))
	}
	return err
}
