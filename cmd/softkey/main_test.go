package main

import (
	"io"
	"os"
	"testing"

	"github.com/softkey-project/softkey/test/leak"
)

// beSoftkey is the environment variable that makes the test binary the program.
const beSoftkey = "SOFTKEY_TEST_BE_SOFTKEY"

func TestMain(m *testing.M) {
	if os.Getenv(beSoftkey) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, outputKept(os.Stdout), outputKept(os.Stderr)))
	}
	leak.Main(m)
}

// keepOutputs is the environment variable with the folder in which softkey leaves
// a copy of what it prints, for a [hunt].
const keepOutputs = "SOFTKEY_TEST_KEEP_OUTPUTS"

// outputKept returns a stream of softkey, of which a copy goes to a file where
// that is wanted.
func outputKept(stream io.Writer) io.Writer {
	dir := os.Getenv(keepOutputs)
	if dir == "" {
		return stream
	}
	f, err := os.CreateTemp(dir, "")
	if err != nil {
		panic(err)
	}
	return io.MultiWriter(stream, f)
}
