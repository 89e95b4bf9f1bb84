package keystore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// nobody is a user that owns nothing.
const nobody = 65534

// asRoot skips a test that has to give files away.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

func TestOpenForeignOwner(t *testing.T) {
	asRoot(t)
	for _, name := range []string{".", "softkey.db", "softkey.lock"} {
		dir := t.TempDir()
		makeStore(t, dir, keystore.Options{})
		if err := os.Chown(filepath.Join(dir, name), nobody, -1); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("belongs to user %d, not to us, 0", nobody)
		if s, err := keystore.Open(dir, keystore.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open with a foreign %s: got %v, %v; want %q", name, s, err, want)
		}
	}
}

// Root may write anywhere, so a child becomes nobody.
func TestOpenReadOnlyFolder(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := syscall.Setuid(nobody); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"empty", "empty/new", "store"} {
			if s, err := keystore.Open(filepath.Join(dir, name), keystore.Options{}); !errors.Is(err, fs.ErrPermission) {
				t.Errorf("Open(%s): got %v, %v; want fs.ErrPermission", name, s, err)
			}
		}
		return
	}
	asRoot(t)
	dir := t.TempDir()
	makeStore(t, filepath.Join(dir, "store"), keystore.Options{})
	if err := os.Remove(filepath.Join(dir, "store/softkey.lock")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"empty", "store"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Chown(path, nobody, -1), os.Chmod(path, 0o500)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
		t.Fatal(err)
	}
	if out, err := child(t, dir).CombinedOutput(); err != nil {
		t.Errorf("child: %v\n%s", err, out)
	}
}

// The child mounts a file system of 256 KiB for itself alone and fills it.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k,mode=0700"); err != nil {
			t.Skipf("mount: %v", err)
		}
		makeOnFullDisk(t, dir)
		fillDisk(t, dir)
		return
	}
	cmd := child(t, t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	cmd.Args = append(cmd.Args, "-test.v")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, fs.ErrPermission) || strings.Contains(string(out), "--- SKIP") {
		t.Skipf("no file system of our own: %v\n%s", err, out)
	}
	if err != nil {
		t.Errorf("child: %v\n%s", err, out)
	}
}

// makeOnFullDisk opens a new store where there is no room for one, and then
// where there is.
func makeOnFullDisk(t *testing.T, dir string) {
	ballast, state := filepath.Join(dir, "ballast"), filepath.Join(dir, "state")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("WriteFile: got %v, want ENOSPC", err)
	}
	for range 2 {
		if s, err := keystore.Open(state, keystore.Options{}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Open: got %v, %v; want ENOSPC", s, err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	makeStore(t, state, keystore.Options{})
	if err := os.RemoveAll(state); err != nil {
		t.Fatal(err)
	}
}

// fillDisk puts credentials into a store in dir until the disk is full. Then
// all that was acknowledged must be there, and nothing else, now and after the
// store was opened again; when there is room, the store must take more.
func fillDisk(t *testing.T, dir string) {
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 64<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, keystore.Options{})
	counter := newCounter(t, s)
	wantNext(t, counter, 1, 1024) // the next value wants a commit
	stored := putUntilFull(t, s, nil)
	t.Logf("%d credentials fit", len(stored))
	view(t, s, func(tx keystore.Tx) { wantStored(t, tx, stored...) })
	if got, err := counter.Next(); !errors.Is(err, syscall.ENOSPC) && got != 1025 {
		t.Errorf("Next: got %d, %v; want ENOSPC, or 1025 if that fits", got, err)
	}
	s = reopen(t, s, dir)
	view(t, s, func(tx keystore.Tx) { wantStored(t, tx, stored...) })

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	more := putUntilFull(t, s, stored)
	if len(more) == len(stored) {
		t.Error("there is room again, but the store takes nothing")
	}
	view(t, s, func(tx keystore.Tx) { wantStored(t, tx, more...) })
	view(t, reopen(t, s, dir), func(tx keystore.Tx) { wantStored(t, tx, more...) })
}

// putUntilFull puts new credentials beside those stored until the disk has no
// room, and returns all.
func putUntilFull(t *testing.T, s keystore.Store, stored []*keystore.Credential) []*keystore.Credential {
	t.Helper()
	for n := len(stored); n < 5000; n++ {
		c := credential("example.com", fmt.Sprint(n), n)
		err := s.Update(func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 5000) })
		if errors.Is(err, syscall.ENOSPC) {
			return stored
		}
		if err != nil {
			t.Fatalf("Update: got %v, want ENOSPC", err)
		}
		stored = append(stored, c)
	}
	t.Fatal("the disk is not full")
	return nil
}

func reopen(t *testing.T, s *keystore.Bolt, dir string) *keystore.Bolt {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return open(t, dir, keystore.Options{})
}
