//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	folderLockWait = 2 * time.Second
	folderLockPoll = 5 * time.Millisecond
)

// lockFolder keeps others that are about to make a socket in dir waiting, until
// unlock. It leaves nothing behind. A folder that cannot be locked, as on some network
// file systems, is used without.
func lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}, nil
	}
	unlock = func() { _ = f.Close() }
	ctx, cancel := context.WithTimeout(ctx, folderLockWait)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return unlock, nil
		}
		select {
		case <-time.After(folderLockPoll):
		case <-ctx.Done():
			unlock()
			return nil, fmt.Errorf("another program has locked the folder %s", dir)
		}
	}
}
