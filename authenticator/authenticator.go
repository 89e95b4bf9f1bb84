package authenticator

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// Config is what an [Authenticator] is made of.
type Config struct {
	Profile Profile        // what the key is; required but with Model
	Model   *Model         // nil: of Profile
	Store   keystore.Store // what it remembers; required

	// Attester returns what vouches for new credentials. It is asked with each of
	// them, since most keys that start never make one. Nil means self attestation;
	// a profile with U2F needs one.
	Attester func() (*attestation.Attester, error)

	// Enterprise vouches for credentials of enterprise attestation, with a
	// certificate that names this one device. A profile with option ep needs it.
	Enterprise *attestation.Attester

	Presence        Presence      // nil: every prompt is declined
	Verification    Verification  // nil: no built-in user verification, whatever the profile says
	Sensor          Sensor        // nil: each touch is a good sample of a finger
	PresenceTimeout time.Duration // how long a touch is waited for; 0: 30 s

	// Rand gives the bytes that keys, credential IDs and nonces are made of.
	// Nil means crypto/rand.
	Rand io.Reader

	// Deterministic keeps randomness out of signatures, those of ML-DSA too,
	// whatever the profile says.
	Deterministic bool

	// DeviceKey gives the key that wraps all others, after the nth reset. Nil
	// means 32 bytes of Rand.
	DeviceKey func(resets uint64) ([32]byte, error)

	Log *slog.Logger // nil: silent
}

// parts is what an [Authenticator] keeps of its Config: all but the profile,
// which it shares, with zero fields replaced by what they mean.
type parts struct {
	Store           keystore.Store
	Attester        func() (*attestation.Attester, error)
	Enterprise      *attestation.Attester
	Presence        Presence
	Verification    Verification
	Sensor          Sensor
	PresenceTimeout time.Duration
	Rand            io.Reader
	Deterministic   bool
	DeviceKey       func(resets uint64) ([32]byte, error)
	Log             *slog.Logger // nil: silent
}

func (c *Config) parts() parts {
	p := parts{
		Store: c.Store, Attester: c.Attester, Enterprise: c.Enterprise,
		Presence: c.Presence, Verification: c.Verification, Sensor: c.Sensor,
		PresenceTimeout: cmp.Or(c.PresenceTimeout, defaultPresenceTimeout),
		Rand:            c.Rand, Deterministic: c.Deterministic, DeviceKey: c.DeviceKey, Log: c.Log,
	}
	if p.Presence == nil {
		p.Presence = Deny{}
	}
	if p.Sensor == nil {
		p.Sensor = touchSensor{p.Presence}
	}
	if p.Rand == nil {
		p.Rand = rand.Reader
	}
	return p
}

// Authenticator answers CTAP messages as a security key does. Its methods may
// be called from any goroutine; messages are answered one at a time.
type Authenticator struct {
	cfg     parts
	profile *Profile
	counter *keystore.Counter
	turn    chan struct{} // holds a value while nobody's message is worked on

	// What follows belongs to whoever has the turn.
	closed    bool
	closeErr  error
	keys      keystore.KeyWrapper
	policy    keystore.Policy     // as in the store, unless stale
	templates []keystore.Template // likewise
	stale     bool                // an update failed
	poweredUp time.Time
	sequence  *sequence
	touch     touch
	pinAuth   pinAuth
	room      []ctap.CredentialDescriptor // empty, for the next allowList

	pinFailures uint64      // wrong PINs in a row; the store counts one more after a right one
	enrollment  *enrollment // nil: none goes on
}

// New returns an authenticator that is plugged in. It takes a device key from
// the store, or makes one there.
func New(cfg Config) (*Authenticator, error) {
	if cfg.Model == nil {
		model, err := NewModel(cfg.Profile, cfg.Verification != nil)
		if err != nil {
			return nil, err
		}
		cfg.Model = model
	}
	if err := cfg.Model.check(&cfg); err != nil {
		return nil, err
	}
	a := &Authenticator{cfg: cfg.parts(), profile: &cfg.Model.profile, turn: make(chan struct{}, 1)}
	a.touch = touch{ask: a.ask, presence: a.cfg.Presence}
	a.pinAuth = pinAuth{rand: a.cfg.Rand}
	if err := a.open(); err != nil {
		return nil, err
	}
	a.poweredUp = time.Now()
	a.turn <- struct{}{}
	return a, nil
}

// busyTimeout is how long a message waits for its turn: long enough for a
// command that was just cancelled to leave, short enough that a second host
// hears soon that the first one's user is being asked.
const busyTimeout = 200 * time.Millisecond

// Handle answers one message. It implements [ctap.Handler].
func (a *Authenticator) Handle(ctx context.Context, req *ctap.Request) []byte {
	if !a.takeTurn(ctx) {
		return busy(req.Protocol)
	}
	defer a.giveTurn()
	if req.Protocol == ctap.CTAP1 {
		return a.handleU2F(ctx, req)
	}
	return a.handleCTAP2(ctx, req)
}

// takeTurn tells whether the turn came in time, and not after Close.
func (a *Authenticator) takeTurn(ctx context.Context) bool {
	select {
	case <-a.turn:
		return a.stillOpen()
	default:
	}
	wait := time.NewTimer(busyTimeout)
	defer wait.Stop()
	select {
	case <-a.turn:
		return a.stillOpen()
	case <-wait.C:
	case <-ctx.Done():
	}
	return false
}

// awaitTurn takes the turn however long that takes; false after Close.
func (a *Authenticator) awaitTurn() bool {
	<-a.turn
	return a.stillOpen()
}

// stillOpen tells whether there was no Close yet; if there was, it gives up the
// turn.
func (a *Authenticator) stillOpen() bool {
	if !a.closed {
		return true
	}
	a.giveTurn()
	return false
}

func (a *Authenticator) giveTurn() { a.turn <- struct{}{} }

// busy is the answer to a message whose turn did not come. A U2F host takes it
// as "not touched yet" and asks again.
func busy(p ctap.Protocol) []byte {
	if p == ctap.CTAP1 {
		return ctap.SWConditionsNotSatisfied.Append(nil)
	}
	return []byte{byte(ctap.StatusChannelBusy)}
}

// Plug is what a key lives through when it is unplugged and plugged in again:
// the window for a reset opens, and whatever it kept in memory is gone. It
// waits for the message that is worked on. After Close it does nothing.
func (a *Authenticator) Plug() {
	if !a.awaitTurn() {
		return
	}
	defer a.giveTurn()
	a.touch.withdraw()
	a.touch.forget()
	a.dropPinAuth()
	a.sequence, a.enrollment = nil, nil
	a.poweredUp = time.Now()
}

// Close waits for the message that is worked on and for the prompt that a U2F
// host left behind, and saves the signature counter. The store stays open.
// Messages that come later are answered as by a busy key. Closing again does
// nothing.
func (a *Authenticator) Close() error {
	<-a.turn
	defer a.giveTurn()
	if a.closed {
		return a.closeErr
	}
	a.closed = true
	a.touch.withdraw()
	a.closeErr = errors.Join(a.settleAttempt(), a.counter.Close())
	a.dropPinAuth()
	clear(a.policy.PINHash)
	clear(a.policy.PersistentToken)
	return a.closeErr
}
