package authenticator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// finger is a scripted [Verification]: it gives its answers one after the other,
// and the last of them for ever.
type finger struct {
	answers []error // nil: recognised, errUVFailed: not, errNobody: waits for ever
	prompts []Prompt
}

var errNobody = errors.New("nobody puts a finger on the sensor")

func (f *finger) Verify(ctx context.Context, p Prompt) (bool, error) {
	f.prompts = append(f.prompts, p)
	answer := f.answers[0]
	if len(f.answers) > 1 {
		f.answers = f.answers[1:]
	}
	switch {
	case errors.Is(answer, errNobody):
		<-ctx.Done()
		return false, context.Cause(ctx)
	case errors.Is(answer, errUVFailed):
		return false, nil
	}
	return answer == nil, answer
}

// fingerKey is a key of profile platform, which has built-in user verification
// and no enrolment, with a PIN if there is one to set.
func fingerKey(t testing.TB, pin string, store keystore.Store, answers ...error) (platform, *finger) {
	t.Helper()
	f := &finger{answers: answers}
	p := newKey(t, Deny{}, func(c *Config) { // no touch: the finger proves presence
		c.Profile, _ = ProfileByName("platform")
		c.Verification = f
		if store != nil {
			c.Store = store
		}
	}).speaking(2)
	if pin != "" {
		p.mustSetPIN(pin)
	}
	return p, f
}

func withUV(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UV: yes()} }

// The three commands that verify the user by the key itself.
var verifying = []struct {
	name string
	run  func(p platform) error
}{
	{"makeCredential", func(p platform) error {
		return p.command(ctap.CommandMakeCredential, creation("ada", withUV), nil)
	}},
	{"getAssertion", func(p platform) error {
		// Without a credential a user who was verified hears so at once.
		err := p.command(ctap.CommandGetAssertion, withOptions(assertionBy(), &ctap.Options{UV: yes()}), nil)
		if errors.Is(err, ctap.StatusNoCredentials) {
			return nil
		}
		return err
	}},
	{"getPinUvAuthTokenUsingUv", func(p platform) error {
		_, err := p.token(ctap.GetTokenUsingUVWithPermission, "", cm, "")
		return err
	}},
}

// What each command says of each outcome of built-in user verification (§6.1.2,
// step 11.2; §6.2.2, step 6.2; §6.5.5.7.3, steps 5 to 10), and how many attempts
// it takes.
func TestBuiltInUVOutcomes(t *testing.T) {
	no, nobody := errUVFailed, errNobody
	tests := []struct {
		name     string
		pin      string
		failures uint64 // before
		answers  []error
		want     [3]ctap.Status // of makeCredential, getAssertion and the token
		attempts int
		retries  uint64 // after, of 5
	}{
		{"recognised", "", 0, []error{nil}, [3]ctap.Status{}, 1, 5},
		{"recognised at last", "", 0, []error{no, no, nil}, [3]ctap.Status{}, 3, 5},
		{"recognised with the last retry", "", 4, []error{nil}, [3]ctap.Status{}, 1, 5},
		{"not recognised", "", 0, []error{no}, [3]ctap.Status{ctap.StatusOperationDenied, ctap.StatusOperationDenied, ctap.StatusUVInvalid}, 3, 2},
		{"not recognised, with a PIN", testPIN, 0, []error{no}, [3]ctap.Status{ctap.StatusPUATRequired, ctap.StatusPUATRequired, ctap.StatusUVInvalid}, 3, 2},
		{"not recognised, the last retries", "", 3, []error{no}, [3]ctap.Status{ctap.StatusPINBlocked, ctap.StatusPINBlocked, ctap.StatusUVBlocked}, 2, 0},
		{"not recognised, the last retries, with a PIN", testPIN, 3, []error{no}, [3]ctap.Status{ctap.StatusPUATRequired, ctap.StatusPUATRequired, ctap.StatusUVBlocked}, 2, 0},
		{"no retries", "", 5, []error{nil}, [3]ctap.Status{ctap.StatusPINBlocked, ctap.StatusPINBlocked, ctap.StatusUVBlocked}, 0, 0},
		{"no retries, with a PIN", testPIN, 5, []error{nil}, [3]ctap.Status{ctap.StatusPUATRequired, ctap.StatusPUATRequired, ctap.StatusUVBlocked}, 0, 0},
		{"nobody", testPIN, 0, []error{nobody}, [3]ctap.Status{ctap.StatusUserActionTimeout, ctap.StatusUserActionTimeout, ctap.StatusUserActionTimeout}, 1, 4},
		{"nobody the second time", testPIN, 0, []error{no, nobody}, [3]ctap.Status{ctap.StatusUserActionTimeout, ctap.StatusUserActionTimeout, ctap.StatusUserActionTimeout}, 2, 3},
		{"declined", testPIN, 0, []error{ctap.StatusOperationDenied}, [3]ctap.Status{ctap.StatusOperationDenied, ctap.StatusOperationDenied, ctap.StatusOperationDenied}, 1, 4},
	}
	for _, tt := range tests {
		for i, command := range verifying {
			t.Run(command.name+": "+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p, f := fingerKey(t, tt.pin, nil, tt.answers...)
					fail := func(policy *keystore.Policy) error { policy.UVFailures = tt.failures; return nil }
					if err := p.changePolicy(fail); err != nil {
						t.Fatal(err)
					}
					wantStatus(t, command.name, command.run(p), asError(tt.want[i]))
					if len(f.prompts) != tt.attempts {
						t.Errorf("%d attempts, want %d", len(f.prompts), tt.attempts)
					}
					resp, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetUVRetries})
					if err != nil || *resp.UVRetries != tt.retries {
						t.Errorf("uvRetries %d, %v; want %d", *resp.UVRetries, err, tt.retries)
					}
					if got := *p.info().UVCountSinceLastPINEntry; got != uint64(tt.attempts) {
						t.Errorf("uvCountSinceLastPinEntry %d, want %d", got, tt.attempts)
					}
				})
			})
		}
	}
}

