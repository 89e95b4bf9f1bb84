package authenticator

import (
	"errors"
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// countingStore counts the transactions that changed something, and can be made
// to fail. Each change is a commit, which on a disk is synced.
type countingStore struct {
	keystore.Store
	commits int
	fail    error
}

func (s *countingStore) Update(fn func(keystore.Tx) error) error {
	if s.fail != nil {
		return s.fail
	}
	err := s.Store.Update(fn)
	if err == nil {
		s.commits++
	}
	return err
}

// What the PIN costs in commits: a wrong one is exactly one, the attempt, and it is
// there before anything is compared. After a right one the next attempt is there
// already.
func TestPINCommits(t *testing.T) {
	for protocol := range uint64(2) {
		store := &countingStore{Store: keystore.NewMemory()}
		p := newKey(t, Approve{}, func(c *Config) { c.Store = store }).speaking(protocol + 1)
		for _, tt := range []struct {
			name string
			run  func() error
			want int
		}{
			{"setPIN", func() error { return p.setPIN(testPIN) }, 1},
			{"setPIN again", func() error { return p.setPIN(testPIN) }, 0},
			{"getKeyAgreement", func() error { p.agree(); return nil }, 0},
			{"getPINRetries", func() error { p.retries(); return nil }, 0},
			{"wrong PIN, getPinToken", func() error { _, err := p.getPINToken(wrongPIN); return err }, 1},
			{"wrong PIN, changePIN", func() error { return p.changePIN(wrongPIN, "another") }, 1},
			{"wrong PIN, latched", func() error {
				_, err := p.token(ctap.GetTokenUsingPINWithPermission, wrongPIN, cm, "")
				return err
			}, 1},
			{"latched already", func() error { _, err := p.getPINToken(wrongPIN); return err }, 0},
			{"right PIN", func() error { p.Plug(); _, err := p.getPINToken(testPIN); return err }, 2}, // the attempt, and that it was right
			{"right PIN again", func() error { _, err := p.getPINToken(testPIN); return err }, 1},
			{"right PIN once more", func() error { _, err := p.getPINToken(testPIN); return err }, 0},
			{"wrong PIN after it", func() error { _, err := p.getPINToken(wrongPIN); return err }, 0},
			{"wrong PIN again", func() error { _, err := p.getPINToken(wrongPIN); return err }, 1},
			{"bad pinUvAuthParam", func() error {
				req := p.changePINRequest(testPIN, padded("another"))
				req.PinUvAuthParam[0] ^= 1
				_, err := p.pin(req)
				return err
			}, 0},
			{"changePIN", func() error { return p.changePIN(testPIN, "another") }, 3}, // and the new PIN
			{"right PIN, changed", func() error { _, err := p.getPINToken("another"); return err }, 1},
			{"Close", func() error { return p.Close() }, 1},
		} {
			before := store.commits
			err := tt.run()
			if got := store.commits - before; got != tt.want {
				t.Errorf("protocol %d, %s (%v): %d commits, want %d", protocol+1, tt.name, err, got, tt.want)
			}
		}
	}
}

// Of a key without a PIN, as it is made and as it is reset, there are no retries
// to be told: python-fido2's tests of devices want that.
func TestRetriesOfNoPIN(t *testing.T) {
	p := newKey(t, Approve{}, nil).speaking(2)
	refused := func(when string) {
		t.Helper()
		_, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetPINRetries})
		wantStatus(t, when, err, ctap.StatusPINNotSet)
	}
	refused("a new key")
	p.mustSetPIN(testPIN)
	if got := p.retries(); got != pinAttempts {
		t.Errorf("%d retries with a PIN, want %d", got, pinAttempts)
	}
	wantStatus(t, "reset", p.command(ctap.CommandReset, nil, nil), nil)
	refused("after the reset")
}

