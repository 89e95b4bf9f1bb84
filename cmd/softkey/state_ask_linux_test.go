package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newPhrase answers the two questions for a new passphrase.
func (p *pty) newPhrase(first, second string) {
	p.t.Helper()
	p.await(`A passphrase is to seal the store in .*\r\nNew passphrase: $`)
	if !p.raw() {
		p.t.Error("the terminal shows what is typed")
	}
	p.press(first + "\r")
	p.await(`New passphrase again: $`)
	p.press(second + "\r")
}

// sealAtTerminal seals a new store, by a passphrase that is typed, and returns
// its folder.
func sealAtTerminal(t *testing.T, first, second string, want int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "key")
	p := newPTY(t)
	softkey := p.start(nil, "state", "seal", "--passphrase", "--passphrase-cost", "1,8,1", "--state", dir)
	p.newPhrase(first, second)
	wantExit(t, "softkey state seal", softkey, want)
	for _, typed := range []string{first, second} {
		if strings.Contains(p.screen.String(), typed) {
			t.Errorf("the screen shows %q", typed)
		}
	}
	if p.raw() {
		t.Error("the terminal is left in raw mode")
	}
	return dir
}

// openAtTerminal opens a store by what is typed at each question.
func openAtTerminal(t *testing.T, dir string, want int, typed ...string) *pty {
	t.Helper()
	p := newPTY(t)
	softkey := p.start(nil, "info", "--state", dir)
	before := `The store in .* is sealed\.\r\n`
	for _, keys := range typed {
		p.await(before + `Passphrase: $`)
		p.press(keys)
		before += `Passphrase: \r\nsoftkey: wrong passphrase\r\nsoftkey: The store in .* is sealed\.\r\n`
	}
	wantExit(t, "softkey info", softkey, want)
	return p
}

func TestPhraseAtTerminal(t *testing.T) {
	dir := sealAtTerminal(t, "correct horse", "correct horse", exitDone)
	openAtTerminal(t, dir, exitDone, "correct horse\r")
	openAtTerminal(t, dir, exitDone, "wrong one\r", "correct horse\r")
	openAtTerminal(t, dir, exitFailed, "wrong one\r", "wrong two\r", "wrong three\r").await(`softkey: wrong passphrase\r\nsoftkey: hint: `)
	openAtTerminal(t, dir, exitFailed, "\x03").await(`softkey: interrupted\r\n`)
	openAtTerminal(t, dir, exitFailed, "\r").await(`softkey: there is no passphrase\r\n`)
}

// Two passphrases that differ seal nothing, and leave no store that is not sealed.
func TestNewPhraseTypedWrong(t *testing.T) {
	dir := sealAtTerminal(t, "correct horse", "correct house", exitFailed)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat(%s) = %v, want %v", dir, err, fs.ErrNotExist)
	}
}