// A cancelled attempt counts: it was stored before the user was asked.
func TestBuiltInUVCancelled(t *testing.T) {
	p, _ := fingerKey(t, "", nil, errNobody)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ctap.StatusKeepaliveCancel)
	err := p.commandOn(ctx, 1, ctap.CommandMakeCredential, creation("ada", withUV), nil)
	wantStatus(t, "makeCredential", err, ctap.StatusKeepaliveCancel)
	if got := p.uvRetries(); got != 4 {
		t.Errorf("%d retries, want 4", got)
	}
}

// The finger is all that an operation needs: no touch besides, UP and UV set.
func TestBuiltInUVProvesPresence(t *testing.T) {
	p, f := fingerKey(t, "", nil, nil)
	m := p.create(creation("ada", also(withUV)))
	if want := ctap.FlagUP | ctap.FlagUV | ctap.FlagBE | ctap.FlagBS | ctap.FlagAT; m.data.Flags != want {
		t.Errorf("makeCredential: flags %02x, want %02x", m.data.Flags, want)
	}
	prompt := f.prompts[0]
	if prompt.RPID != testRPID || prompt.RPIDHash != testRPIDHash || prompt.Kind != KindConsent || prompt.Timeout != 30*time.Second {
		t.Errorf("prompt %+v", prompt)
	}
	_, data := p.get(withOptions(assertionBy(m.id), &ctap.Options{UV: yes()}), m)
	if want := ctap.FlagUP | ctap.FlagUV | ctap.FlagBE | ctap.FlagBS; data.Flags != want {
		t.Errorf("getAssertion: flags %02x, want %02x", data.Flags, want)
	}
	_, data = p.get(withOptions(assertionBy(m.id), &ctap.Options{UV: yes(), UP: no()}), m)
	if want := ctap.FlagUP | ctap.FlagUV | ctap.FlagBE | ctap.FlagBS; data.Flags != want {
		t.Errorf("getAssertion without up: flags %02x, want %02x: the user was there", data.Flags, want)
	}
	excluded := creation("ada", also(withUV, func(r *ctap.MakeCredentialRequest) { r.ExcludeList = assertionBy(m.id).AllowList }))
	wantStatus(t, "excluded", p.command(ctap.CommandMakeCredential, excluded, nil), ctap.StatusCredentialExcluded)
	f.prompts = nil
	p.create(creation("bob", by(p.tokenBy("", mc, testRPID))))
	prompt = f.prompts[0]
	if prompt.RPID != testRPID || prompt.RPIDHash != testRPIDHash || prompt.Operation != "authenticatorClientPIN" {
		t.Errorf("prompt of a token %+v", prompt)
	}
}