// An attempt that cannot be stored is none: nothing is compared, so a store that
// is full or broken gives no way to try PINs for free.
func TestPINIsNotComparedWithoutItsCommit(t *testing.T) {
	store := &countingStore{Store: keystore.NewMemory()}
	p := keyWithPIN(t, 2, func(c *Config) { c.Store = store })
	right, secret := p.tokenRequest(ctap.GetPINToken, testPIN, 0, "")
	wrong := *right
	wrong.PINHashEnc = p.encrypt(secret, hashPIN([]byte(wrongPIN)))
	store.fail = errors.New("disk full")
	for name, req := range map[string]*ctap.ClientPINRequest{"right": right, "wrong": &wrong} {
		_, err := p.pin(req)
		wantStatus(t, name+" PIN", err, ctap.StatusOther)
	}
	store.fail = nil
	if got := p.retries(); got != pinAttempts {
		t.Errorf("%d retries, want %d", got, pinAttempts)
	}
	_, err := p.pin(right) // the key agreement key is the same: nothing was wrong
	wantStatus(t, "right PIN", err, nil)
}

// storeAtComparison is a store that keeps what it held at each commit, as a disk
// does when the plug is pulled.
type storeAtComparison struct {
	keystore.Store
	failures []uint64
}

func (s *storeAtComparison) Update(fn func(keystore.Tx) error) error {
	if err := s.Store.Update(fn); err != nil {
		return err
	}
	return s.View(func(tx keystore.Tx) error {
		policy, err := keystore.GetPolicy(tx)
		s.failures = append(s.failures, policy.PINFailures)
		return err
	})
}

