package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

const (
	sites   = 8 // how many relying parties there are
	perSite = 4 // users of each

	maxHandles = 30 // of credentials that only a reset takes away
	pinLength  = 8  // of each PIN
)

func siteName(n int) string { return fmt.Sprintf("site%d.example", n) }

// entry says which PIN an attempt enters.
type entry int

const (
	noPIN entry = iota
	rightPIN
	falsePIN
)

// attempt is something that a client does to a key.
type attempt struct {
	name   string
	pin    entry
	hidden bool // without the PIN nobody sees whether it was done
	run    func(context.Context, *client.Device) error
	done   func(*model) // what the key has then; nil: the same
}

// finish enters in m that the attempt was acknowledged.
func (a attempt) finish(m *model) {
	switch a.pin {
	case rightPIN:
		m.retries, m.wrong = maxRetries, 0
	case falsePIN:
		m.retries--
		m.wrong++
	}
	if a.done != nil {
		a.done(m)
	}
}

// candidates are what a key with m may have that died in the attempt.
func (a attempt) candidates(m *model) []candidate {
	after := m.clone()
	a.finish(after)
	retries := ahead(m.retries)
	if a.pin != noPIN { // it counts before it is looked at
		retries = append(retries, m.retries-1)
	}
	if a.pin == rightPIN {
		retries = append(retries, ahead(maxRetries)...)
	}
	return []candidate{{m, retries}, {after, ahead(after.retries)}}
}

// ahead returns how many retries a key may have that died with some. After a
// right PIN the next attempt is paid for in advance, and a crash costs it.
func ahead(retries uint64) []uint64 {
	if retries == maxRetries {
		return []uint64{maxRetries, maxRetries - 1}
	}
	return []uint64{retries}
}

// task is a kind of attempt.
type task struct {
	weight int
	plan   func(*model, *rand.Rand) (a attempt, ok bool) // not ok: not possible now
}

// tasks are what a client does at random, beside a reset, which is allowed in
// the beginning only.
func tasks(l *ledger) []task {
	return []task{
		{8, planAccount},
		{4, planHandle},
		{3, planU2F},
		{14, signer(l)},
		{3, planPIN},
		{2, planWrongPIN},
		{3, planBlobs},
		{1, planConfig},
		{2, planUpdate},
		{4, planDelete},
	}
}

// plan chooses the next attempt.
func plan(tasks []task, m *model, random *rand.Rand) attempt {
	total := 0
	for _, t := range tasks {
		total += t.weight
	}
	for {
		n := random.IntN(total)
		i := slices.IndexFunc(tasks, func(t task) bool { n -= t.weight; return n < 0 })
		if a, ok := tasks[i].plan(m, random); ok {
			return a
		}
	}
}

func anyAlgorithm(random *rand.Rand) cose.ID {
	return []cose.ID{cose.ES256, cose.EdDSA}[random.IntN(2)]
}

// planAccount makes a discoverable credential, perhaps in the place of another.
func planAccount(m *model, random *rand.Rand) (attempt, bool) {
	who := account{siteName(random.IntN(sites)), fmt.Sprint("user", random.IntN(perSite))}
	name := fmt.Sprint("name ", random.IntN(1000))
	req := registration(who.rpID, ctap.User{ID: []byte(who.user), Name: who.user, DisplayName: name}, true, anyAlgorithm(random))
	var made credential
	a := attempt{
		name: "register",
		run: func(ctx context.Context, key *client.Device) (err error) {
			made, err = create(ctx, key, req)
			return err
		},
		done: func(m *model) {
			m.forget(who)
			m.accounts[who], m.names[who] = made, name
		},
	}
	return a.authorized(m, ctap.PermissionMakeCredential, who.rpID, func(token *client.Token) {
		req.PinUvAuthProtocol, req.PinUvAuthParam = token.Authorize(req.ClientDataHash)
	}), true
}

// authorized has the attempt get a token first, where the key has a PIN.
func (a attempt) authorized(m *model, p ctap.Permissions, rpID string, use func(*client.Token)) attempt {
	if m.pin == "" {
		return a
	}
	pin, run := m.pin, a.run
	a.pin = rightPIN
	a.run = func(ctx context.Context, key *client.Device) error {
		token, err := key.PINToken(ctx, pin, p, rpID)
		if err != nil {
			return err
		}
		use(token)
		return run(ctx, key)
	}
	return a
}

// planHandle makes a credential that is its own key handle.
func planHandle(m *model, random *rand.Rand) (attempt, bool) {
	req := registration(siteName(random.IntN(sites)), ctap.User{ID: newHash()}, false, anyAlgorithm(random))
	return keeping("register a handle", func(ctx context.Context, key *client.Device) (credential, error) {
		return create(ctx, key, req)
	}), len(m.handles) < maxHandles
}

func planU2F(m *model, random *rand.Rand) (attempt, bool) {
	rpID := siteName(random.IntN(sites))
	return keeping("register by U2F", func(ctx context.Context, key *client.Device) (credential, error) {
		return createU2F(ctx, key, rpID)
	}), len(m.handles) < maxHandles
}

// keeping is an attempt whose result is a handle. A key that dies in it leaves
// no trace of it.
func keeping(name string, register func(context.Context, *client.Device) (credential, error)) attempt {
	var made credential
	return attempt{
		name: name,
		run: func(ctx context.Context, key *client.Device) (err error) {
			made, err = register(ctx, key)
			return err
		},
		done: func(m *model) {
			if made.id != "" {
				m.handles = append(m.handles, made)
			}
		},
	}
}