// uv true beside a pinUvAuthParam does not count.
func TestUVBesideParamIsIgnored(t *testing.T) {
	p, f := fingerKey(t, "", nil, nil)
	token := p.tokenBy("", mc, testRPID)
	f.prompts = nil
	p.create(creation("ada", also(withUV, by(token))))
	if len(f.prompts) != 0 {
		t.Errorf("asked for the finger %d times, want never", len(f.prompts))
	}
	k := keyWithPIN(t, 2, nil) // which cannot verify by itself
	k.create(creation("ada", also(withUV, by(k.tokenBy(testPIN, mc, testRPID)))))
}

// A right PIN gives back the retries of the finger, which outlive restarts; a
// blocked PIN takes them all (§6.5.3.1, step 3).
func TestUVRetries(t *testing.T) {
	store := keystore.NewMemory()
	p, _ := fingerKey(t, testPIN, store, errUVFailed)
	_ = verifying[0].run(p)
	_ = p.Close()
	p, f := fingerKey(t, "", store, errUVFailed)
	if got := p.uvRetries(); got != 2 {
		t.Errorf("%d retries after a restart, want 2", got)
	}
	_ = verifying[0].run(p)
	if got := p.uvRetries(); got != 0 {
		t.Errorf("%d retries, want 0", got)
	}
	_, err := p.getPINToken(testPIN)
	wantStatus(t, "right PIN", err, nil)
	if got, count := p.uvRetries(), *p.info().UVCountSinceLastPINEntry; got != 5 || count != 0 {
		t.Errorf("%d retries, %d attempts since the PIN; want 5 and 0", got, count)
	}
	exhaust(t, p)
	f.answers, f.prompts = []error{nil}, nil
	wantStatus(t, "the finger of a key with a blocked PIN", verifying[2].run(p), ctap.StatusUVBlocked)
	if got := p.uvRetries(); got != 0 || len(f.prompts) != 0 {
		t.Errorf("%d retries, %d prompts; want none", got, len(f.prompts))
	}
	wantStatus(t, "reset", newKey(t, Approve{}, func(c *Config) {
		c.Profile, c.Store, c.Verification = *p.profile, store, f
	}).command(ctap.CommandReset, nil, nil), nil)
	p, _ = fingerKey(t, "", store, nil)
	if got := p.uvRetries(); got != 5 {
		t.Errorf("%d retries after a reset, want 5", got)
	}
}

// An attempt is in the store before the user is asked.
func TestUVAttemptIsStoredFirst(t *testing.T) {
	store := &countingStore{Store: keystore.NewMemory()}
	p, f := fingerKey(t, "", store, nil)
	store.fail = errors.New("disk full")
	wantStatus(t, "makeCredential", verifying[0].run(p), ctap.StatusOther)
	if len(f.prompts) != 0 {
		t.Error("the user was asked though the attempt was not stored")
	}
}

// No finger is enrolled: the key supports user verification and has none.
func TestUVNotConfigured(t *testing.T) {
	p := profileKey(t, "biometric").speaking(2)
	if got := p.option("uv"); got != "false" {
		t.Errorf("uv %s, want false", got)
	}
	wantStatus(t, "makeCredential", verifying[0].run(p), ctap.StatusInvalidOption)
	wantStatus(t, "getAssertion", verifying[1].run(p), ctap.StatusInvalidOption)
	wantStatus(t, "token", verifying[2].run(p), ctap.StatusNotAllowed)
	p.create(creation("ada", discoverable)) // the key is not protected
}

