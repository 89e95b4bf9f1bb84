package keystore_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/keystore/storetest"
	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// childDir is the environment variable that makes a test the child process of
// itself, and tells it which state folder to use.
const childDir = "KEYSTORE_TEST_CHILD_DIR"

// child returns the command that runs the calling test as a child process. The
// test has to look at childDir first.
func child(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	return cmd
}

// open opens the store in dir for the time of the test.
func open(t testing.TB, dir string, opts keystore.Options) *keystore.Bolt {
	t.Helper()
	s, err := keystore.Open(dir, opts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// openShared opens the shared store in dir for the time of the test.
func openShared(t testing.TB, dir string, opts keystore.Options) *keystore.Shared {
	t.Helper()
	s, err := keystore.OpenShared(dir, opts)
	if err != nil {
		t.Fatalf("OpenShared: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// storeOf opens the store of one authenticator of s.
func storeOf(t testing.TB, s *keystore.Shared, name string) keystore.Store {
	t.Helper()
	store, err := s.Store(name)
	if err != nil {
		t.Fatalf("Store(%q): %v", name, err)
	}
	return store
}

// kinds are the stores; each is to be the same to everything above it.
var kinds = []struct {
	name string
	open func(t *testing.T) keystore.Store
}{
	{"memory", func(*testing.T) keystore.Store { return keystore.NewMemory() }},
	{"bolt", func(t *testing.T) keystore.Store {
		return open(t, t.TempDir(), keystore.Options{NoSync: true})
	}},
	{"shared", func(t *testing.T) keystore.Store {
		s := openShared(t, t.TempDir(), keystore.Options{NoSync: true})
		update(t, storeOf(t, s, "neighbour"), func(tx keystore.Tx) error {
			return keystore.PutCredential(tx, credential("example.com", "alice", 1), 1)
		})
		return storeOf(t, s, "one of two")
	}},
}

// onEach runs test on a new store of each kind.
func onEach(t *testing.T, test func(t *testing.T, s keystore.Store)) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) { test(t, kind.open(t)) })
	}
}

func TestStore(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) { storetest.Run(t, kind.open) })
	}
}

// update runs fn in an Update that must succeed.
func update(t testing.TB, s keystore.Store, fn func(tx keystore.Tx) error) {
	t.Helper()
	if err := s.Update(fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// view runs fn in a View.
func view(t testing.TB, s keystore.Store, fn func(tx keystore.Tx)) {
	t.Helper()
	if err := s.View(func(tx keystore.Tx) error { fn(tx); return nil }); err != nil {
		t.Fatalf("View: %v", err)
	}
}
