package crash

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/keystore"
)

// storeName is the file of a state directory that is put to the test.
const storeName = "softkey.db"

// verdict is what became of a key whose file was damaged.
type verdict string

const (
	vRefused   verdict = "refused"     // the store is not opened
	vFound     verdict = "found"       // it is, and refuses to be read
	vIntact    verdict = "intact"      // nothing is missing
	vLost      verdict = "LOST"        // something is, and nobody says so
	vUnclear   verdict = "UNCLEAR"     // it is refused, but not as what it is
	vRewritten verdict = "OVERWRITTEN" // the file is another one afterwards
	vDied      verdict = "DIED"        // the process did, or hangs
)

// judge opens the store in dir, reads it, has a key start on it and stop, and
// tells what became of it. What is in it must be one of the contents wanted.
func judge(t *testing.T, dir string, wanted ...string) (verdict, error) {
	t.Helper()
	before := readStore(t, dir)
	v, err := examine(dir, wanted)
	if err := startOn(t, dir); v == vIntact && err != nil {
		return vLost, fmt.Errorf("the store is whole, but no key starts: %w", err)
	}
	if !bytes.Equal(readStore(t, dir), before) {
		return vRewritten, err
	}
	return v, err
}

func readStore(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, storeName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func examine(dir string, wanted []string) (verdict, error) {
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		return refusal(vRefused, err)
	}
	defer s.Close()
	got, err := dump(s)
	if err != nil {
		return refusal(vFound, err)
	}
	if !slices.Contains(wanted, got) {
		return vLost, errors.New(difference(got, wanted[0]))
	}
	if err := lookUp(s, got); err != nil {
		return vLost, err
	}
	return vIntact, nil
}

// maxReason is how long a reason may be that somebody is to read.
const maxReason = 1000

// refusal returns the verdict on a store that says why it is refused.
func refusal(v verdict, err error) (verdict, error) {
	var format *keystore.FormatError
	known := errors.Is(err, keystore.ErrDamaged) || errors.As(err, &format)
	if !known || len(err.Error()) > maxReason {
		return vUnclear, err
	}
	return v, err
}

// dump returns all that a store holds, a key in a line, in hex.
func dump(s keystore.Store) (string, error) {
	var b strings.Builder
	err := s.View(func(tx keystore.Tx) error {
		for _, name := range []keystore.Bucket{"device", "attestation", "settings", "credentials", "index", "handles"} {
			for key, value := range tx.All(name, nil) {
				fmt.Fprintf(&b, "%s %x %x\n", name, key, value)
			}
		}
		return nil
	})
	return b.String(), err
}

// lookUp looks for each key of a dump by itself.
func lookUp(s keystore.Store, dump string) error {
	return s.View(func(tx keystore.Tx) error {
		for line := range strings.Lines(dump) {
			field := strings.Split(strings.TrimSuffix(line, "\n"), " ")
			key, err := hex.DecodeString(field[1])
			if err != nil {
				return err
			}
			if got := tx.Get(keystore.Bucket(field[0]), key); hex.EncodeToString(got) != field[2] {
				return fmt.Errorf("%s is not found by its key", line)
			}
		}
		return nil
	})
}

// difference returns the first line of two dumps that is not the same.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("got %.120q, want %.120q", g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d keys, want %d", len(g)-1, len(w)-1)
}

// startOn starts a key on a store and stops it. It has been asked nothing, so it
// has no reason to write.
func startOn(t *testing.T, dir string) error {
	t.Helper()
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		return err
	}
	defer s.Close()
	key, err := authenticator.New(authenticator.Config{Profile: childProfile(t), Store: s, Presence: authenticator.Approve{}})
	if err != nil {
		return err
	}
	return key.Close()
}
