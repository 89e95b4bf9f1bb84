package keystore_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/keystore"
)

func TestOpenMakesFolderAndFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "share", "softkey")
	s := open(t, dir, keystore.Options{})
	wantMode(t, filepath.Dir(dir), fs.ModeDir|0o700)
	wantMode(t, dir, fs.ModeDir|0o700)
	wantMode(t, filepath.Join(dir, "softkey.db"), 0o600)
	wantMode(t, filepath.Join(dir, "softkey.lock"), 0o600)
	c := credential("example.com", "alice", 1)
	update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 1) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, keystore.Options{})
	view(t, s, func(tx keystore.Tx) { wantStored(t, tx, c) })
	if names := list(t, dir); names != "softkey.db softkey.lock" {
		t.Errorf("the folder holds %q, want the store and its lock", names)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode() != want {
		t.Errorf("%s: got mode %v, want %v", path, info.Mode(), want)
	}
}

func list(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// makeStore makes a store with something in it and returns its bytes.
func makeStore(t *testing.T, dir string, opts keystore.Options) []byte {
	t.Helper()
	opts.NoSync = true
	s := open(t, dir, opts)
	update(t, s, func(tx keystore.Tx) error {
		if err := keystore.PutDeviceKey(tx, [32]byte{1}); err != nil {
			return err
		}
		for i := range 50 {
			if err := keystore.PutCredential(tx, credential("example.com", string(rune('a'+i)), i), 50); err != nil {
				return err
			}
		}
		return nil
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return readFile(t, filepath.Join(dir, "softkey.db"))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// edit changes what a store says about itself, as another softkey would have.
func edit(t *testing.T, dir string, change func(tx *bbolt.Tx) error) {
	t.Helper()
	editWith(t, dir, nil, change)
}

func editWith(t *testing.T, dir string, opts *bbolt.Options, change func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "softkey.db"), 0o600, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(change), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func putInfo(key, value string) func(tx *bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("softkey")).Put([]byte(key), []byte(value))
	}
}

// refused is a store that must not be opened. Each begins as a good one.
type refused struct {
	name  string
	opts  keystore.Options
	spoil func(t *testing.T, dir string)
	want  error
}

func write(content []byte) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, "softkey.db"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// rewrite changes the bytes of the store.
func rewrite(change func(file []byte) []byte) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		write(change(readFile(t, filepath.Join(dir, "softkey.db"))))(t, dir)
	}
}

func editing(change func(tx *bbolt.Tx) error) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) { edit(t, dir, change) }
}

func fill(b []byte) {
	for i := range b {
		b[i] = byte(i*i*7 + 13)
	}
}

// spoilFreelist damages the pages that list the free pages: 0x10 is what they
// are told by, after the page number.
func spoilFreelist(file []byte) []byte {
	for page := file[8192:]; len(page) >= 4096; page = page[4096:] {
		if page[8] == 0x10 {
			fill(page[:4096])
		}
	}
	return file
}

var refusedStores = []refused{
	{"zero length", keystore.Options{}, write(nil), keystore.ErrDamaged},
	{"short", keystore.Options{}, write([]byte("hello")), keystore.ErrDamaged},
	{"text", keystore.Options{}, write(bytes.Repeat([]byte("hello "), 5000)), keystore.ErrDamaged},
	{"zeros", keystore.Options{}, write(make([]byte, 1<<16)), keystore.ErrDamaged},
	{"junk", keystore.Options{}, rewrite(func(b []byte) []byte { fill(b); return b }), keystore.ErrDamaged},
	{"first pages zero", keystore.Options{}, rewrite(func(b []byte) []byte { clear(b[:8192]); return b }), keystore.ErrDamaged},
	{"all but the first pages junk", keystore.Options{}, rewrite(func(b []byte) []byte { fill(b[8192:]); return b }), keystore.ErrDamaged},
	{"all but the first pages zero", keystore.Options{}, rewrite(func(b []byte) []byte { clear(b[8192:]); return b }), keystore.ErrDamaged},
	{"all but the first pages ones", keystore.Options{}, rewrite(func(b []byte) []byte {
		for i := range b[8192:] {
			b[8192+i] = 0xFF
		}
		return b
	}), keystore.ErrDamaged},
	{"free pages junk", keystore.Options{}, rewrite(spoilFreelist), keystore.ErrDamaged},
	{"cut short", keystore.Options{}, rewrite(func(b []byte) []byte { return b[:16384] }), keystore.ErrDamaged},
	{"not ours", keystore.Options{}, editing(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("softkey")) }), keystore.ErrDamaged},
	{"format cut", keystore.Options{}, editing(putInfo("format", "\x00\x01")), keystore.ErrDamaged},
	{"unknown mode", keystore.Options{}, editing(putInfo("mode", "haphazard")), keystore.ErrDamaged},
	{"mode random", keystore.Options{Seeded: true}, func(*testing.T, string) {}, keystore.ErrMode},
	{"mode seeded", keystore.Options{}, editing(putInfo("mode", "seeded")), keystore.ErrMode},
	{"format 0", keystore.Options{}, editing(putInfo("format", "\x00\x00\x00\x00")), keystore.ErrDamaged},
	{"unknown kind", keystore.Options{}, editing(putInfo("kind", "triple")), keystore.ErrDamaged},
	{"no kind", keystore.Options{}, editing(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("softkey")).Delete([]byte("kind"))
	}), keystore.ErrDamaged},
	{"shared", keystore.Options{}, editing(putInfo("kind", "shared")), keystore.ErrKind},
	{"newer", keystore.Options{}, editing(putInfo("format", "\x00\x00\x00\x03")), &keystore.FormatError{Version: 3}},
	{"much newer", keystore.Options{}, editing(putInfo("format", "\xff\xff\xff\xff")), &keystore.FormatError{Version: 1<<32 - 1}},
	{"free pages not listed", keystore.Options{}, func(t *testing.T, dir string) {
		editWith(t, dir, &bbolt.Options{NoFreelistSync: true}, putInfo("more", "news")) // bbolt lists them when it can
	}, keystore.ErrDamaged},
	{"newer and of the other mode", keystore.Options{Seeded: true}, editing(putInfo("format", "\x00\x00\x00\x03")), &keystore.FormatError{Version: 3}},
}

