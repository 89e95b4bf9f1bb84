//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// checkWritable tells whether this user can make files in a folder.
func checkWritable(dir string) error {
	const write = 2 // W_OK of access(2)
	if err := syscall.Access(dir, write); err != nil {
		return fmt.Errorf("the folder %s: %w", dir, err)
	}
	return nil
}
