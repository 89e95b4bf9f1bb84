// Softkey is a security key made of software: for tests, for servers and
// programs that have none to be tried with, and for those who write them.
//
//	softkey run                     plug a key in and answer for it
//	softkey u2f, softkey webauthn   register and sign in, without a browser
//	softkey info, softkey reset     manage a key, virtual or real
//
// This package reads flags and files, and chooses exit codes; what a key is and
// does is in the packages beside it.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program: it returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := hideMemory(); err != nil {
		fmt.Fprintf(stderr, "softkey: warning: other programs may read the memory of this one: %v\n", err)
	}
	p := &program{stdin: stdin, stdout: stdout, stderr: newConsole(stderr)}
	root := newRoot(p, args...)
	root.SetArgs(append([]string{}, args...)) // never nil, which means os.Args
	cmd, err := root.ExecuteC()
	return p.report(cmd, err)
}