// Nothing that is refused is changed.
func TestOpenRefuses(t *testing.T) {
	for _, tt := range refusedStores {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			makeStore(t, dir, keystore.Options{})
			tt.spoil(t, dir)
			wantRefused(t, dir, tt.want, func() error {
				_, err := keystore.Open(dir, tt.opts)
				return err
			})
		})
	}
}

// wantRefused checks that open fails as it should, twice, for the first refusal
// must leave no lock behind, and changes nothing.
func wantRefused(t *testing.T, dir string, want error, open func() error) {
	t.Helper()
	file := filepath.Join(dir, "softkey.db")
	before, info := readFile(t, file), stat(t, file)
	for range 2 {
		err := open()
		if !isRefusal(err, want) {
			t.Fatalf("Open: got %v, want %v", err, want)
		}
		if !strings.HasPrefix(err.Error(), "keystore: "+dir+": ") {
			t.Errorf("got %q, want a message that begins with the folder", err)
		}
	}
	if !bytes.Equal(readFile(t, file), before) {
		t.Error("the file was changed")
	}
	if now := stat(t, file); now.ModTime() != info.ModTime() {
		t.Errorf("the file was written to at %v", now.ModTime())
	}
	if names := list(t, dir); names != "softkey.db softkey.lock" {
		t.Errorf("the folder holds %q, want the store and its lock", names)
	}
}

func isRefusal(got, want error) bool {
	var newer *keystore.FormatError
	if errors.As(want, &newer) {
		version := newer.Version
		return errors.As(got, &newer) && newer.Version == version
	}
	return errors.Is(got, want)
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// Whatever is damaged, Open may find the store good or not, and so may all that
// is done with it then, but nothing crashes.
func TestDamagedAnywhere(t *testing.T) {
	dir := t.TempDir()
	good := makeStore(t, dir, keystore.Options{})
	found := 0
	for at := 0; at < len(good); at += 509 {
		bad := bytes.Clone(good)
		fill(bad[at:min(at+64, len(bad))])
		write(bad)(t, dir)
		s, err := keystore.Open(dir, keystore.Options{NoSync: true})
		if err != nil {
			continue
		}
		if errors.Is(useAll(s), keystore.ErrDamaged) {
			found++
		}
		if err := s.Close(); err != nil {
			t.Errorf("damaged at byte %d: Close: %v", at, err)
		}
	}
	if found == 0 {
		t.Error("no damage was found after Open: the test does not reach it")
	}
}

// useAll reads everything in s, and writes to all of it.
func useAll(s keystore.Store) error {
	return errors.Join(
		s.View(func(tx keystore.Tx) error {
			for _, err := range keystore.RPs(tx) {
				if err != nil {
					return err
				}
			}
			_, err := keystore.Credentials(tx, sha256.Sum256([]byte("example.com")))
			return err
		}),
		s.Update(func(tx keystore.Tx) error {
			return keystore.PutCredential(tx, credential("example.com", "new", 77), 100)
		}),
		s.Update(func(tx keystore.Tx) error { return keystore.PutDeviceKey(tx, [32]byte{2}) }),
		s.Update(keystore.Reset),
	)
}

// A mistake of the caller's is not taken for a damaged file, and leaves no
// transaction open.
func TestPanicOfTheCaller(t *testing.T) {
	s := open(t, t.TempDir(), keystore.Options{NoSync: true})
	for name, begin := range map[string]func(func(keystore.Tx) error) error{"View": s.View, "Update": s.Update} {
		func() {
			defer func() {
				if r := recover(); r != "mistake" {
					t.Errorf("%s: recovered %v, want the caller's panic", name, r)
				}
			}()
			err := begin(func(keystore.Tx) error { panic("mistake") })
			t.Errorf("%s: got %v, want a panic", name, err)
		}()
	}
	update(t, s, func(tx keystore.Tx) error { return keystore.PutDeviceKey(tx, [32]byte{3}) })
}

// A page that is missing is noticed at once, not when it is read, whichever it
// is.
func TestOpenCutShort(t *testing.T) {
	dir := t.TempDir()
	good := makeStore(t, dir, keystore.Options{})
	used := usedBytes(t, dir)
	for size := used - 1; size > 0; size -= 4096 {
		write(good[:size])(t, dir)
		if s, err := keystore.Open(dir, keystore.Options{}); !errors.Is(err, keystore.ErrDamaged) {
			t.Errorf("Open of %d of %d bytes: got %v, %v; want ErrDamaged", size, used, s, err)
		}
	}
	write(good[:used])(t, dir)
	open(t, dir, keystore.Options{})
}

// usedBytes returns how much of the store's file has pages in it.
func usedBytes(t *testing.T, dir string) (used int64) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "softkey.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		used = tx.Size()
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return used
}

