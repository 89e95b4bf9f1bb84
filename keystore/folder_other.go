//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keystore

import (
	"io/fs"
	"os"
)

// checkOwner does nothing: who may open a file is not in its mode here.
func checkOwner(fs.FileInfo, fs.FileMode) error { return nil }

// closeToOthers does nothing, likewise.
func closeToOthers(*os.Root, fs.FileInfo) error { return nil }

// tryLock leaves it to bbolt to keep other processes out, which cannot say who
// they are.
func tryLock(*os.File) (bool, error) { return true, nil }

// abandon closes a file.
func abandon(file *os.File) { _ = file.Close() }

// syncFolder does nothing: folders cannot be synced here.
func syncFolder(*os.File) error { return nil }
