//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package keystore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner tells whether a file or folder belongs to us and grants others
// none of the permissions in forbidden.
func checkOwner(info fs.FileInfo, forbidden fs.FileMode) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("belongs to user %d, not to us, %d", stat.Uid, os.Geteuid())
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return fmt.Errorf("is open to other users: mode %04o", mode)
	}
	return nil
}

// closeToOthers makes a folder of ours one that nobody else can look into.
func closeToOthers(root *os.Root, info fs.FileInfo) error {
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return root.Chmod(".", 0o700)
}

// tryLock takes the lock on an open file, unless another has it. It ends with
// the file's last descriptor, so with the process at the latest.
func tryLock(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// abandon closes a file that may still be mapped. The mapping would keep the
// lock of bbolt until the process ends.
func abandon(file *os.File) {
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
	_ = file.Close()
}

func syncFolder(dir *os.File) error {
	return dir.Sync()
}
