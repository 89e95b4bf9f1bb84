package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/test/socketdir"
)

// Who reads the ready line elsewhere needs the whole path, unless no socket's may be
// so long.
func TestAbsolute(t *testing.T) {
	dir := socketdir.New(t)
	t.Chdir(dir)
	long := strings.Repeat("x", maxSocketPath)
	for path, want := range map[string]string{
		"a.sock": filepath.Join(dir, "a.sock"), "./b/../a.sock": filepath.Join(dir, "a.sock"), "/run/a.sock": "/run/a.sock", long: long,
	} {
		if got := absolute(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// A socket is closed to others from its first moment, not only after a chmod.
func TestCloseToOthers(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(socketdir.New(t), "key.sock")
	config := net.ListenConfig{Control: closeToOthers}
	ln, err := config.Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), fs.FileMode(0o600); got != want {
		t.Errorf("the mode is %v, want %v", got, want)
	}
}

// Of those that find a stale socket at once, one gets its place, and the others are
// told so.
func TestStaleSocketIsReplacedOnce(t *testing.T) {
	dir, err := os.MkdirTemp("", "softkey")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for round := range 50 {
		path := filepath.Join(dir, strconv.Itoa(round))
		stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		stale.SetUnlinkOnClose(false)
		stale.Close()

		var starters sync.WaitGroup
		var listeners [4]net.Listener
		var errs [4]error
		for i := range listeners {
			starters.Go(func() {
				listeners[i], errs[i] = listenUnix(t.Context(), path, socketOptions{log: slog.New(slog.DiscardHandler)})
			})
		}
		starters.Wait()
		listening := 0
		for i, ln := range listeners {
			if ln != nil {
				listening++
				ln.Close()
			} else if !strings.Contains(errs[i].Error(), "another program answers there") {
				t.Errorf("got %v, want that another answers", errs[i])
			}
		}
		if listening != 1 {
			t.Errorf("%d listen at one place, want 1", listening)
		}
	}
}

// A folder that another program keeps locked is told; one that cannot be opened, and
// so not be locked, is used.
func TestLockFolder(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := lockFolder(ended, dir); err == nil || !strings.Contains(err.Error(), "another program has locked") {
		t.Errorf("a second lock: got %v, want that another has it", err)
	}
	unlock()
	for _, dir := range []string{dir, filepath.Join(dir, "missing")} {
		unlock, err := lockFolder(t.Context(), dir)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		unlock()
	}
}

// Another user who gets as far as connecting is turned away.
func TestOtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	dir, err := os.MkdirTemp("", "softkey")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "key.sock")
	var log bytes.Buffer
	s, err := openUnix(t.Context(), path, socketOptions{log: slog.New(newLogHandler(&log, slog.LevelInfo))})
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{dir: 0o755, path: 0o666} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var server sync.WaitGroup
	server.Go(func() { s.serve(ctx, nil, ctaphid.Config{}) })
	defer server.Wait()
	defer cancel()

	if got := dialAs(t, 65534, path); len(got) > 0 {
		t.Errorf("another user was answered %x, want nothing", got)
	}
	if got := dialAs(t, 0, path); len(got) != len(ctaphid.Report{}) {
		t.Errorf("the user was answered %x, want an answer to CTAPHID_INIT", got)
	}
	cancel()
	server.Wait()
	if got, want := log.String(), "softkey: warning: connection refused reason=\"it is of user 65534\"\n"; got != want {
		t.Errorf("the log is %q, want %q", got, want)
	}
}

// dialAs sends CTAPHID_INIT to a Unix socket, as the user uid, and returns the
// answer.
func dialAs(t *testing.T, uid int, path string) []byte {
	t.Helper()
	connected := make(chan error, 1)
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	go func() {
		runtime.LockOSThread() // for good: no other goroutine may run as that user
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			connected <- errno
			return
		}
		connected <- syscall.Connect(fd, &syscall.SockaddrUnix{Name: path})
	}()
	if err := <-connected; err != nil {
		t.Fatal(err)
	}
	init := ctaphid.Report{0xff, 0xff, 0xff, 0xff, 0x86, 0, 8}
	f.Write(init[:]) // may fail where the connection is closed already
	answer := make([]byte, len(init))
	n, _ := io.ReadFull(f, answer)
	return answer[:n]
}
