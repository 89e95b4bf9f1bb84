// Package softkeytest gives a Go test a security key, and a browser's half of
// WebAuthn beside it: no browser, no disk, no network, no root.
//
//	key := softkeytest.New(t)
//	response := key.Create(options) // what navigator.credentials.create would give
//	response = key.Get(options)     // what navigator.credentials.get would give
//
// Options and responses are the JSON of WebAuthn Level 3. Keys share nothing,
// so tests may run in parallel, each with several. A server that wants the user
// verified needs a key with a PIN, which the browser's half then knows:
//
//	key := softkeytest.NewWith(t, softkeytest.Config{PIN: "1234"})
//
// and one that wants to know who made the key has to trust [Key.Root].
package softkeytest

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
	"github.com/softkey-project/softkey/fault"
)

// Config says what is special about a key. The zero value is a key of the
// default profile whose user agrees to everything.
type Config struct {
	// Profile names what the key is, such as "u2f" or "platform"; "": the
	// default. `softkey profiles` lists them.
	Profile string

	// Change, if not nil, makes another key of the profile: one without some
	// algorithm, say.
	Change func(*authenticator.Profile)

	// PIN, if not empty, is set on the key, and entered when it is asked for.
	PIN string

	// Verification, if not nil, is how the key verifies its user by itself. The
	// profile must have a way to, as "platform" does.
	Verification authenticator.Verification

	// Origin is that of the page, such as "https://login.example.com". Empty:
	// "https://" and the RP ID of the options.
	Origin string

	// Presence is the user. Nil: authenticator.Approve.
	Presence authenticator.Presence

	// PresenceTimeout is how long the user may take; 0: 30 s.
	PresenceTimeout time.Duration

	// Seed, if not empty, makes the same test give the same bytes each time.
	Seed []byte

	// U2F has the key asked in U2F, as by an old browser.
	U2F bool

	// Faults break the key on purpose, by rules such as "late:wait=5s" or
	// "put-fails:bucket=credentials": docs/faults.md has them all. What they have
	// of chance is the same in each run.
	Faults []string
}

// Key is a virtual security key that lives as long as its test. It is for one
// goroutine.
type Key struct {
	// Device is the key as CTAP sees it: makeCredential, getAssertion, U2F.
	// Replug makes another.
	Device *client.Device

	t      testing.TB
	cfg    Config
	faults *fault.Injector // nil: none
	dev    *device.Device
}

// New returns a key that is plugged in until the test ends.
func New(t testing.TB) *Key {
	t.Helper()
	return NewWith(t, Config{})
}

// NewWith is New for a key that is special in some way.
func NewWith(t testing.TB, cfg Config) *Key {
	t.Helper()
	k := &Key{t: t, cfg: cfg}
	if err := k.open(); err != nil {
		t.Fatalf("softkeytest: %v", err)
	}
	t.Cleanup(k.close)
	return k
}

