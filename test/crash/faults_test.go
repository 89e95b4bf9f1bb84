package crash

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/fault"
	"github.com/softkey-project/softkey/keystore"
)

// testFaults has each read, write and commit of an operation fail, one in each
// trial. The key says so, has what was committed and nothing else, and goes on
// as if nothing had been when the disk does.
func testFaults(t *testing.T, s *suite, tab *table) {
	for _, kind := range []string{"read-fails", "read-only", "put-fails", "delete-fails", "commit-fails", "commit-torn"} {
		t.Run(kind, func(t *testing.T) {
			r := tab.row(t, kind)
			for _, o := range operations {
				t.Run(o.name, func(t *testing.T) {
					for n := 1; o.failAt(t, s.base, kind, n, r); n++ {
					}
				})
			}
		})
	}
}

// failAt does the operation to a clone of the key while the nth event of a kind
// fails. It returns false where there is no such event.
func (o operation) failAt(t *testing.T, base *prepared, kind string, n int, r *row) (struck bool) {
	t.Helper()
	for {
		p := base.clone(t)
		began := time.Now()
		key := p.openLocal(t)
		in := injector(t, kind, n)
		key.store.Store = in.Store(key.disk)
		err := o.run(t.Context(), key.Device, p)
		key.store.Store = key.disk
		if slow(t, began) {
			key.close(t)
			continue
		}
		struck = in.Struck()[0] > 0
		if answered := new(ctap.Status); struck != errors.As(err, answered) {
			t.Fatalf("event %d: struck: %v, got %v; want a status if it was", n, struck, err)
		}
		key.checkBoth(t, o)
		if t.Failed() {
			t.Fatalf("event %d", n)
		}
		r.add(o.figures(p, struck))
		return struck
	}
}

// injector has the nth event of a kind fail, with one error or another.
func injector(t *testing.T, kind string, n int) *fault.Injector {
	t.Helper()
	arguments := map[string]string{"at": fmt.Sprint(n), "times": "1"}
	if kind != "commit-lost" {
		arguments["error"] = []string{"ENOSPC", "EIO", "EROFS", "EDQUOT"}[n%4]
	}
	in, err := fault.New(fault.Plan{Rules: []fault.Rule{{Kind: kind, Arguments: arguments}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// local is a prepared key that runs in the test itself, and its client.
type local struct {
	*client.Device
	prepared *prepared
	key      *authenticator.Authenticator
	store    *struct{ keystore.Store } // what the key has
	disk     *counting                 // what is behind it
}

// openLocal starts the key. It does not wait for the disk, for no power cut will
// come.
func (p *prepared) openLocal(t *testing.T) *local {
	t.Helper()
	bolt, err := keystore.Open(p.state, keystore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	l := &local{prepared: p, disk: &counting{Store: bolt}}
	l.store = &struct{ keystore.Store }{l.disk}
	l.key, err = authenticator.New(authenticator.Config{Profile: childProfile(t), Store: l.store, Presence: authenticator.Approve{}})
	if err != nil {
		t.Fatal(err)
	}
	l.Device = openOn(t, ctaphid.Loopback(l.key, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
	l.disk.commits = 0
	return l
}

func (l *local) close(t *testing.T) {
	t.Helper()
	if err := errors.Join(l.Device.Close(), l.key.Close(), l.disk.Close()); err != nil {
		t.Fatal(err)
	}
}

// abandon leaves the key as a crash does.
func (l *local) abandon(t *testing.T) {
	t.Helper()
	if err := errors.Join(l.Device.Close(), l.disk.Close()); err != nil {
		t.Fatal(err)
	}
}

// counting counts the commits of a store.
type counting struct {
	keystore.Store
	commits int
}

func (s *counting) Update(fn func(keystore.Tx) error) error {
	err := s.Store.Update(fn)
	if err == nil {
		s.commits++
	}
	return err
}

// checkBoth compares what the key has with what was committed of an operation,
// now and after a restart.
func (l *local) checkBoth(t *testing.T, o operation) {
	t.Helper()
	commits := l.disk.commits
	want, left := o.after(commits)
	got, retries := observe(t, l.Device, &l.prepared.ledger)
	if got != want || !o.near(commits, retries) {
		t.Errorf("got %+v and %d retries, want %+v and about %d", got, retries, want, left)
	}
	l.close(t)
	again := l.prepared.openLocal(t)
	defer again.close(t)
	want.signing += "1" // the credential that observe has made
	left = observedRetries(want)
	if got, retries = observe(t, again.Device, &l.prepared.ledger); got != want || retries != left {
		t.Errorf("after a restart: got %+v and %d retries, want %+v and %d", got, retries, want, left)
	}
}

// near tells whether a key that runs may have so many retries after so many
// commits. What it has stored may be a step behind or ahead of what it knows: a
// PIN was right, which could not be stored, or an attempt is stored that was not
// made.
func (o operation) near(commits int, retries uint64) bool {
	return slices.Contains(o.retries[max(0, commits-1):min(len(o.retries), commits+2)], retries)
}

// observedRetries is how many retries observe leaves: it tries the old PIN and
// then the new one.
func observedRetries(c content) uint64 {
	switch c.pin {
	case oldPIN:
		return maxRetries - 1
	case newPIN:
		return maxRetries
	}
	return 0
}