func planPIN(m *model, random *rand.Rand) (attempt, bool) {
	pin := fmt.Sprintf("%0*d", pinLength, random.IntN(1e8))
	a := attempt{name: "set PIN", hidden: true, done: func(m *model) { m.pin, m.retries = pin, maxRetries }}
	old := m.pin
	if old == "" {
		a.run = func(ctx context.Context, key *client.Device) error { return key.SetPIN(ctx, pin) }
		return a, true
	}
	a.name, a.pin = "change PIN", rightPIN
	a.run = func(ctx context.Context, key *client.Device) error { return key.ChangePIN(ctx, old, pin) }
	return a, true
}

// planWrongPIN leaves retries for those who come next. After three in a row the
// key would want to be plugged in again.
func planWrongPIN(m *model, _ *rand.Rand) (attempt, bool) {
	return attempt{
		name: "wrong PIN", pin: falsePIN,
		run: func(ctx context.Context, key *client.Device) error {
			_, err := key.PINToken(ctx, "wrong PIN", ctap.PermissionCredentialMgmt, "")
			if errors.Is(err, ctap.StatusPINInvalid) {
				return nil
			}
			return fmt.Errorf("a wrong PIN: got %w", err)
		},
	}, m.pin != "" && m.retries > 3 && m.wrong < 2
}

func planBlobs(m *model, random *rand.Rand) (attempt, bool) {
	elements := []ctap.Raw{ctap.MustMarshal(bytes.Repeat([]byte{byte(random.IntN(256))}, 1+random.IntN(2500)))}
	return managed(m, "large blobs", ctap.PermissionLargeBlobWrite,
		func(ctx context.Context, key *client.Device, token *client.Token) error {
			return key.SetLargeBlobArray(ctx, token, elements)
		},
		func(m *model) { m.blobs = describe(elements) })
}

// planConfig raises the minimum length of a PIN, up to the length of those that
// there are.
func planConfig(m *model, _ *rand.Rand) (attempt, bool) {
	least := m.minPIN + 1
	a, ok := managed(m, "config", ctap.PermissionAuthenticatorConfig,
		func(ctx context.Context, key *client.Device, token *client.Token) error {
			return key.SetMinPINLength(ctx, token, ctap.SetMinPINLengthParams{NewMinPINLength: &least})
		},
		func(m *model) { m.minPIN = least })
	return a, ok && least <= pinLength
}

func planUpdate(m *model, random *rand.Rand) (attempt, bool) {
	who, c, ok := m.anyAccount(random)
	name := fmt.Sprint("renamed ", random.IntN(1000))
	a, may := managed(m, "update", ctap.PermissionCredentialMgmt,
		func(ctx context.Context, key *client.Device, token *client.Token) error {
			return key.UpdateUser(ctx, token, []byte(c.id), ctap.User{ID: []byte(who.user), Name: who.user, DisplayName: name})
		},
		func(m *model) { m.names[who] = name })
	a.hidden = true
	return a, ok && may
}

func planDelete(m *model, random *rand.Rand) (attempt, bool) {
	who, c, ok := m.anyAccount(random)
	a, may := managed(m, "delete", ctap.PermissionCredentialMgmt,
		func(ctx context.Context, key *client.Device, token *client.Token) error {
			return key.DeleteCredential(ctx, token, []byte(c.id))
		},
		func(m *model) { m.forget(who) })
	return a, ok && may
}

// managed is an attempt that needs a token, and so a key with a PIN.
func managed(
	m *model, name string, p ctap.Permissions,
	run func(context.Context, *client.Device, *client.Token) error, done func(*model),
) (attempt, bool) {
	var token *client.Token
	a := attempt{
		name: name, done: done,
		run: func(ctx context.Context, key *client.Device) error { return run(ctx, key, token) },
	}
	return a.authorized(m, p, "", func(t *client.Token) { token = t }), m.pin != ""
}

// anyAccount chooses a discoverable credential.
func (m *model) anyAccount(random *rand.Rand) (account, credential, bool) {
	all := m.sorted()
	if len(all) == 0 {
		return account{}, credential{}, false
	}
	who := all[random.IntN(len(all))]
	return who, m.accounts[who], true
}

// signer returns what plans to sign with any credential.
func signer(l *ledger) func(*model, *rand.Rand) (attempt, bool) {
	return func(m *model, random *rand.Rand) (attempt, bool) {
		all := m.all()
		if len(all) == 0 {
			return attempt{}, false
		}
		c := all[random.IntN(len(all))]
		return attempt{name: "sign", run: func(ctx context.Context, key *client.Device) error { return l.assert(ctx, key, c) }}, true
	}
}

// resetSince is a reset, which is possible in the first seconds of a key only. Where it comes too late
// on a busy machine, nothing has happened.
func resetSince(powerUp time.Time) attempt {
	late := false
	return attempt{
		name: "reset",
		run: func(ctx context.Context, key *client.Device) error {
			err := key.Reset(ctx)
			if late = errors.Is(err, ctap.StatusNotAllowed) && time.Since(powerUp) > keyPatience; late {
				return nil
			}
			return err
		},
		done: func(m *model) {
			if !late {
				m.reset()
			}
		},
	}
}
