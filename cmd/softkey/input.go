package main

import (
	"fmt"
	"io"
	"os"
)

// maxInput is more than any request of a server has, any profile and any CA.
const maxInput = 1 << 20

// readInput reads standard input to its end.
func (p *program) readInput() ([]byte, error) {
	if isTerminal(p.stdin) {
		fmt.Fprintln(p.stderr, "softkey: type or paste the request, then Ctrl-D")
	}
	return readAll(p.stdin, "standard input")
}

// readFile returns what is in a file of the user's.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // it was read alone
	return readAll(f, path)
}

// readAll reads r, which is called name, to its end. A device may have none.
func readAll(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxInput)
	}
	return data, nil
}

// printLine prints a result and ends the line.
func (p *program) printLine(result []byte) error {
	_, err := fmt.Fprintf(p.stdout, "%s\n", result)
	return err
}
