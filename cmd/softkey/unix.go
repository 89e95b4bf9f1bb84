package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// defaultSocket returns the path of the Unix socket that `auto` stands for.
func defaultSocket() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "softkey", "hid.sock")
	}
	return filepath.Join(os.TempDir(), "softkey-"+strconv.Itoa(os.Getuid()), "hid.sock")
}

// openUnix listens on a socket that is the user's own: no other may connect to
// it, or put another in its place.
func openUnix(ctx context.Context, path string, opts socketOptions) (*socket, error) {
	ln, err := listenUnix(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return streamSocket(address{"unix", absolute(path)}, opts.faults.Listener(ln)), nil
}

// absolute returns the path of a socket as those need it who are in another folder,
// if a socket's path may be that long.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil && len(abs) <= maxSocketPath {
		return abs
	}
	return path
}

// listenUnix holds the lock of the folder from when it looks at what is at path: of
// two that find a socket which nobody serves, the second would remove the new one
// of the first.
func listenUnix(ctx context.Context, path string, opts socketOptions) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, hintFolder(err)
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	unlock, err := lockFolder(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: closeToOthers}
	ln, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, hintFolder(cause(err))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ownListener{ln, opts.log}, nil
}

// checkFolder refuses a folder in which others can exchange files, and one to
// which a symbolic link of another user leads.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	link, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return hintFolder(fmt.Errorf("other users can write to the folder %s: mode %04o", dir, mode))
	}
	for _, info := range []fs.FileInfo{info, link} {
		if owner, known := ownerOf(info); known && owner != 0 && owner != os.Geteuid() {
			return hintFolder(fmt.Errorf("the folder %s belongs to user %d", dir, owner))
		}
	}
	return nil
}

// hintFolder says where a socket can be that cannot be in a folder.
func hintFolder(err error) error {
	return hint(err, "choose a folder of your own, such as %s", filepath.Dir(defaultSocket()))
}

// removeStale removes a socket that nobody answers on.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return hint(errors.New("there is a file that is no socket"), "choose another path, or remove the file")
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return os.Remove(path)
	}
	if err == nil {
		conn.Close()
	}
	return hint(errors.New("another program answers there"), "stop it, or choose another path; a key that runs is used with --device unix:%s", path)
}

// ownListener lets only this user and root in.
type ownListener struct {
	net.Listener
	log *slog.Logger
}

// Accept waits for the next connection that may stay.
func (l ownListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		refusal := checkPeer(conn)
		if refusal == nil {
			return conn, nil
		}
		l.log.Warn("connection refused", "reason", refusal)
		conn.Close()
	}
}

// checkPeer returns an error unless the other end is this user or root, or the
// system does not tell.
func checkPeer(conn net.Conn) error {
	uid, known, err := peerOf(conn)
	if err == nil && known && uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("it is of user %d", uid)
	}
	return err
}
