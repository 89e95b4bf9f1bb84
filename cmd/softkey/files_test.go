//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The files that softkey writes are for their owner alone, or may be read by all
// where they are public, whatever the umask is.
func TestCreateFileModes(t *testing.T) {
	tests := []struct {
		name   string
		mode   fs.FileMode
		umask  int
		before fs.FileMode // of a file that is there; 0: none is
		want   fs.FileMode
	}{
		{"private", modePrivate, 0, 0, 0o600},
		{"private, a careful user", modePrivate, 0o077, 0, 0o600},
		{"private, open before", modePrivate, 0, 0o666, 0o600},
		{"public", modePublic, 0, 0, 0o644},
		{"public, a careful user", modePublic, 0o077, 0, 0o600},
		{"public, closed before", modePublic, 0, 0o600, 0o600},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if tt.before != 0 {
				if err := errors.Join(os.WriteFile(path, []byte("much longer than that"), 0o600), os.Chmod(path, tt.before)); err != nil {
					t.Fatal(err)
				}
			}
			defer syscall.Umask(syscall.Umask(tt.umask))
			if err := writeFile(path, []byte("new"), tt.mode); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil || info.Mode() != tt.want || info.Size() != 3 {
				t.Errorf("got %v of %d bytes, %v; want %v of 3", info.Mode(), info.Size(), err, tt.want)
			}
		})
	}
}

// What somebody else may have put in the place of a file is refused, and stays as
// it is.
func TestCreateFileRefuses(t *testing.T) {
	tests := []struct {
		name string
		put  func(path, victim string) error
		want string
		root bool // only root can put it there
	}{
		{"a link", func(path, victim string) error { return os.Symlink(victim, path) }, "is a symbolic link", false},
		{"a link to nothing", func(path, victim string) error { return os.Symlink(victim+".new", path) }, "is a symbolic link", false},
		{"a folder", func(path, _ string) error { return os.Mkdir(path, 0o700) }, "is a directory", false},
		{"another's file", func(path, victim string) error {
			return errors.Join(os.Link(victim, path), os.Chown(path, 65534, -1))
		}, "belongs to user 65534", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.root && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			dir := t.TempDir()
			path, victim := filepath.Join(dir, "file"), filepath.Join(dir, "victim")
			if err := errors.Join(os.WriteFile(victim, []byte("keep"), 0o644), tt.put(path, victim)); err != nil {
				t.Fatal(err)
			}
			for _, mode := range []fs.FileMode{modePrivate, modePublic} {
				if err := writeFile(path, []byte("new"), mode); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("mode %v: got %v, want %q", mode, err, tt.want)
				}
			}
			if kept, err := os.ReadFile(victim); string(kept) != "keep" {
				t.Errorf("the file holds %q, %v; want what it held", kept, err)
			}
			if files, _ := filepath.Glob(victim + "*"); len(files) != 1 {
				t.Errorf("got the files %q, want none more", files)
			}
		})
	}
}

// A pipe of the shell's, and standard output by its name, are links that only we
// can have made.
func TestCreateFileDescriptor(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	path := filepath.Join("/dev/fd", strconv.Itoa(int(w.Fd())))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("this system has no %s", path)
	}
	if err := writeFile(path, []byte("new"), modePrivate); err != nil {
		t.Fatal(err)
	}
	var got [3]byte
	if _, err := r.Read(got[:]); err != nil || string(got[:]) != "new" {
		t.Errorf("got %q, %v; want what was written", got, err)
	}
	for path, want := range map[string]bool{
		"/dev/stdout": true, "/dev/stderr": true, "/dev/fd/1": true, "/proc/self/fd/1": true,
		"/dev/shm/x": false, "/dev/fd/../shm/x": false, "/tmp/dev/fd/1": false, "stdout": false,
	} {
		if got := isDescriptor(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}
