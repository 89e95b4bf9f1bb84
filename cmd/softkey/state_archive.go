package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

// archivePhrase are the flags of the passphrase of an archive.
type archivePhrase struct{ phraseFlags }

func (a *archivePhrase) add(cmd *cobra.Command, verb string) {
	a.phraseFlags.add(cmd.Flags(), "passphrase", verb)
}

// ask returns the passphrase: given, or else asked for.
func (a *archivePhrase) ask(p *program, q phraseQuestion) ([]byte, error) {
	phrase, from, err := a.read()
	if from != "" || err != nil {
		return phrase, err
	}
	ctx, stop := stoppable(context.Background())
	defer stop()
	phrase, err = p.askPhrase(ctx, q)
	if errors.As(err, new(nobodyAsked)) {
		return nil, hint(err, "%s", a.advice())
	}
	return phrase, err
}

// recipients returns for whom an archive is encrypted: those that are named, or
// who knows a passphrase.
func recipients(named []string, phrase func() ([]byte, error), workFactor int) ([]age.Recipient, error) {
	if len(named) > 0 {
		list, err := age.ParseRecipients(strings.NewReader(strings.Join(named, "\n")))
		if err != nil {
			return nil, hint(usagef("--recipient: %w", err), "age-keygen makes an identity, and prints its recipient, age1…")
		}
		return list, nil
	}
	typed, err := phrase()
	if err != nil {
		return nil, err
	}
	defer clear(typed)
	r, err := age.NewScryptRecipient(string(typed))
	if err != nil {
		return nil, err
	}
	if workFactor != 0 {
		r.SetWorkFactor(workFactor)
	}
	return []age.Recipient{r}, nil
}

// identities returns who an archive may be for: those in files, or who knows a
// passphrase.
func identities(files []string, phrase func() ([]byte, error)) ([]age.Identity, error) {
	var list []age.Identity
	for _, path := range files {
		found, err := identitiesOf(path)
		if err != nil {
			return nil, fmt.Errorf("--identity: %w", err)
		}
		list = append(list, found...)
	}
	if len(files) > 0 {
		return list, nil
	}
	typed, err := phrase()
	if err != nil {
		return nil, err
	}
	defer clear(typed)
	id, err := age.NewScryptIdentity(string(typed))
	if err != nil {
		return nil, err
	}
	return []age.Identity{id}, nil
}

func identitiesOf(path string) ([]age.Identity, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was read alone
	list, err := age.ParseIdentities(f)
	if err != nil { // age's words may have a part of a secret in them
		return nil, hint(fmt.Errorf("%s is no file of age identities", path), "age-keygen writes such files")
	}
	return list, nil
}

// decrypt returns what the archive in the file path holds. Where that is none, its
// error tells nothing of it, as age's would: a wrong file may be one of secrets.
func decrypt(path string, r io.Reader, ids []age.Identity) (io.Reader, error) {
	plain, err := age.Decrypt(r, ids...)
	var nobody *age.NoIdentityMatchError
	var unread *fs.PathError
	switch {
	case err == nil:
		return plain, nil
	case errors.As(err, &nobody):
		return nil, hint(fmt.Errorf("%s: the passphrase or the identity does not open it", path),
			"what was encrypted with --recipient is opened with --identity, all else by the passphrase")
	case errors.As(err, &unread):
		return nil, unread
	}
	return nil, hint(fmt.Errorf("%s is no copy that softkey state export wrote", path), "name the file that it wrote; this is another, or a damaged one")
}

// countOf returns n and the word for so many.
func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
