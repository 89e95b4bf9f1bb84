package crash

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// maxMessage is how long a message to a prepared key may be: short, so that
// large blobs take several.
const maxMessage = 1024

// siteID is the RP ID of what it has.
const siteID = "site.example"

// prepared is a key that is off, with something to lose: credentials, a PIN of
// which two attempts are used up, and large blobs. What it has is [full].
type prepared struct {
	machine
	ledger     ledger
	credential client.Credential // discoverable, the first of the ledger
}

// prepare makes a key.
func prepare(t *testing.T, program string) *prepared {
	t.Helper()
	p := &prepared{machine: newMachine(t, program, writeProfile(t))}
	process := p.start(t)
	key := p.open(t)
	defer key.Close()
	p.register(t, key)
	p.setPIN(t, key)
	process.stop(t)
	return p
}

func writeProfile(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"base": authenticator.DefaultProfile, "maxMsgSize": maxMessage})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// register makes two discoverable credentials and one that is not.
func (p *prepared) register(t *testing.T, key *client.Device) {
	t.Helper()
	for i, discoverable := range []bool{true, true, false} {
		if err := p.ledger.register(t.Context(), key, siteID, discoverable); err != nil {
			t.Fatal(err)
		}
		if err := p.ledger.assert(t.Context(), key, p.ledger.credentials[i]); err != nil {
			t.Fatal(err)
		}
	}
}

// setPIN sets the PIN, does what it is needed for, and gets it wrong twice.
func (p *prepared) setPIN(t *testing.T, key *client.Device) {
	t.Helper()
	ctx := t.Context()
	if err := key.SetPIN(ctx, oldPIN); err != nil {
		t.Fatal(err)
	}
	token, err := key.PINToken(ctx, oldPIN, ctap.PermissionCredentialMgmt|ctap.PermissionLargeBlobWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := key.SetLargeBlobArray(ctx, token, oldBlobs); err != nil {
		t.Fatal(err)
	}
	p.credential = p.find(t, key, token)
	for range maxRetries - leftRetries {
		if _, err := key.PINToken(ctx, wrongPIN, ctap.PermissionCredentialMgmt, ""); err == nil {
			t.Fatal("a wrong PIN is taken")
		}
	}
}

// find returns the first credential as the key lists it.
func (p *prepared) find(t *testing.T, key *client.Device, token *client.Token) client.Credential {
	t.Helper()
	rps, err := key.RPs(t.Context(), token)
	if err != nil || len(rps) != 1 {
		t.Fatalf("relying parties: got %v, %v; want one", rps, err)
	}
	credentials, err := key.Credentials(t.Context(), token, rps[0].IDHash)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range credentials {
		if string(c.ID) == p.ledger.credentials[0].id {
			return c
		}
	}
	t.Fatalf("the first credential is not among %d", len(credentials))
	return client.Credential{}
}

// clone returns the same key once more, in a state directory of its own.
func (p *prepared) clone(t *testing.T) *prepared {
	t.Helper()
	c := *p
	c.ledger.credentials = slices.Clone(p.ledger.credentials)
	c.machine = newMachine(t, p.program, p.profile)
	if err := os.Mkdir(c.state, 0o700); err != nil {
		t.Fatal(err)
	}
	const name = "softkey.db"
	store, err := os.ReadFile(filepath.Join(p.state, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.state, name), store, 0o600); err != nil {
		t.Fatal(err)
	}
	return &c
}

// check starts the key that a crash has left, and says what is wrong with it:
// it must be as the operation leaves it after at least and at most so many
// commits.
func (p *prepared) check(t *testing.T, o operation, least, most int) {
	t.Helper()
	process := p.start(t)
	defer process.kill()
	key := p.open(t)
	defer key.Close()
	p.ledger.crashes++
	got, retries := observe(t, key, &p.ledger)
	for commits := least; commits <= most; commits++ {
		if want, left := o.after(commits); got == want && retries == left {
			return
		}
	}
	for commits := least; commits <= most; commits++ {
		want, left := o.after(commits)
		t.Errorf("got %+v and %d retries, want %+v and %d, of %d commits", got, retries, want, left, commits)
	}
}

// keyPatience is less than any time limit of a key: for the reset after it was
// plugged in, and for a token that is not used.
const keyPatience = 9 * time.Second

// slow tells whether the operation of a trial that began at a time ended too
// late for the key; then the trial proves nothing and is made again.
func slow(t *testing.T, began time.Time) bool {
	t.Helper()
	late := time.Since(began) > keyPatience
	if late {
		t.Logf("an operation took %v: once more", time.Since(began))
	}
	return late
}
