package keystore_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/keystore"
)

// A crash of the machine cannot be had in a test; that of the process can. The
// child takes counter values and stores credentials, and says so when it has
// them. It is killed in the middle of it, again and again. Nothing it said may
// be untrue afterwards.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		work(t, dir)
		return
	}
	dir := t.TempDir()
	var said acknowledged
	for round := range 50 {
		before := len(said.values)
		runAndKill(t, dir, &said)
		check(t, dir, &said)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		if len(said.values) == before {
			t.Errorf("round %d: the child said nothing", round)
		}
	}
	t.Logf("%d values, %d credentials", len(said.values), len(said.users))
}

// acknowledged is what children have said.
type acknowledged struct {
	values []uint32
	users  []string
}

// work is the child: it never ends by itself. It uses up a block of counter
// values with every ten credentials.
func work(t *testing.T, dir string) {
	s := open(t, dir, keystore.Options{})
	counter := newCounter(t, s)
	var first uint64
	view(t, s, func(tx keystore.Tx) { first = keystore.CredentialCount(tx) })
	for n := first; ; n++ {
		for range 100 {
			value, err := counter.Next()
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println("value", value)
		}
		user := fmt.Sprint("user", n)
		c := credential("example.com", user, int(n))
		update(t, s, func(tx keystore.Tx) error { return keystore.PutCredential(tx, c, 1<<20) })
		fmt.Println("user", user)
	}
}

// runAndKill starts a child, reads what it says and kills it at a random
// point: up to 1000 lines and then up to a millisecond on.
func runAndKill(t *testing.T, dir string, said *acknowledged) {
	t.Helper()
	cmd := child(t, dir)
	_, out := pipes(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for range rand.IntN(1000) + 1 {
		said.read(t, lines)
	}
	time.Sleep(rand.N(time.Millisecond))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for said.read(t, lines) { // what was on its way
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child: got %v, want it killed", err)
	}
}

// read takes in one line, unless there is no whole one left.
func (a *acknowledged) read(t *testing.T, lines *bufio.Reader) bool {
	t.Helper()
	line, err := lines.ReadString('\n')
	if err != nil {
		return false
	}
	var value uint32
	var user string
	if n, _ := fmt.Sscanf(line, "value %d\n", &value); n == 1 {
		a.take(t, value)
		return true
	}
	if n, _ := fmt.Sscanf(line, "user %s\n", &user); n != 1 {
		t.Fatalf("child says %q", line)
	}
	a.users = append(a.users, user)
	return true
}

// take checks a counter value against the one before it. A crash skips 1024
// values at most, and may have swallowed the line of one more.
func (a *acknowledged) take(t *testing.T, value uint32) {
	t.Helper()
	var last uint32
	if len(a.values) > 0 {
		last = a.values[len(a.values)-1]
	}
	if value <= last || value-last > 1024+1 {
		t.Errorf("value %d came after %d", value, last)
	}
	a.values = append(a.values, value)
}

// check opens the store that the child has left, and looks for all that it
// said.
func check(t *testing.T, dir string, said *acknowledged) {
	t.Helper()
	s := open(t, dir, keystore.Options{})
	stored := map[string]bool{}
	view(t, s, func(tx keystore.Tx) {
		all, err := keystore.Credentials(tx, credential("example.com", "", 0).RPIDHash)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			stored[strings.TrimPrefix(string(c.UserID), "id of ")] = true
		}
		if got := keystore.CredentialCount(tx); got != uint64(len(all)) {
			t.Errorf("CredentialCount: got %d, want %d", got, len(all))
		}
		wantStored(t, tx, all...)
	})
	for _, user := range said.users {
		if !stored[user] {
			t.Errorf("the credential of %s is lost", user)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantConsistent(t, dir)
}

// wantConsistent lets bbolt look over the file: each page is in use or free,
// once.
func wantConsistent(t *testing.T, dir string) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "softkey.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("the file is inconsistent: %v", err)
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
