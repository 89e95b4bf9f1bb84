//go:build unix

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/keystore"
)

// secrets are what nobody is to read in what softkey prints, logs or traces, by
// what they are.
type secrets map[string][]byte

// minSecret is the least length of a secret that is looked for. A shorter one is
// met by chance.
const minSecret = 8

func (s secrets) keep(name string, secret []byte) {
	if len(secret) >= minSecret {
		s[name] = bytes.Clone(secret)
	}
}

// foundIn returns the names of the secrets that are in text, as they are or
// written in one of the usual ways.
func (s secrets) foundIn(text []byte) (found []string) {
	lower := bytes.ToLower(text)
	for name, secret := range s {
		if bytes.Contains(text, secret) || bytes.Contains(lower, []byte(hex.EncodeToString(secret))) ||
			bytes.Contains(text, []byte(base64.RawStdEncoding.EncodeToString(secret))) ||
			bytes.Contains(text, []byte(base64.RawURLEncoding.EncodeToString(secret))) ||
			bytes.Contains(text, []byte(strings.Trim(fmt.Sprint(secret), "[]"))) ||
			bytes.Contains(text, []byte(strings.Trim(fmt.Sprintf("%q", secret), `"`))) {
			found = append(found, name)
		}
	}
	return found
}

// leaks are the secrets that hunts have found.
type leaks struct {
	mu   sync.Mutex
	list []string
}

// newLeaks returns leaks that fail t, when all of its scripts have run.
func newLeaks(t *testing.T) *leaks {
	l := &leaks{}
	t.Cleanup(func() {
		for _, leak := range l.list {
			t.Error(leak)
		}
	})
	return l
}

// add may be called by scripts that run at the same time.
func (l *leaks) add(script, file string, secrets []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, fmt.Sprintf("%s: %s holds %q", script, file, secrets))
}

// A hunt looks for the secrets of a script, when it has run, in all that softkey
// has written meanwhile: what each process printed, to which the log belongs, and
// the files that were made, such as traces.
type hunt struct {
	dir     string          // of the script
	outputs string          // folder with a file for each stream of each process
	given   map[string]bool // the files that the script brought along
	leaks   *leaks
}

// startHunt is called before a script runs. What it does at the end, it does
// after the script's processes have ended.
func startHunt(env *testscript.Env, outputs string, l *leaks) error {
	h := &hunt{env.WorkDir, outputs, map[string]bool{}, l}
	err := filepath.WalkDir(h.dir, func(path string, entry fs.DirEntry, err error) error {
		h.given[path] = true
		return err
	})
	env.Setenv(keepOutputs, outputs)
	env.Defer(h.finish)
	return err
}

// finish looks for the secrets.
func (h *hunt) finish() {
	s := secrets{}
	var files []string
	for _, dir := range []string{h.dir, h.outputs} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrPermission):
				return fs.SkipDir // which the script has closed
			case err != nil:
				return err
			case entry.Name() == "softkey.db":
				s.keepStore(filepath.Dir(path))
				return fs.SkipDir
			case h.given[path]:
				s.keepInputs(path)
			case entry.Type().IsRegular():
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			h.leaks.add(filepath.Base(h.dir), dir, []string{err.Error()})
		}
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if found := s.foundIn(text); len(found) > 0 || err != nil && !errors.Is(err, fs.ErrPermission) {
			h.leaks.add(filepath.Base(h.dir), filepath.Base(path), found)
		}
	}
}

// inputs are the files of a script that hold a PIN or a passphrase in their first
// line, by their names.
var inputs = regexp.MustCompile(`(?i)(pin|new|wrong|pass|phrase|secret)[^/]*\.txt$`)

func (s secrets) keepInputs(path string) {
	if !inputs.MatchString(path) {
		return
	}
	text, err := os.ReadFile(path)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if err == nil && !bytes.ContainsAny(line, "{ ") { // or it is a request
		s.keep("the first line of "+filepath.Base(path), line)
	}
}

// keepStore keeps what the state folder dir must keep to itself. A store that
// cannot be opened has no secret that softkey could have read.
func (s secrets) keepStore(dir string) {
	store, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if errors.Is(err, keystore.ErrMode) {
		store, err = keystore.Open(dir, keystore.Options{NoSync: true, Seeded: true})
	}
	if err != nil {
		return
	}
	defer store.Close()
	_ = store.View(func(tx keystore.Tx) error { // what is broken there, other tests find
		s.keepSettings(tx)
		s.keepCredentials(tx)
		for name, value := range tx.All("attestation", nil) {
			if id, err := certs.Parse(value); err == nil {
				key, err := id.Key.Bytes()
				if err == nil {
					s.keep("the attestation key "+string(name), key)
				}
			}
		}
		return nil
	})
}

func (s secrets) keepSettings(tx keystore.Tx) {
	policy, err := keystore.GetPolicy(tx)
	if err != nil {
		return
	}
	s.keep("the PIN hash", policy.PINHash)
	s.keep("the persistent token", policy.PersistentToken)
	s.keep("the device identifier", policy.DeviceIdentifier)
}

// keepCredentials keeps the device key and the private keys of discoverable
// credentials.
func (s secrets) keepCredentials(tx keystore.Tx) {
	key, ok := keystore.DeviceKey(tx)
	if !ok {
		return
	}
	s.keep("the device key", key[:])
	for rp, err := range keystore.RPs(tx) {
		if err != nil {
			return
		}
		list, _ := keystore.Credentials(tx, rp.IDHash)
		for _, c := range list {
			inside, err := keystore.NewWrapper(key, nil).Unwrap(c.RPIDHash, c.KeyHandle)
			if err == nil {
				s.keep("the private key of "+c.UserName, inside[3:min(len(inside), 35)])
			}
		}
	}
}

// The hunt finds a secret however it is written, and does not find what is none.
func TestHunt(t *testing.T) {
	s := secrets{"key": []byte("\x00\x01\xfe\xff0123456789")}
	for text, want := range map[string]int{
		"a\x00\x01\xfe\xff0123456789b": 1, "0001FEFF30313233343536373839": 1, "0001feff30313233343536373839": 1,
		"AAH+/zAxMjM0NTY3ODk=": 1, "AAH-_zAxMjM0NTY3ODk": 1, "[0 1 254 255 48 49 50 51 52 53 54 55 56 57]": 1,
		`\x00\x01\xfe\xff0123456789`: 1, "0123456789": 0, "": 0, "0001feff3031323334353637383": 0,
	} {
		if found := s.foundIn([]byte(text)); len(found) != want {
			t.Errorf("%q: found %v, want %d", text, found, want)
		}
	}
	s.keep("short", []byte("1234"))
	if len(s) != 1 {
		t.Errorf("got %v, want no secret that is met by chance", s)
	}
}

// The scripts run every command, so that hunts see what each of them writes.
func TestScriptsRunEveryCommand(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("got %d scripts, %v", len(scripts), err)
	}
	var all strings.Builder
	for _, path := range scripts {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(script)
	}
	for _, command := range leaves(newRoot(&program{stderr: newConsole(io.Discard)})) {
		if !regexp.MustCompile(`(?m)^(! )?(exec|exits \d) ` + command + `\b`).MatchString(all.String()) {
			t.Errorf("no script runs %s", command)
		}
	}
}

// leaves returns the commands that have none below them.
func leaves(cmd *cobra.Command) (paths []string) {
	if !cmd.HasSubCommands() {
		return []string{cmd.CommandPath()}
	}
	for _, c := range cmd.Commands() {
		paths = append(paths, leaves(c)...)
	}
	return paths
}
