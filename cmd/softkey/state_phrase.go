package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"golang.org/x/text/unicode/norm"

	"github.com/softkey-project/softkey/desktop"
)

// phraseFlags say where a passphrase comes from.
type phraseFlags struct {
	name    string // of the flags: "passphrase"
	fd      string // a number
	file    string
	systemd bool // a credential of systemd's will do
}

// add defines --NAME-fd and --NAME-file. purpose goes before "the passphrase".
func (f *phraseFlags) add(flags *pflag.FlagSet, name, purpose string) {
	f.name = name
	flags.StringVar(&f.fd, name+"-fd", "", purpose+" the passphrase that comes from the file descriptor `N`, up to a line's end")
	flags.StringVar(&f.file, name+"-file", "", purpose+" the passphrase in the first line of `FILE`, which nobody else can read")
}

// given returns the name of a flag that was set, "" if none was.
func (f *phraseFlags) given() string {
	switch {
	case f.file != "":
		return f.name + "-file"
	case f.fd != "":
		return f.name + "-fd"
	}
	return ""
}

// advice says how a passphrase is given where nobody can be asked.
func (f *phraseFlags) advice() string {
	if f.systemd {
		return fmt.Sprintf("give the passphrase: --%s-file FILE, --%s-fd N, or the systemd credential %s", f.name, f.name, credentialName)
	}
	return fmt.Sprintf("give the passphrase: --%s-file FILE, or --%s-fd N", f.name, f.name)
}

// read returns the passphrase of the flags, or else of systemd, and where it is
// from: "" if there is none.
func (f *phraseFlags) read() (phrase []byte, from string, err error) {
	switch {
	case f.file != "" && f.fd != "":
		return nil, "", usagef("--%s-file and --%s-fd exclude each other", f.name, f.name)
	case f.file != "":
		from = "--" + f.name + "-file"
		phrase, err = phraseFile(f.file)
	case f.fd != "":
		from = "--" + f.name + "-fd"
		phrase, err = phraseFD(f.fd)
	case f.systemd:
		return phraseCredential()
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", from, err)
	}
	return phrase, from, nil
}

func phraseFile(path string) ([]byte, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was read alone
	return readPhrase(f)
}

// openPrivate opens a file with a secret, which nobody else can read, or wrote.
func openPrivate(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(f, path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func checkPrivate(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if owner, known := ownerOf(info); known && owner != os.Geteuid() && owner != 0 {
		return fmt.Errorf("%s belongs to user %d", path, owner)
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return hint(fmt.Errorf("other users can read %s: mode %04o", path, mode.Perm()), "chmod 600 %s", path)
	}
	return nil
}

// phraseFD reads a passphrase from an open file. Standard input stays open: a
// command may ask there, too.
func phraseFD(number string) ([]byte, error) {
	fd, err := strconv.ParseUint(number, 10, 31)
	switch {
	case err != nil:
		return nil, usagef("%q is not the number of a file descriptor", number)
	case fd == 0:
		return readPhrase(os.Stdin)
	case fd <= 2:
		return nil, usagef("file descriptor %d is for output", fd)
	}
	f := os.NewFile(uintptr(fd), "file descriptor "+number)
	defer f.Close() // it was read alone
	return readPhrase(f)
}

// credentialName is the name of the systemd credential that a passphrase may be.
const credentialName = "softkey.passphrase" // #nosec G101 -- a name

// phraseCredential returns the passphrase that systemd gives a service.
func phraseCredential() (phrase []byte, from string, err error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return nil, "", nil
	}
	f, err := os.Open(filepath.Join(dir, credentialName)) // #nosec G703 -- the folder is systemd's, from the environment
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", nil
	}
	if err == nil {
		defer f.Close() // it was read alone
		phrase, err = readPhrase(f)
	}
	if err != nil {
		return nil, "", fmt.Errorf("credential %s: %w", credentialName, err)
	}
	return phrase, "the credential " + credentialName, nil
}

// maxPhrase is more than any passphrase has, in bytes.
const maxPhrase = 1024

// readPhrase reads the first line, and not a byte more: what is behind it may be
// for somebody else, or still to come.
func readPhrase(r io.Reader) ([]byte, error) {
	var line [maxPhrase + 1]byte
	defer clear(line[:])
	n := 0
	for ; n < len(line); n++ {
		_, err := io.ReadFull(r, line[n:n+1])
		if errors.Is(err, io.EOF) || line[n] == '\n' {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if n > maxPhrase {
		return nil, fmt.Errorf("the passphrase has more than %d bytes", maxPhrase)
	}
	return cleanPhrase(bytes.TrimSuffix(line[:n], []byte("\r")))
}

// cleanPhrase returns a passphrase as it was typed in the one form of Unicode
// that all keyboards agree on. The error does not tell the passphrase.
func cleanPhrase(typed []byte) ([]byte, error) {
	switch {
	case len(typed) == 0:
		return nil, errors.New("there is no passphrase")
	case !utf8.Valid(typed):
		return nil, errors.New("the passphrase is not UTF-8")
	}
	return norm.NFC.Append(nil, typed...), nil
}

// phraseQuestion asks for a passphrase; a new one is asked for twice.
type phraseQuestion struct {
	title string
	label string
	again string // "": once
}

// nobodyAsked is the error that there is no terminal and no desktop.
type nobodyAsked struct{ error }

// askPhrase asks on the terminal, or by pinentry where there is none.
func (p *program) askPhrase(ctx context.Context, q phraseQuestion) ([]byte, error) {
	ask := p.askByPinentry
	if isTerminal(p.stdin) {
		ask = p.askOnTerminal
	}
	typed, err := ask(ctx, q)
	if err != nil {
		return nil, err
	}
	return cleanPhrase([]byte(typed))
}

func (p *program) askOnTerminal(ctx context.Context, q phraseQuestion) (typed string, err error) {
	t, err := openTTY()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	fmt.Fprintln(p.stderr, "softkey: "+printable(q.title))
	if typed, err = askSecret(ctx, t, q.label); err != nil || q.again == "" {
		return typed, err
	}
	second, err := askSecret(ctx, t, q.again)
	if err == nil && second != typed {
		err = errors.New("the two are not the same: nothing is changed")
	}
	return typed, err
}

// askByPinentry asks in a window. Where there is none to be had, it says so by
// nobodyAsked.
func (p *program) askByPinentry(ctx context.Context, q phraseQuestion) (string, error) {
	way := desktop.Pinentry{Program: "pinentry", Prepare: inGroup}
	err := way.Check(ctx)
	if err == nil {
		var typed string
		typed, err = way.Secret(ctx, desktop.Question{Title: q.title}, q.label, q.again)
		if err == nil {
			return typed, nil
		}
	}
	if errors.Is(err, desktop.ErrUnavailable) {
		return "", nobodyAsked{fmt.Errorf("nobody can be asked for the passphrase: standard input is not a terminal, and %w", err)}
	}
	return "", err
}
