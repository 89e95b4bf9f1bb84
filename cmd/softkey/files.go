package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// The modes of files that softkey writes where the user says.
const (
	modePrivate fs.FileMode = 0o600
	modePublic  fs.FileMode = 0o644 // less what the umask takes
)

// createFile opens a file to be written anew. A private one is for this user
// alone, whatever the umask is and whatever its mode was.
//
// A symbolic link is refused, and so is a file of another user: somebody else
// may have put it there, to have it read or to have another file overwritten.
// Nothing is lost before that is known. Pipes and devices are as they are.
func createFile(path string, mode fs.FileMode) (*os.File, error) {
	flag := os.O_WRONLY | os.O_CREATE
	if !isDescriptor(path) {
		flag |= noFollow
	}
	f, err := os.OpenFile(path, flag, mode)
	if errors.Is(err, syscall.ELOOP) {
		return nil, hint(fmt.Errorf("%s is a symbolic link", path), "name the file that it leads to")
	}
	if err != nil {
		return nil, err
	}
	if err := empty(f, mode); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return f, nil
}

// isDescriptor tells the paths of open files: links, which nobody else can make.
func isDescriptor(path string) bool {
	path = filepath.Clean(path)
	return strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/") ||
		path == "/dev/stdout" || path == "/dev/stderr"
}

// empty takes a plain file for us: it is ours, has the mode, and nothing in it.
func empty(f *os.File, mode fs.FileMode) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	if owner, known := ownerOf(info); known && owner != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d", owner)
	}
	if mode == modePrivate {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	return f.Truncate(0)
}

// writeFile writes a file with createFile.
func writeFile(path string, data []byte, mode fs.FileMode) error {
	f, err := createFile(path, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
