package crash

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/keystore"
)

// The child is the same key as softkey's, but for a store that kills the
// process. These variables tell it what to do.
const (
	childState  = "SOFTKEY_CRASH_STATE"
	childSocket = "SOFTKEY_CRASH_SOCKET"
	childStep   = "SOFTKEY_CRASH_STEP"
)

// testCommits kills a key before or after any commit of an operation, or at a
// write that leads to one. After its restart it has exactly what was committed.
func testCommits(t *testing.T, s *suite, tab *table) {
	r := tab.row(t, "kill at commits")
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			for step := 1; o.killAt(t, s.base, step, r); step++ {
			}
		})
	}
}

// killAt does the operation to a clone of the key, which is killed at that step
// of its store, and checks what is left. It returns false where the operation
// is over before.
func (o operation) killAt(t *testing.T, base *prepared, step int, r *row) (killed bool) {
	t.Helper()
	for {
		p := base.clone(t)
		began := time.Now()
		killed, commits := o.runOnChild(t, p, step)
		if slow(t, began) {
			continue
		}
		if commits > o.commits() || !killed && commits < o.commits() {
			t.Fatalf("got %d commits, want %d", commits, o.commits())
		}
		p.check(t, o, commits, commits)
		if t.Failed() {
			t.Fatalf("killed at step %d of the store, after %d commits", step, commits)
		}
		r.add(o.figures(p, killed))
		return killed
	}
}

func (o operation) runOnChild(t *testing.T, p *prepared, step int) (killed bool, commits int) {
	t.Helper()
	child := p.spawnChild(t, step)
	child.ready(t)
	key := p.open(t)
	err := o.run(t.Context(), key, p)
	key.Close()
	var fate string
	if _, bad := fmt.Fscanf(child.stdout, "%s after %d commits\n", &fate, &commits); bad != nil {
		t.Fatalf("the child does not say how it ended: %v; stderr: %s", bad, &child.stderr)
	}
	child.kill()
	if killed = fate == fateKilled; !killed && err != nil {
		t.Fatal(err)
	}
	return killed, commits
}

func (p *prepared) spawnChild(t *testing.T, step int) *process {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.socket), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$", "-test.count=1")
	cmd.Env = append(os.Environ(), childRole+"=deadly", childState+"="+p.state, childSocket+"="+p.socket, childStep+"="+strconv.Itoa(step))
	return spawn(t, cmd)
}

// beKilled is the child: it serves one client, until its store kills it or the
// client goes. In either case it says how far it got.
func beKilled(t *testing.T) {
	store, err := keystore.Open(os.Getenv(childState), keystore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &deadly{Store: store}
	key, err := authenticator.New(authenticator.Config{Profile: childProfile(t), Store: s, Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	if s.left, err = strconv.Atoi(os.Getenv(childStep)); err != nil {
		t.Fatal(err)
	}
	s.commits = 0
	serveOne(t, os.Getenv(childSocket), key)
	s.tell(fateLeft)
}

// childProfile is the profile of a prepared key without U2F, which would want
// certificates.
func childProfile(t *testing.T) authenticator.Profile {
	t.Helper()
	p, _ := authenticator.ProfileByName(authenticator.DefaultProfile)
	p.MaxMsgSize = maxMessage
	p.Versions = slices.DeleteFunc(p.Versions, func(v string) bool { return v == ctap.VersionU2FV2 })
	return p
}

// deadly is a store that kills its process at a step: when all writes of a
// transaction are made, or when it is committed; if [thorough], also after each
// write.
type deadly struct {
	keystore.Store
	left    int // steps until then; below 1: never
	commits int
}

func (s *deadly) Update(fn func(keystore.Tx) error) error {
	err := s.Store.Update(func(tx keystore.Tx) error {
		if err := fn(deadlyTx{tx, s}); err != nil {
			return err
		}
		s.step()
		return nil
	})
	if err != nil {
		return err
	}
	s.commits++
	s.step()
	return nil
}

type deadlyTx struct {
	keystore.Tx
	store *deadly
}

func (tx deadlyTx) Put(b keystore.Bucket, key, value []byte) error {
	defer tx.store.write()
	return tx.Tx.Put(b, key, value)
}

func (tx deadlyTx) Delete(b keystore.Bucket, key []byte) error {
	defer tx.store.write()
	return tx.Tx.Delete(b, key)
}

func (tx deadlyTx) Drop(b keystore.Bucket) error {
	defer tx.store.write()
	return tx.Tx.Drop(b)
}

func (s *deadly) write() {
	if thorough() {
		s.step()
	}
}

func (s *deadly) step() {
	if s.left--; s.left != 0 {
		return
	}
	s.tell(fateKilled)
	if err := killSelf(); err != nil {
		panic(err)
	}
	select {} // until it takes effect
}

func killSelf() error {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	return self.Kill()
}

// How a child ends.
const (
	fateKilled = "killed"
	fateLeft   = "left" // by its client
)

func (s *deadly) tell(fate string) { fmt.Printf("%s after %d commits\n", fate, s.commits) }

// serveOne answers one client on a socket until it goes.
func serveOne(t *testing.T, socket string, key *authenticator.Authenticator) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	fmt.Printf("ready %s\n", socket)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	err = ctaphid.Serve(t.Context(), ctaphid.NewStream(conn), key, ctaphid.Config{Capabilities: ctaphid.CapCBOR})
	if !errors.Is(err, io.EOF) {
		t.Errorf("Serve: got %v, want the end of the connection", err)
	}
}