// What a request without user verification, or with it, comes to.
func TestUserVerificationTable(t *testing.T) {
	const yes, no = true, false
	silent := func() *ctap.Options { b := false; return &ctap.Options{UP: &b} }
	type request struct {
		token ctap.Permissions // 0: none
		rk    bool
		up    bool
	}
	tests := []struct {
		row                   string // of the checklist, if it has one
		pin, alwaysUv, notRqd bool
		rq                    request
		mc, ga                ctap.Status
		mcFlags, gaFlags      ctap.Flags
	}{
		{"", no, no, yes, request{up: true}, 0, 0, ctap.FlagUP, ctap.FlagUP},
		{"", no, no, no, request{up: true}, 0, 0, ctap.FlagUP, ctap.FlagUP},
		{"", no, no, yes, request{rk: true, up: true}, 0, 0, ctap.FlagUP, ctap.FlagUP},
		{"row 158:", no, yes, yes, request{up: true}, ctap.StatusPUATRequired, ctap.StatusPUATRequired, 0, 0},
		{"row 157:", yes, no, yes, request{up: true}, 0, 0, ctap.FlagUP, ctap.FlagUP},
		{"row 156:", yes, no, yes, request{rk: true, up: true}, ctap.StatusPUATRequired, 0, 0, ctap.FlagUP},
		{"", yes, no, no, request{up: true}, ctap.StatusPUATRequired, 0, 0, ctap.FlagUP},
		{"", yes, no, no, request{rk: true, up: true}, ctap.StatusPUATRequired, 0, 0, ctap.FlagUP},
		{"", yes, no, yes, request{token: mc | ga, up: true}, 0, 0, ctap.FlagUP | ctap.FlagUV, ctap.FlagUP | ctap.FlagUV},
		{"", yes, no, no, request{token: mc | ga, rk: true, up: true}, 0, 0, ctap.FlagUP | ctap.FlagUV, ctap.FlagUP | ctap.FlagUV},
		{"", yes, no, yes, request{token: cm, up: true}, ctap.StatusPINAuthInvalid, ctap.StatusPINAuthInvalid, 0, 0},
		{"", yes, yes, yes, request{up: true}, ctap.StatusPUATRequired, ctap.StatusPUATRequired, 0, 0},
		{"", yes, yes, yes, request{token: mc | ga, up: true}, 0, 0, ctap.FlagUP | ctap.FlagUV, ctap.FlagUP | ctap.FlagUV},
		{"row 190:", yes, yes, yes, request{}, ctap.StatusInvalidOption, 0, 0, 0},
		{"", no, yes, yes, request{}, ctap.StatusInvalidOption, 0, 0, 0},
		{"", yes, no, yes, request{token: mc | ga}, ctap.StatusInvalidOption, 0, 0, ctap.FlagUV},
		{"", yes, yes, yes, request{token: mc | ga}, ctap.StatusInvalidOption, 0, 0, ctap.FlagUV},
	}
	for _, tt := range tests {
		name := fmt.Sprintf("%s PIN %v, alwaysUv %v, makeCredUvNotRqd %v, %+v", tt.row, tt.pin, tt.alwaysUv, tt.notRqd, tt.rq)
		t.Run(strings.TrimSpace(name), func(t *testing.T) {
			p := newKey(t, Approve{}, func(c *Config) {
				c.Profile = c.Profile.with(map[string]bool{ctap.OptionMakeCredUvNotRqd: tt.notRqd})
			}).speaking(2)
			known := p.create(creation("known", nil))
			if tt.alwaysUv {
				wantStatus(t, "toggleAlwaysUv", p.configure(nil, ctap.ToggleAlwaysUv, nil), nil)
			}
			if tt.pin {
				p.mustSetPIN(testPIN)
			}
			authorize := func() *hostToken {
				if tt.rq.token == 0 {
					return nil
				}
				return p.tokenBy(testPIN, tt.rq.token, testRPID)
			}
			register, assert := creation("ada", by(authorize())), assertionBy(known.id)
			register.Options = &ctap.Options{}
			if tt.rq.rk {
				register.Options.RK = &tt.rq.rk
			}
			if !tt.rq.up {
				register.Options.UP, assert.Options = silent().UP, silent()
			}
			var made ctap.MakeCredentialResponse
			err := p.command(ctap.CommandMakeCredential, register, &made)
			wantStatus(t, "makeCredential", err, asError(tt.mc))
			if err == nil {
				data, _ := ctap.ParseAuthenticatorData(made.AuthData)
				if data.Flags != tt.mcFlags|ctap.FlagAT {
					t.Errorf("makeCredential: flags %02x, want %02x", data.Flags, tt.mcFlags|ctap.FlagAT)
				}
			}
			token := authorize()
			for range 2 { // a silent assertion does not use the token up
				var resp ctap.GetAssertionResponse
				err = p.command(ctap.CommandGetAssertion, assertedBy(token, assert), &resp)
				wantStatus(t, "getAssertion", err, asError(tt.ga))
				if err != nil {
					return
				}
				if data := p.verify(&resp, known); data.Flags != tt.gaFlags {
					t.Errorf("getAssertion: flags %02x, want %02x", data.Flags, tt.gaFlags)
				}
				if tt.rq.up {
					return
				}
			}
		})
	}
}

