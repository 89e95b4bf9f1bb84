//go:build unix

package keystore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// The state folder and what is in it are for us alone, whatever the umask is and
// whatever the folder's mode was.
func TestFolderIsOursAlone(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	tests := []struct {
		name    string
		prepare func(dir string) error
	}{
		{"a new folder", func(string) error { return nil }},
		{"one that others may look into", func(dir string) error { return os.Mkdir(dir, 0o755) }},
		{"one that others may enter", func(dir string) error { return os.Mkdir(dir, 0o711) }},
		{"one that the group may look into", func(dir string) error { return os.Mkdir(dir, 0o750) }},
	}
	for _, tt := range tests {
		dir := filepath.Join(t.TempDir(), "state")
		if err := tt.prepare(dir); err != nil {
			t.Fatal(err)
		}
		s, err := keystore.Open(dir, keystore.Options{NoSync: true})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		wantModes(t, tt.name, dir)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// wantModes looks at a folder and at all that is in it.
func wantModes(t *testing.T, name, dir string) {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s: the folder is %v, %v; want 0700", name, info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: got %d files, %v", name, len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %s is %v, %v; want 0600", name, f.Name(), info.Mode(), err)
		}
	}
}

// Where a symbolic link leads, somebody else may have chosen.
func TestFolderRefusesLinks(t *testing.T) {
	move := func(dir, name string) error {
		path := filepath.Join(dir, name)
		return errors.Join(os.Rename(path, path+".other"), os.Symlink(name+".other", path))
	}
	tests := []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"the folder", func(dir string) error {
			return errors.Join(os.Rename(dir, dir+".other"), os.Symlink(dir+".other", dir))
		}, "folder is a symbolic link"},
		{"the store", func(dir string) error { return move(dir, "softkey.db") }, "softkey.db is a symbolic link"},
		{"the lock", func(dir string) error { return move(dir, "softkey.lock") }, "softkey.lock is a symbolic link"},
	}
	for _, tt := range tests {
		dir := filepath.Join(t.TempDir(), "state")
		makeStore(t, dir, keystore.Options{NoSync: true})
		if err := tt.spoil(dir); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{dir, dir + "/"} {
			if s, err := keystore.Open(path, keystore.Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, as %q: got %v, %v; want %q", tt.name, path, s, err, tt.want)
			}
		}
	}
}
