// Package socketdir makes folders for the Unix sockets of tests. The path of a
// socket may have some hundred bytes, and testing.T's TempDir, which has the name
// of the test in it, is longer where the system's own is: on macOS, for one.
package socketdir

import (
	"os"
	"testing"
)

// New returns a folder that is removed when the test ends. Its path is twelve
// bytes longer than that of the system's temporary folder.
func New(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