// A key that is protected by a finger alone: a discoverable credential needs
// it, and no PIN could help (§6.1.2, step 7).
func TestProtectedWithoutPIN(t *testing.T) {
	p, _ := fingerKey(t, "", nil, nil)
	err := p.command(ctap.CommandMakeCredential, creation("ada", discoverable), nil)
	wantStatus(t, "without a PIN", err, ctap.StatusOperationDenied)
	p.mustSetPIN(testPIN)
	err = p.command(ctap.CommandMakeCredential, creation("ada", discoverable), nil)
	wantStatus(t, "with one", err, ctap.StatusPUATRequired)
}

// The host is told that the user is waited for, and that it is over: by the
// finger that verifies, and by the one that is enrolled.
func TestSensorKeepalives(t *testing.T) {
	k := enrolledKey(t)
	token := k.speaking(2).tokenBy(testPIN, be, "")
	for name, request := range map[string][]byte{
		"makeCredential": append([]byte{1}, ctap.MustMarshal(creation("ada", withUV))...),
		"enrollBegin":    append([]byte{9}, ctap.MustMarshal(bioRequest(token, ctap.EnrollBegin, nil))...),
	} {
		var got []ctap.KeepaliveStatus
		answer := k.Handle(t.Context(), &ctap.Request{
			Protocol: ctap.CTAP2, Data: request, Notify: func(s ctap.KeepaliveStatus) { got = append(got, s) },
		})
		want := []ctap.KeepaliveStatus{ctap.KeepaliveUPNeeded, ctap.KeepaliveProcessing}
		if answer[0] != 0 || !bytes.Equal(asBytes(got), asBytes(want)) {
			t.Errorf("%s: answer %x, keepalives %v; want %v", name, answer[:1], got, want)
		}
	}
}

// The user is asked for one thing at a time: a U2F prompt is withdrawn before
// the finger is wanted.
func TestSensorWithdrawsU2FPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asking atomic.Bool
		presence := PresenceFunc(func(ctx context.Context, _ Prompt) error {
			asking.Store(true)
			defer asking.Store(false)
			<-ctx.Done()
			return context.Cause(ctx)
		})
		k := newKey(t, presence, func(c *Config) {
			c.Profile, _ = ProfileByName("biometric")
			c.Verification = VerificationFunc(func(context.Context, Prompt) (bool, error) {
				if asking.Load() {
					t.Error("the finger is wanted while a touch is")
				}
				return true, nil
			})
			c.Sensor = SensorFunc(func(context.Context, Prompt) (ctap.SampleStatus, error) {
				if asking.Load() {
					t.Error("a sample is wanted while a touch is")
				}
				return ctap.SampleGood, nil
			})
		})
		p := k.speaking(2)
		p.mustSetPIN(testPIN)
		poll := func() {
			_, err := k.apdu(registerAPDU)
			wantStatus(t, "U2F", err, ctap.SWConditionsNotSatisfied)
			if !asking.Load() {
				t.Error("U2F does not ask for a touch")
			}
		}
		token := p.tokenBy(testPIN, be, "")
		poll()
		p.enroll(token)
		poll()
		wantStatus(t, "makeCredential", k.command(ctap.CommandMakeCredential, creation("ada", withUV), nil), nil)
	})
}

// alwaysUv of a key that can verify by itself does so unasked.
func TestAlwaysUvWithBuiltInUV(t *testing.T) {
	p, f := fingerKey(t, "", nil, nil)
	token := p.tokenBy("", acfg, "")
	wantStatus(t, "toggleAlwaysUv", p.configure(token, ctap.ToggleAlwaysUv, nil), nil)
	f.prompts = nil
	m := p.create(creation("ada", discoverable))
	if m.data.Flags&ctap.FlagUV == 0 || len(f.prompts) != 1 {
		t.Errorf("flags %02x, asked %d times; want UV, once", m.data.Flags, len(f.prompts))
	}
	if _, data := p.get(assertionBy(m.id), m); data.Flags&ctap.FlagUV == 0 || len(f.prompts) != 2 {
		t.Errorf("flags %02x, asked %d times; want UV, once", data.Flags, len(f.prompts))
	}
	if _, data := p.get(withOptions(assertionBy(m.id), &ctap.Options{UP: no()}), m); data.Flags&ctap.FlagUV != 0 || len(f.prompts) != 2 {
		t.Errorf("silent: flags %02x, asked %d times; want no UV, not asked", data.Flags, len(f.prompts))
	}
}

