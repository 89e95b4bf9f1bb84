//go:build unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// public are the files that all may read, of those that softkey writes in
// TestWrittenFiles; all others are their owner's alone.
var public = regexp.MustCompile(`^(root\.pem|man(/softkey[\w-]*\.1)?)$`)

// someRecipient is one of age's, whose identity is nobody's here.
const someRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

// TestWrittenFiles has commands write each kind of file that they write, with no
// umask at all, and looks at all of them.
func TestWrittenFiles(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	dir := t.TempDir()
	t.Chdir(dir)
	startRun(t, 2, "run", "--state", "state", "--presence", "approve", "--trace", "trace",
		"--transport", "unix:run/key", "--control", "unix:hand/hand")
	for _, args := range [][]string{
		{"info", "--device", "unix:run/key"},
		{"info", "--state", "other/state"},
		{"attestation", "export", "--state", "other/state", "--output", "root.pem"},
		{"state", "export", "--state", "other/state", "--recipient", someRecipient, "key.age"},
		{"man", "man"},
	} {
		finishSoftkey(t, exitDone, args...)
	}
	seen := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		forbidden := fs.FileMode(0o077)
		if public.MatchString(name) {
			forbidden = 0o022
		}
		if mode := info.Mode().Perm(); mode&forbidden != 0 || info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			t.Errorf("%s has mode %v, want none of %v", name, info.Mode(), forbidden)
		}
		seen++
		return nil
	})
	if err != nil || seen < 30 {
		t.Errorf("got %d files, %v; want more", seen, err)
	}
}

// What somebody else could have put where a command writes is refused.
func TestWrittenFilesRefuseLinks(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"a trace", []string{"run", "--ephemeral", "--presence", "deny", "--transport", "unix:run/key", "--trace", "link"}, "link is a symbolic link"},
		{"an export", []string{"attestation", "export", "--ephemeral", "--output", "link"}, "link is a symbolic link"},
		{"a page", []string{"man", "man"}, "softkey.1 is a symbolic link"},
		{"a state folder", []string{"info", "--state", "folder"}, "folder is a symbolic link"},
		{"a socket", []string{"run", "--ephemeral", "--presence", "deny", "--transport", "unix:link"}, "there is a file that is no socket"},
		{"a control socket", []string{"run", "--ephemeral", "--presence", "deny", "--transport", "unix:run/key", "--control", "unix:link"}, "there is a file that is no socket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for _, link := range []struct{ to, at string }{{"victim", "link"}, {"../victim", "man/softkey.1"}, {"real", "folder"}} {
				if err := os.MkdirAll(filepath.Dir(link.at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(link.to, link.at); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir("real", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile("victim", []byte("keep"), 0o600); err != nil {
				t.Fatal(err)
			}
			if said := finishSoftkey(t, exitFailed, tt.args...); !strings.Contains(said, tt.want) {
				t.Errorf("it says %q, want %q", said, tt.want)
			}
			if kept, err := os.ReadFile("victim"); string(kept) != "keep" {
				t.Errorf("the file holds %q, %v; want what it held", kept, err)
			}
		})
	}
}

// finishSoftkey runs a command, which has the exit code, and returns what it says
// on standard error.
func finishSoftkey(t *testing.T, code int, args ...string) (said string) {
	t.Helper()
	p := startSoftkey(t, args...)
	defer p.stop()
	if got := p.finish(); got != code {
		t.Fatalf("softkey %s: exit code %d, want %d: %s", strings.Join(args, " "), got, code, p.stderr)
	}
	return p.stderr.String()
}