func TestOpenSeeded(t *testing.T) {
	dir := t.TempDir()
	makeStore(t, dir, keystore.Options{Seeded: true})
	if _, err := keystore.Open(dir, keystore.Options{}); !errors.Is(err, keystore.ErrMode) {
		t.Errorf("Open without a seed: got %v, want ErrMode", err)
	}
	open(t, dir, keystore.Options{Seeded: true})
}

// A store that was not finished when the process died never had its name.
func TestOpenAfterHalfMadeStore(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "softkey.db.new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, keystore.Options{})
	if names := list(t, dir); names != "softkey.db softkey.lock" {
		t.Errorf("the folder holds %q, want the store and its lock", names)
	}
}

func TestOpenRefusesFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("who may open a file is not in its mode here")
	}
	tests := []struct {
		name  string
		spoil func(dir string) error
		says  string
	}{
		{"group may write", func(dir string) error { return os.Chmod(dir, 0o770) }, "folder is open to other users: mode 0770"},
		{"all may write", func(dir string) error { return os.Chmod(dir, 0o777|fs.ModeSticky) }, "folder is open to other users: mode 0777"},
		{"file is readable", func(dir string) error { return os.Chmod(filepath.Join(dir, "softkey.db"), 0o640) }, "softkey.db is open to other users: mode 0640"},
		{"file is a folder", func(dir string) error {
			file := filepath.Join(dir, "softkey.db")
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o700))
		}, "not a softkey store"},
		{"file is a link out", func(dir string) error {
			file := filepath.Join(dir, "softkey.db")
			return errors.Join(os.Remove(file), os.Symlink("/etc/passwd", file))
		}, "softkey.db is a symbolic link"},
		{"lock is readable", func(dir string) error { return os.Chmod(filepath.Join(dir, "softkey.lock"), 0o604) }, "softkey.lock is open to other users: mode 0604"},
		{"folder is a file", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600))
		}, "not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			makeStore(t, dir, keystore.Options{})
			if err := tt.spoil(dir); err != nil {
				t.Fatal(err)
			}
			if s, err := keystore.Open(dir, keystore.Options{}); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open: got %v, %v; want %q", s, err, tt.says)
			}
		})
	}
	if s, err := keystore.Open("", keystore.Options{}); err == nil {
		t.Errorf("Open of no folder: got %v, want an error", s)
	}
}

// A folder that others may only read is as good as any.
func TestOpenReadableFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, dir, keystore.Options{})
}

func TestOpenLockedByUs(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, keystore.Options{})
	var locked *keystore.LockedError
	if _, err := keystore.Open(dir, keystore.Options{}); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("Open: got %v, want a LockedError with our pid", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, keystore.Options{})
}

// Another program that has the file open keeps us out too.
func TestOpenLockedByBolt(t *testing.T) {
	dir := t.TempDir()
	makeStore(t, dir, keystore.Options{})
	db, err := bbolt.Open(filepath.Join(dir, "softkey.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var locked *keystore.LockedError
	if _, err := keystore.Open(dir, keystore.Options{}); !errors.As(err, &locked) || locked.PID != 0 {
		t.Errorf("Open: got %v, want a LockedError without a pid", err)
	}
}

// The child holds the store until its standard input ends.
func TestOpenLockedByChild(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		open(t, dir, keystore.Options{})
		os.Stdout.WriteString("open\n")
		os.Stdin.Read(make([]byte, 1))
		return
	}
	dir := t.TempDir()
	cmd := child(t, dir)
	in, out := pipes(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	var locked *keystore.LockedError
	_, err := keystore.Open(dir, keystore.Options{})
	if !errors.As(err, &locked) || locked.PID != cmd.Process.Pid {
		t.Errorf("Open: got %v, want a LockedError with pid %d", err, cmd.Process.Pid)
	}
	in.Close() // the child closes the store while we wait for it
	open(t, dir, keystore.Options{})
	if err := cmd.Wait(); err != nil {
		t.Errorf("child: %v", err)
	}
}

// pipes connects us to the standard input and output of a command that is to
// be started.
func pipes(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if out, err = cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	return in, out
}