// A PIN that is for no site helps no site: the answer is that it is denied.
func TestNoMcGaPermissions(t *testing.T) {
	p := keyWithPIN(t, 2, func(c *Config) {
		c.Profile = c.Profile.with(map[string]bool{ctap.OptionNoMcGaPermissionsWithClientPIN: true})
	})
	rk := p.command(ctap.CommandMakeCredential, creation("ada", discoverable), nil)
	wantStatus(t, "makeCredential", rk, ctap.StatusOperationDenied)
	wantStatus(t, "toggleAlwaysUv", p.configure(p.tokenBy(testPIN, acfg, ""), ctap.ToggleAlwaysUv, nil), nil)
	wantStatus(t, "makeCredential under alwaysUv", p.command(ctap.CommandMakeCredential, creation("ada", nil), nil), ctap.StatusOperationDenied)
	wantStatus(t, "getAssertion under alwaysUv", p.command(ctap.CommandGetAssertion, assertionBy(), nil), ctap.StatusOperationDenied)
}

// A zero-length pinUvAuthParam asks the user to choose a key, not to agree to
// anything, and tells whether there is a PIN.
func TestZeroLengthParam(t *testing.T) {
	create := creation("ada", func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} })
	get := assertionBy()
	get.PinUvAuthParam = []byte{}
	for _, tt := range []struct {
		name    string
		pin     bool
		command ctap.Command
		request any
		want    ctap.Status
	}{
		{"row 154: makeCredential without a PIN", false, ctap.CommandMakeCredential, create, ctap.StatusPINNotSet},
		{"row 155: makeCredential with a PIN", true, ctap.CommandMakeCredential, create, ctap.StatusPINInvalid},
		{"getAssertion without a PIN", false, ctap.CommandGetAssertion, get, ctap.StatusPINNotSet},
		{"getAssertion with a PIN", true, ctap.CommandGetAssertion, get, ctap.StatusPINInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			presence := &asks{}
			p := newKey(t, presence, nil).speaking(2)
			if tt.pin {
				p.mustSetPIN(testPIN)
			}
			wantStatus(t, "answer", p.command(tt.command, tt.request, nil), tt.want)
			if len(presence.prompts) != 1 || presence.prompts[0].Kind != KindSelect {
				t.Errorf("asked %+v, want kind select once", presence.prompts)
			}
		})
	}
}

// Several accounts and a verified user: the names are told.
func TestNamesForVerifiedUsers(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	for _, user := range []string{"ada", "bob"} {
		p.resident(testRPID, user)
	}
	full := func(user string) string {
		return fmt.Sprint(ctap.User{ID: []byte(user), Name: user, DisplayName: "The user " + user})
	}
	t.Run("row 208: the first", func(t *testing.T) {
		var resp ctap.GetAssertionResponse
		err := p.command(ctap.CommandGetAssertion, assertedBy(p.tokenBy(testPIN, ga, testRPID), assertionBy()), &resp)
		if err != nil || resp.NumberOfCredentials != 2 || fmt.Sprint(*resp.User) != full("bob") {
			t.Errorf("got %+v of %+v, %v; want 2 and %s", resp, resp.User, err, full("bob"))
		}
	})
	t.Run("row 209: the next", func(t *testing.T) {
		var resp ctap.GetAssertionResponse
		err := p.command(ctap.CommandGetNextAssertion, nil, &resp)
		if err != nil || resp.NumberOfCredentials != 0 || fmt.Sprint(*resp.User) != full("ada") {
			t.Errorf("got %+v of %+v, %v; want %s", resp, resp.User, err, full("ada"))
		}
	})
	var resp ctap.GetAssertionResponse
	wantStatus(t, "not verified", p.command(ctap.CommandGetAssertion, assertionBy(), &resp), nil)
	checkUser(t, resp.User, "bob")
}
