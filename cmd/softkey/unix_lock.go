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
// unlock. It leaves nothing behind.
func lockFolder(ctx context.Context, dir string) (unlock func() error, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, folderLockWait)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock of the folder %s: %w", dir, err), f.Close())
		}
		select {
		case <-time.After(folderLockPoll):
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another program has locked the folder %s", dir), f.Close())
		}
	}
}
