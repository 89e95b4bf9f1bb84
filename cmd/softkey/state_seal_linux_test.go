package main

import (
	"crypto/rand"
	"errors"
	"io"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/seal"
)

// Where a store cannot be written, the kernel keeps no key for a seal that is not.
func TestFailedSealLeavesNoKey(t *testing.T) {
	ring := ownSession(t)
	dir := t.TempDir()
	key := seal.NewKey()
	slot, err := key.Seal(seal.Passphrase{Phrase: []byte("correct horse"), Cost: seal.Cost{Passes: 1, Memory: 8, Lanes: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := keystore.Make(dir, keystore.Options{}, seal.Change(nothing, nil, nil, nil, []seal.Slot{slot})); err != nil {
		t.Fatal(err)
	}
	p := &program{stderr: newConsole(io.Discard)}
	o := &sealFlags{kind: seal.KindKeyring, ring: string(seal.RingSession), replace: -1}
	try := func() error { return o.seal(p, &sealedState{dir: dir, slots: []seal.Slot{slot}, key: key}) }

	inUse, err := keystore.Open(dir, keystore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := try(); !errors.As(err, new(*keystore.LockedError)) {
		t.Errorf("a store in use: got %v, want a LockedError", err)
	}
	if n := keysIn(t, ring); n != 0 {
		t.Errorf("%d keys are left, want none", n)
	}
	if err := inUse.Close(); err != nil {
		t.Fatal(err)
	}
	if err := try(); err != nil {
		t.Error(err)
	}
	if n := keysIn(t, ring); n != 1 {
		t.Errorf("the store is sealed by %d keys, want one", n)
	}
}

// ownSession gives the test's thread a session keyring of its own.
func ownSession(t *testing.T) (ring int) {
	t.Helper()
	runtime.LockOSThread() // until the test's goroutine, and the thread with it, ends
	ring, err := unix.KeyctlJoinSessionKeyring("softkey test " + rand.Text())
	if err != nil {
		t.Skipf("no keyring here: %v", err)
	}
	return ring
}

// keysIn returns how many keys there are in a keyring.
func keysIn(t *testing.T, ring int) int {
	t.Helper()
	size, err := unix.KeyctlBuffer(unix.KEYCTL_READ, ring, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return size / 4
}