func (k *Key) open() error {
	profile, err := k.cfg.profile()
	if err != nil {
		return err
	}
	if k.faults, err = k.cfg.injector(); err != nil {
		return err
	}
	presence := k.cfg.Presence
	if presence == nil {
		presence = authenticator.Approve{}
	}
	k.dev, err = device.New(device.Config{
		Profile: profile, Seed: k.cfg.Seed, PIN: k.cfg.PIN,
		Presence: presence, PresenceTimeout: k.cfg.PresenceTimeout, Verification: k.cfg.Verification,
		WrapStore: k.faults.Store,
		Log:       slog.New(slog.NewTextHandler(logWriter{k.t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		return err
	}
	return k.plug()
}

// profile returns what the key is.
func (c *Config) profile() (authenticator.Profile, error) {
	p, ok := authenticator.ProfileByName(cmp.Or(c.Profile, authenticator.DefaultProfile))
	if !ok {
		return p, fmt.Errorf("there is no profile %q", c.Profile)
	}
	if c.Change != nil {
		c.Change(&p)
	}
	if _, verifies := p.Options[ctap.OptionUV]; c.Verification != nil && !verifies {
		return p, fmt.Errorf("a key of the profile %s cannot verify its user by itself: set Config.Profile, to \"platform\" for one", p.Name)
	}
	return p, nil
}

// injector returns what breaks the key, nil if nothing is to.
func (c *Config) injector() (*fault.Injector, error) {
	if len(c.Faults) == 0 {
		return nil, nil
	}
	var p fault.Plan
	for _, text := range c.Faults {
		r, err := fault.ParseRule(text)
		if err != nil {
			return nil, err
		}
		p.Rules = append(p.Rules, r)
	}
	return fault.New(p, nil)
}

func (k *Key) plug() (err error) {
	host := ctaphid.Loopback(k.faults.Handler(k.dev.Handler()), k.dev.CTAPHID(1))
	k.Device, err = client.Open(context.Background(), k.faults.HostEnd(host))
	return err
}

func (k *Key) close() {
	_ = k.Device.Close()
	if err := k.dev.Close(); err != nil {
		k.t.Errorf("softkeytest: %v", err)
	}
}

// Replug unplugs the key and plugs it in again: what it kept in memory is gone,
// and for ten seconds it can be reset.
func (k *Key) Replug() {
	k.t.Helper()
	_ = k.Device.Close()
	k.dev.Plug()
	if err := k.plug(); err != nil {
		k.t.Fatalf("softkeytest: %v", err)
	}
}

// Root returns the certificate that vouches for the key, in the end: what a
// server has to trust that verifies attestation.
func (k *Key) Root() *x509.Certificate {
	k.t.Helper()
	chain, err := k.dev.Chain()
	if err != nil || len(chain) == 0 {
		k.t.Fatalf("softkeytest: a key with %d certificates, %v", len(chain), err)
	}
	return chain[len(chain)-1]
}

// Create registers: it takes PublicKeyCredentialCreationOptionsJSON and returns
// RegistrationResponseJSON. The options are bytes, a string, or anything that
// encodes to such JSON, with or without a "publicKey" around it. The test fails
// if the key does.
func (k *Key) Create(options any) []byte {
	k.t.Helper()
	return k.must(k.TryCreate(options))
}

// Get signs in: PublicKeyCredentialRequestOptionsJSON to
// AuthenticationResponseJSON, like Create.
func (k *Key) Get(options any) []byte {
	k.t.Helper()
	return k.must(k.TryGet(options))
}

func (k *Key) must(response []byte, err error) []byte {
	k.t.Helper()
	if err != nil {
		k.t.Fatalf("softkeytest: %v", err)
	}
	return response
}

// TryCreate is Create for a registration that may fail. The error is a
// [webauthn.Error], with the name of the exception that a page would see.
func (k *Key) TryCreate(options any) ([]byte, error) {
	return k.ceremony((*webauthn.Client).Create, options)
}

// TryGet is Get for a sign-in that may fail.
func (k *Key) TryGet(options any) ([]byte, error) {
	return k.ceremony((*webauthn.Client).Get, options)
}

func (k *Key) ceremony(run func(*webauthn.Client, context.Context, []byte) ([]byte, error), options any) ([]byte, error) {
	b, err := encode(options)
	if err != nil {
		return nil, err
	}
	origin := k.cfg.Origin
	if origin == "" {
		if origin, err = originOf(b); err != nil {
			return nil, err
		}
	}
	c := &webauthn.Client{Device: k.Device, Origin: origin, U2F: k.cfg.U2F}
	if k.cfg.PIN != "" {
		c.PIN = webauthn.StaticPIN(k.cfg.PIN)
	}
	return run(c, context.Background(), b)
}

func encode(options any) ([]byte, error) {
	switch o := options.(type) {
	case []byte:
		return o, nil
	case string:
		return []byte(o), nil
	}
	return json.Marshal(options)
}

// originOf returns the origin that goes with the RP ID of some options.
func originOf(options []byte) (string, error) {
	type ids struct {
		RP   struct{ ID string } `json:"rp"`
		RPID string              `json:"rpId"`
	}
	var o struct {
		ids
		PublicKey ids `json:"publicKey"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return "", err
	}
	for _, id := range []string{o.RP.ID, o.RPID, o.PublicKey.RP.ID, o.PublicKey.RPID} {
		if id != "" {
			return "https://" + id, nil
		}
	}
	return "", fmt.Errorf("the options have no RP ID: set Config.Origin")
}

// logWriter puts the reasons for the key's refusals into the log of the test.
type logWriter struct{ t testing.TB }

func (w logWriter) Write(b []byte) (int, error) {
	w.t.Helper()
	w.t.Logf("%s", b)
	return len(b), nil
}
