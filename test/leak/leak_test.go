package leak

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// behave is the environment variable that tells a child process of these tests
// how to behave.
const behave = "LEAK_TEST_BEHAVE"

func TestMain(m *testing.M) {
	release := make(chan struct{})
	if os.Getenv(behave) != "" {
		go func() { <-release }()
	}
	if os.Getenv(behave) == "well" {
		close(release)
	}
	Main(m)
}

func TestMainExitCode(t *testing.T) {
	tests := []struct {
		behave string
		code   int
		says   string
	}{
		{"well", 0, "PASS"},
		{"badly", 1, "leak: 1 goroutines outlive the tests"},
	}
	for _, tt := range tests {
		t.Run(tt.behave, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), behave+"="+tt.behave)
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(string(out), tt.says) {
				t.Errorf("exit code %d, %v, output:\n%s\nwant code %d and %q", code, err, out, tt.code, tt.says)
			}
		})
	}
}
