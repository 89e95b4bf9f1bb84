package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/archive"
)

// A store that is to be sealed is there when it is sealed, and not before: whoever
// looks while it is made finds none. One that another process has made meanwhile is
// not touched.
func TestMakeStore(t *testing.T) {
	dir, full := t.TempDir(), errors.New("disk full")
	entry := keystore.Entry{Bucket: "settings", Key: []byte("key"), Value: []byte("value")}
	filled := func(wrong error) iter.Seq2[keystore.Entry, error] {
		return func(yield func(keystore.Entry, error) bool) {
			if there, err := hasStore(dir); there || err != nil {
				t.Errorf("while it is made: hasStore = %v, %v; want false", there, err)
			}
			if yield(entry, nil) && wrong != nil {
				yield(keystore.Entry{}, wrong)
			}
		}
	}
	steps := []struct {
		name  string
		wrong error
		want  error
		there bool
	}{
		{"that fails", full, full, false},
		{"that works", nil, nil, true},
		{"where there is one", nil, errMadeMeanwhile, true},
		{"that fails where there is one", full, errMadeMeanwhile, true},
	}
	for _, step := range steps {
		if err := makeStore(dir, keystore.Options{}, filled(step.wrong)); !errors.Is(err, step.want) {
			t.Errorf("%s: got %v, want %v", step.name, err, step.want)
		}
		if there, err := hasStore(dir); there != step.there || err != nil {
			t.Errorf("%s: hasStore = %v, %v; want %v", step.name, there, err, step.there)
		}
	}
}

// A copy that turns out to be broken leaves no empty store, which is not sealed;
// one that was there stays.
func TestImportBrokenCopy(t *testing.T) {
	broken := errors.New("broken")
	entries := func(yield func(keystore.Entry, error) bool) {
		_ = yield(keystore.Entry{Bucket: "settings", Key: []byte("key"), Value: []byte("value")}, nil) &&
			yield(keystore.Entry{}, broken)
	}
	dir, p := t.TempDir(), &program{}
	for _, there := range []bool{false, true} {
		if there {
			if err := makeStore(dir, keystore.Options{}, func(func(keystore.Entry, error) bool) {}); err != nil {
				t.Fatal(err)
			}
		}
		if err := importState(p, dir, archive.Header{}, entries); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		if left, err := hasStore(dir); left != there || err != nil {
			t.Errorf("hasStore = %v, %v; want %v", left, err, there)
		}
		if err := checkEmpty(dir); err != nil {
			t.Errorf("checkEmpty = %v, want nil", err)
		}
	}
}

// A file with the keys of many devices is told as what it is, and stays so.
func TestManyDevices(t *testing.T) {
	dir := t.TempDir()
	s, err := keystore.OpenShared(dir, keystore.Options{})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	where := "--state=" + dir
	for _, command := range [][]string{
		{"state", "seal", "--new-passphrase-file", "none", where},
		{"state", "unseal", "--plain", where},
		{"state", "show", where},
		{"state", "export", "-", "-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", where},
		{"info", where},
	} {
		var stderr strings.Builder
		p := &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: newConsole(&stderr)}
		root := newRoot(p)
		root.SetArgs(command)
		code := p.report(root.ExecuteC())
		want := fmt.Sprintf("softkey: %s has the keys of many devices, which only the Go program that made them opens\nsoftkey: hint: choose another folder: --state DIR", dir)
		if said := stderr.String(); code != 1 || !strings.HasPrefix(said, want) || strings.Count(said, "\n") != 2 {
			t.Errorf("%s: got exit code %d and %q, want 1 and %q", command, code, said, want)
		}
	}
}

// Not everything that is in the way is a key that another process has made.
func TestMakeStoreInTheWay(t *testing.T) {
	dir := t.TempDir()
	half := filepath.Join(dir, storeFile+".new")
	if err := errors.Join(os.Mkdir(half, 0o700), os.WriteFile(filepath.Join(half, "file"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, link} {
		err := makeStore(dir, keystore.Options{}, func(func(keystore.Entry, error) bool) {})
		if err == nil || errors.Is(err, errMadeMeanwhile) {
			t.Errorf("%s: got %v, want the error of the file system", dir, err)
		}
	}
}

// What can be mended has a hint that says how.
func TestStateHints(t *testing.T) {
	tests := []struct {
		name, want string
		err        error
	}{
		{"disk full", "make room on the disk; what was there is as it was", explainState("key", fmt.Errorf("write: %w", syscall.ENOSPC))},
		{"many devices", "choose another folder: --state DIR", explainState("key", keystore.ErrKind)},
		{"newer copy", "use a newer softkey", explainArchive("key.age", archiveError{&archive.VersionError{Version: 9}})},
		{"broken copy", "the file is damaged, or no copy of a key; nothing of it was kept", explainArchive("key.age", archiveError{archive.ErrFormat})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr strings.Builder
			p := &program{stderr: newConsole(&stderr)}
			code := p.report(newRoot(p), tt.err)
			if said := stderr.String(); code != 1 || !strings.HasSuffix(said, "softkey: hint: "+tt.want+"\n") {
				t.Errorf("got exit code %d and %q, want 1 and the hint %q", code, said, tt.want)
			}
		})
	}
}

// How far something is is told once a second, and not at all where it is done
// before.
func TestEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []float64
		progress := eachSecond(func(done float64) { told = append(told, done) })
		for n := range 31 {
			progress(float64(n))
			time.Sleep(100 * time.Millisecond)
		}
		if want := []float64{10, 20, 30}; !slices.Equal(told, want) {
			t.Errorf("got %v, want %v", told, want)
		}
	})
}
