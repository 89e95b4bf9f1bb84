package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxPINLine is more than any PIN has, in bytes.
const maxPINLine = 1024

// pinFile is a file whose first line is a PIN. It is read once: it may be a pipe.
type pinFile struct {
	path string // "": there is none
	pin  string // once it was read
}

// read returns the PIN, "" if there is no file.
func (f *pinFile) read(p *program) (pin string, err error) {
	if f.path != "" && f.pin == "" {
		f.pin, err = p.readPINFile(f.path)
	}
	return f.pin, err
}

// readPINFile returns the PIN that is the first line of a file, in Unicode's
// normal form C. It warns of a file that others can read.
func (p *program) readPINFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("PIN file: %w", err)
	}
	defer f.Close() // it was read alone
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0 {
		fmt.Fprintf(p.stderr, "softkey: warning: other users can read the PIN file %s: mode %04o\n", printable(path), info.Mode().Perm())
	}
	line, err := bufio.NewReader(io.LimitReader(f, maxPINLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("PIN file: %w", err)
	}
	pin, err := cleanPIN(strings.TrimRight(line, "\r\n"))
	if err != nil {
		return "", fmt.Errorf("PIN file %s: %w", path, err)
	}
	return pin, nil
}

// cleanPIN returns a PIN as it was typed in the form in which keys get it. The
// error does not tell the PIN.
func cleanPIN(typed string) (string, error) {
	switch {
	case typed == "":
		return "", errors.New("there is no PIN")
	case !utf8.ValidString(typed):
		return "", errors.New("the PIN is not UTF-8")
	}
	return norm.NFC.String(typed), nil
}
