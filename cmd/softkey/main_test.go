package main

import (
	"os"
	"testing"

	"github.com/softkey-project/softkey/test/leak"
)

// beSoftkey is the environment variable that makes the test binary the program.
const beSoftkey = "SOFTKEY_TEST_BE_SOFTKEY"

func TestMain(m *testing.M) {
	if os.Getenv(beSoftkey) != "" {
		main()
	}
	leak.Main(m)
}
