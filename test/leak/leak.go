// Package leak fails a test binary that leaves goroutines behind: each
// goroutine of softkey has an owner that waits for it.
//
// Its own tests plug a whole key in by every transport that needs no kernel's
// help, and have hosts that cancel, go away, are slow, silent or many, or do not
// read: the key must answer others, and leave nothing behind. TestHour is an hour
// of a key's own time. SOFTKEY_LEAK_ROUNDS=10 repeats each scenario ten times, and
// leaves out no report; without it they take seconds.
package leak

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Main runs the tests of m and exits, with 1 where a goroutine outlives them.
// It is the whole of a package's TestMain:
//
//	func TestMain(m *testing.M) { leak.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	if left := leftovers(2 * time.Second); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "leak: %d goroutines outlive the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// leftovers returns the stacks of all goroutines but the caller's. It gives
// those about to end patience to do so. The one of os/signal never ends, and
// `go test -fuzz` starts it.
func leftovers(patience time.Duration) []string {
	buf := make([]byte, 1<<20)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		left := slices.DeleteFunc(stacks[1:], func(s string) bool { return strings.Contains(s, "os/signal.loop") })
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}
