package keystore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	lockName = "softkey.lock" // holds the pid of the process that has the store
	lockWait = 250 * time.Millisecond
	lockPoll = 10 * time.Millisecond
)

// LockedError is returned by [Open] for a store that another process has open,
// or this one.
type LockedError struct {
	PID int // 0 if it is not known
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "store is in use by another process"
	}
	return fmt.Sprintf("store is in use by process %d", e.PID)
}

// folder is the state folder, locked by this process.
type folder struct {
	root *os.Root
	lock *os.File
}

// openFolder makes the folder dir if it is missing, checks that nobody else can
// put files into it, has nobody else look into it, and locks it.
func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	named, err := os.Lstat(filepath.Clean(dir))
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root}
	if err := f.take(named); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// withFolder runs fn with the folder dir, which is locked meanwhile.
func withFolder(dir string, fn func(*folder) error) error {
	f, err := openFolder(dir)
	if err == nil {
		err = errors.Join(fn(f), f.close())
	}
	if err != nil {
		return fmt.Errorf("keystore: %s: %w", dir, err)
	}
	return nil
}

// take makes the folder ours, which was called what named describes.
func (f *folder) take(named fs.FileInfo) error {
	info, err := f.root.Stat(".")
	if err != nil {
		return err
	}
	if !os.SameFile(info, named) {
		return fmt.Errorf("folder %w", errLink)
	}
	if err := checkOwner(info, 0o022); err != nil {
		return fmt.Errorf("folder %w", err)
	}
	if err := closeToOthers(f.root, info); err != nil {
		return err
	}
	if f.lock, err = f.openFile(lockName, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	return f.acquire()
}

// acquire takes the lock, or tells who has it.
func (f *folder) acquire() error {
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockPoll) {
		ok, err := tryLock(f.lock)
		if err != nil {
			return fmt.Errorf("%s: %w", lockName, err)
		}
		if ok {
			f.writePID()
			return nil
		}
		if time.Now().After(deadline) {
			return &LockedError{PID: f.readPID()}
		}
	}
}

// pidSize is the length of the lock file: always the same, since to cut a file and
// write it anew takes its file system ten times as long.
const pidSize = 16

// writePID says in the lock file who has the lock. A full disk is no reason to
// fail: the lock holds without.
func (f *folder) writePID() {
	_, _ = f.lock.WriteAt(fmt.Appendf(nil, "%-*d\n", pidSize-1, os.Getpid()), 0)
}

// readPID returns what writePID of another process has written, or 0.
func (f *folder) readPID() int {
	var buf [pidSize]byte
	n, _ := f.lock.ReadAt(buf[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return 0
	}
	return pid
}

// errLink is what is wrong with a folder or file that a symbolic link leads to:
// who made the link chose where the keys are.
var errLink = errors.New("is a symbolic link")

// openFile opens a file of the folder that only we can read.
func (f *folder) openFile(name string, flag int, mode os.FileMode) (*os.File, error) {
	file, err := f.root.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := f.checkFile(file, name); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return file, nil
}

// checkFile tells whether an open file is the one of that name, and ours alone.
func (f *folder) checkFile(file *os.File, name string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := f.root.Lstat(name)
	if err != nil {
		return err
	}
	if !os.SameFile(info, named) {
		return errLink
	}
	return checkOwner(info, 0o077)
}

// sync makes the names of the files in the folder durable.
func (f *folder) sync() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return syncFolder(dir)
}

// close gives the lock back.
func (f *folder) close() error {
	if f.lock == nil {
		return f.root.Close()
	}
	return errors.Join(f.lock.Close(), f.root.Close())
}
