package main

import (
	"fmt"
	"io"
)

// maxInput is more than any request of a server has.
const maxInput = 1 << 20

// readInput reads standard input to its end.
func (p *program) readInput() ([]byte, error) {
	if isTerminal(p.stdin) {
		fmt.Fprintln(p.stderr, "softkey: type or paste the request, then Ctrl-D")
	}
	data, err := io.ReadAll(io.LimitReader(p.stdin, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("standard input has more than %d bytes", maxInput)
	}
	return data, nil
}

// printLine prints a result and ends the line.
func (p *program) printLine(result []byte) error {
	_, err := fmt.Fprintf(p.stdout, "%s\n", result)
	return err
}