// Whoever pulls the plug while a PIN is compared, or at any other time, loses an
// attempt, never wins one; a right PIN makes up for it.
func TestPINAttemptIsStoredFirst(t *testing.T) {
	store := &storeAtComparison{Store: keystore.NewMemory()}
	restart := func() platform {
		return newKey(t, Approve{}, func(c *Config) { c.Store = store }).speaking(2)
	}
	p := restart()
	wantStatus(t, "setPIN", p.setPIN(testPIN), nil)
	enter := func(want string) {
		t.Helper()
		store.failures = nil
		_, err := p.getPINToken(testPIN)
		wantStatus(t, "right PIN", err, nil)
		if got := fmt.Sprint(store.failures); got != want {
			t.Errorf("failures at each commit %s, want %s", got, want)
		}
		if got := p.retries(); got != pinAttempts {
			t.Errorf("%d retries after a right PIN, want %d", got, pinAttempts)
		}
	}
	enter("[1]")
	enter("[]")
	for range 2 * pinAttempts {
		p = restart() // without Close
		if got := p.retries(); got != pinAttempts-1 {
			t.Errorf("%d retries after a crash, want %d", got, pinAttempts-1)
		}
		enter("[2 0]")
		enter("[1]")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if got := restart().retries(); got != pinAttempts {
		t.Errorf("%d retries after Close, want %d", got, pinAttempts)
	}
}

// The retries outlive the key being taken up again from its store; the latch
// does not, as after any power cycle.
func TestPINRetriesOverRestarts(t *testing.T) {
	store := keystore.NewMemory()
	restart := func() platform {
		return newKey(t, Approve{}, func(c *Config) { c.Store = store }).speaking(2)
	}
	p := restart()
	p.mustSetPIN(testPIN)
	for n := uint64(1); n <= pinAttempts; n++ {
		want := ctap.StatusPINInvalid
		if n == pinAttempts {
			want = ctap.StatusPINBlocked
		}
		_, err := p.getPINToken(wrongPIN)
		wantStatus(t, fmt.Sprintf("wrong PIN %d", n), err, want)
		_ = p.Close()
		p = restart()
		if got := p.retries(); got != pinAttempts-n {
			t.Errorf("%d retries after %d wrong PINs and a restart, want %d", got, n, pinAttempts-n)
		}
	}
	_, err := p.getPINToken(testPIN)
	wantStatus(t, "right PIN", err, ctap.StatusPINBlocked)
}

// Both protocols, and all subcommands that try a PIN, share the retries and the
// latch.
func TestPINRetriesAreShared(t *testing.T) {
	one := keyWithPIN(t, 1, nil)
	two := one.speaking(2)
	_, err := one.getPINToken(wrongPIN)
	wantStatus(t, "getPinToken, protocol 1", err, ctap.StatusPINInvalid)
	wantStatus(t, "changePIN, protocol 2", two.changePIN(wrongPIN, "another"), ctap.StatusPINInvalid)
	_, err = two.token(ctap.GetTokenUsingPINWithPermission, wrongPIN, cm, "")
	wantStatus(t, "token, protocol 2", err, ctap.StatusPINAuthBlocked)
	_, err = one.getPINToken(testPIN)
	wantStatus(t, "getPinToken, protocol 1", err, ctap.StatusPINAuthBlocked)
	if got := one.retries(); got != 5 {
		t.Errorf("%d retries, want 5", got)
	}
}

// Three wrong PINs in a row, that is: a right one between them begins anew.
func TestLatchCountsInARow(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	for range 3 {
		for range 2 {
			_, err := p.getPINToken(wrongPIN)
			wantStatus(t, "wrong PIN", err, ctap.StatusPINInvalid)
		}
		_, err := p.getPINToken(testPIN)
		wantStatus(t, "right PIN", err, nil)
	}
}

// No retry left goes before the latch (§6.5.5.6, step 3).
func TestBlockedGoesBeforeLatched(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	for range 5 {
		_, err := p.getPINToken(wrongPIN)
		wantStatus(t, "wrong PIN", err, ctap.StatusPINInvalid)
		p.Plug()
	}
	for _, want := range []error{ctap.StatusPINInvalid, ctap.StatusPINInvalid, ctap.StatusPINBlocked, ctap.StatusPINBlocked} {
		_, err := p.getPINToken(wrongPIN)
		wantStatus(t, "wrong PIN", err, want)
	}
}

// The minimum in force counts, and characters rather than bytes.
func TestMinPINLength(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	raise := &ctap.SetMinPINLengthParams{NewMinPINLength: ptr[uint64](6)}
	wantStatus(t, "setMinPINLength", p.configure(p.tokenBy(testPIN, acfg, ""), ctap.SetMinPINLength, raise), nil)
	wantStatus(t, "five characters", p.changePIN(testPIN, "ääääá"), ctap.StatusPINPolicyViolation)
	wantStatus(t, "six characters", p.changePIN(testPIN, "äääáää"), nil)
}

// The PIN complexity policy, switched on by the administrator.
func TestPINComplexityPolicy(t *testing.T) {
	p := profileKey(t, "full-policy").speaking(2)
	wantStatus(t, "simple PIN, policy off", p.setPIN("1234"), nil)
	on := &ctap.SetMinPINLengthParams{PINComplexityPolicy: yes()}
	wantStatus(t, "setMinPINLength", p.configure(p.tokenBy("1234", acfg, ""), ctap.SetMinPINLength, on), nil)
	for _, tt := range []struct {
		pin  string
		want ctap.Status
	}{
		{"1111", ctap.StatusPINPolicyViolation},
		{"4567", ctap.StatusPINPolicyViolation},
		{"dcba", ctap.StatusPINPolicyViolation},
		{"ääääää", ctap.StatusPINPolicyViolation},
		{"letmein", ctap.StatusPINPolicyViolation},
		{"2580", ctap.StatusPINPolicyViolation},
		{"1357", ctap.StatusOK},
		{"8642", ctap.StatusOK},
		{"4711x", ctap.StatusOK},
	} {
		t.Run(tt.pin, func(t *testing.T) {
			k := profileKey(t, "full-policy").speaking(2)
			wantStatus(t, "setMinPINLength without a PIN", k.configure(nil, ctap.SetMinPINLength, on), nil)
			wantStatus(t, "setPIN", k.setPIN(tt.pin), asError(tt.want))
		})
	}
}
