//go:build !linux

package crash

import "testing"

func testDisk(t *testing.T, _ *suite, _ *table) {
	t.Skip("a small disk of our own is made with the mounts of Linux")
}

func beOnSmallDisk(*testing.T) {}

func beOnReadOnlyDisk(*testing.T) {}
