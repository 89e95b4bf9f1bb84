package authenticator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

var (
	testApplication = sha256.Sum256([]byte(testRPID)) // one name space with RP IDs
	testChallenge   = sha256.Sum256([]byte("challenge"))
)

// u2fKey is a registration as a server keeps it.
type u2fKey struct {
	handle []byte
	public *ecdsa.PublicKey
}

func (k key) register() u2fKey {
	k.t.Helper()
	data, err := k.apdu(ctap.U2FRegisterRequest{Challenge: testChallenge, Application: testApplication}.APDU())
	if err != nil {
		k.t.Fatalf("register: %v", err)
	}
	resp, err := ctap.ParseU2FRegisterResponse(data)
	if err != nil {
		k.t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(resp.Certificate)
	if err != nil {
		k.t.Fatal(err)
	}
	signed := ctap.U2FSignedRegistration(testApplication, testChallenge, resp.KeyHandle, resp.PublicKey)
	if err := certificate.CheckSignature(x509.ECDSAWithSHA256, signed, resp.Signature); err != nil {
		k.t.Errorf("registration signature: %v", err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), resp.PublicKey)
	if err != nil {
		k.t.Fatal(err)
	}
	return u2fKey{resp.KeyHandle, public}
}

func authenticate(control byte, handle []byte) ctap.CommandAPDU {
	return ctap.U2FAuthenticateRequest{
		Control: control, Challenge: testChallenge, Application: testApplication, KeyHandle: handle,
	}.APDU()
}

func (k key) sign(control byte, by u2fKey) *ctap.U2FAuthenticateResponse {
	k.t.Helper()
	data, err := k.apdu(authenticate(control, by.handle))
	if err != nil {
		k.t.Fatalf("authenticate %02x: %v", control, err)
	}
	resp, err := ctap.ParseU2FAuthenticateResponse(data)
	if err != nil {
		k.t.Fatal(err)
	}
	digest := sha256.Sum256(ctap.U2FSignedAuthentication(testApplication, testChallenge, resp.Flags, resp.Counter))
	if !ecdsa.VerifyASN1(by.public, digest[:], resp.Signature) {
		k.t.Error("authentication signature does not verify")
	}
	return resp
}

func TestU2FRegisterAndAuthenticate(t *testing.T) {
	t.Run("row 57: the counter", func(t *testing.T) {
		k := newKey(t, Approve{}, nil)
		registered := k.register()
		if got := len(registered.handle); got != 128 {
			t.Errorf("key handle of %d bytes, want 128", got)
		}
		first, second := k.sign(ctap.U2FEnforceAndSign, registered), k.sign(ctap.U2FEnforceAndSign, registered)
		if first.Flags != ctap.FlagUP || first.Counter != 1 || second.Counter != 2 {
			t.Errorf("got %+v and %+v, want counters 1 and 2 with UP", first, second)
		}
	})
}

func TestU2FStatusWords(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	handle := k.register().handle
	flip := func(i int) []byte {
		b := append([]byte{}, handle...)
		b[i] ^= 1
		return b
	}
	other := ctap.U2FAuthenticateRequest{Control: 3, Challenge: testChallenge, Application: [32]byte{1}, KeyHandle: handle}
	tests := []struct {
		name string
		apdu ctap.CommandAPDU
		want error
	}{
		{"version", ctap.CommandAPDU{INS: 3}, nil},
		{"row 46: version with data", ctap.CommandAPDU{INS: 3, Data: []byte("abc")}, ctap.SWWrongLength},
		{"row 44: INS 00", ctap.CommandAPDU{INS: 0}, ctap.SWInsNotSupported},
		{"INS 40", ctap.CommandAPDU{INS: 0x40}, ctap.SWInsNotSupported},
		{"row 45: CLA 01", ctap.CommandAPDU{CLA: 1, INS: 3}, ctap.SWClaNotSupported},
		{"row 47: register with three bytes", ctap.CommandAPDU{INS: 1, Data: []byte("abc")}, ctap.SWWrongLength},
		{"register with P1 00", ctap.CommandAPDU{INS: 1, Data: make([]byte, 64)}, nil},
		{"register with P1 80", ctap.CommandAPDU{INS: 1, P1: 0x80, Data: make([]byte, 64)}, nil},
		{"row 51: check-only, ours", authenticate(ctap.U2FCheckOnly, handle), ctap.SWConditionsNotSatisfied},
		{"check-only, first byte flipped", authenticate(ctap.U2FCheckOnly, flip(0)), ctap.SWWrongData},
		{"check-only, last byte flipped", authenticate(ctap.U2FCheckOnly, flip(127)), ctap.SWWrongData},
		{"row 52: sign, flipped", authenticate(ctap.U2FEnforceAndSign, flip(60)), ctap.SWWrongData},
		{"row 53: sign, another application", other.APDU(), ctap.SWWrongData},
		{"row 58: sign, handle shortened", authenticate(ctap.U2FEnforceAndSign, handle[:120]), ctap.SWWrongLength},
		{"sign, 64 unknown bytes", authenticate(ctap.U2FEnforceAndSign, handle[:64]), ctap.SWWrongData},
		{"row 61: control byte 55", authenticate(0x55, handle), ctap.SWWrongData},
		{"row 59: a length that is not the handle's", ctap.CommandAPDU{INS: 2, P1: 3, Data: append(authenticate(3, handle).Data, 0)}, ctap.SWWrongLength},
		{"control byte 55, wrong length", ctap.CommandAPDU{INS: 2, P1: 0x55, Data: make([]byte, 66)}, ctap.SWWrongLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := k.apdu(tt.apdu)
			wantStatus(t, tt.name, err, tt.want)
			if tt.want != nil && len(data) > 0 {
				t.Errorf("%d bytes before %v, want none", len(data), tt.want)
			}
		})
	}
}

// The forms of VERSION that are no ISO 7816, and messages that are no APDU.
func TestU2FRawMessages(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	version := "U2F_V2\x90\x00"
	for _, tt := range []struct{ name, message, want string }{
		{"row 42: no Le", "\x00\x03\x00\x00", version},
		{"row 42: a short Le", "\x00\x03\x00\x00\x00", version},
		{"row 42: a long Le", "\x00\x03\x00\x00\x00\x00\x00", version},
		{"row 43: a long Lc of 0 and a long Le", "\x00\x03\x00\x00\x00\x00\x00\x00\x00", version},
		{"nothing", "", "\x67\x00"},
		{"three bytes", "\x00\x03\x00", "\x67\x00"},
		{"the class goes before the length", "\x01\x03\x00\x00\x00\x00", "\x6e\x00"},
		{"the instruction goes before the length", "\x00\x09\x00\x00\x00\x00", "\x6d\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := k.on(t.Context(), 1, ctap.CTAP1, []byte(tt.message)); string(got) != tt.want {
				t.Errorf("%x: got %x, want %x", tt.message, got, tt.want)
			}
		})
	}
}

func TestU2FWithoutPresence(t *testing.T) {
	t.Run("row 60: control byte 08", func(t *testing.T) {
		presence := &asks{}
		k := newKey(t, presence, nil)
		registered := k.register()
		presence.prompts, presence.answer = nil, ctap.StatusOperationDenied
		if got := k.sign(ctap.U2FSign, registered); got.Flags != 0 || got.Counter != 1 {
			t.Errorf("got %+v, want counter 1 without UP", got)
		}
		_, err := k.apdu(authenticate(ctap.U2FCheckOnly, registered.handle))
		wantStatus(t, "check-only", err, ctap.SWConditionsNotSatisfied)
		if len(presence.prompts) != 0 {
			t.Errorf("asked %+v, want nothing", presence.prompts)
		}
	})
}

func TestU2FAndCTAP2ShareCredentials(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	t.Run("row 63: getAssertion by a U2F key", func(t *testing.T) {
		registered := k.register()
		resp, _ := k.getRaw(assertionBy(registered.handle))
		digest := sha256.Sum256(append(append([]byte{}, resp.AuthData...), testClientDataHash[:]...))
		if !ecdsa.VerifyASN1(registered.public, digest[:], resp.Signature) {
			t.Error("a U2F key's assertion does not verify")
		}
		err := k.command(ctap.CommandMakeCredential, creation("ada", func(r *ctap.MakeCredentialRequest) {
			r.ExcludeList = assertionBy(registered.handle).AllowList
		}), nil)
		wantStatus(t, "U2F key in excludeList", err, ctap.StatusCredentialExcluded)
	})
	t.Run("row 64: authenticate by a CTAP2 credential", func(t *testing.T) {
		for _, change := range []func(*ctap.MakeCredentialRequest){nil, discoverable} {
			m := k.create(creation("ada", change))
			_, err := k.apdu(authenticate(ctap.U2FCheckOnly, m.id))
			wantStatus(t, "check-only", err, ctap.SWConditionsNotSatisfied)
			point, _ := cose.PointES256(m.data.Credential.PublicKey)
			public, _ := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
			k.sign(ctap.U2FEnforceAndSign, u2fKey{m.id, public})
		}
	})
	eddsa := k.create(creation("bob", func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA) }))
	_, err := k.apdu(authenticate(ctap.U2FCheckOnly, eddsa.id))
	wantStatus(t, "EdDSA through U2F", err, ctap.SWWrongData)
}

func (k key) getRaw(r *ctap.GetAssertionRequest) (resp *ctap.GetAssertionResponse, err error) {
	k.t.Helper()
	if err := k.command(ctap.CommandGetAssertion, r, &resp); err != nil {
		k.t.Fatalf("getAssertion: %v", err)
	}
	return resp, nil
}

// A key of a profile without U2F has no such instructions, and one without
// CTAP2 no commands.
func TestProfilesSpeakTheirProtocols(t *testing.T) {
	k := newKey(t, Approve{}, func(c *Config) { c.Profile.Versions = []string{ctap.VersionFIDO20} })
	_, err := k.apdu(ctap.CommandAPDU{INS: ctap.U2FVersion})
	wantStatus(t, "VERSION", err, ctap.SWInsNotSupported)
	k = newKey(t, Approve{}, func(c *Config) { c.Profile, _ = ProfileByName("u2f") })
	wantStatus(t, "getInfo", k.command(ctap.CommandGetInfo, nil, nil), ctap.StatusInvalidCommand)
	k.sign(ctap.U2FEnforceAndSign, k.register())
}

// userOf is a Presence whose user answers when the test says so.
type userOf struct {
	prompts chan Prompt
	answers chan error
	polls   []int
}

func newUser() *userOf { return &userOf{prompts: make(chan Prompt, 9), answers: make(chan error)} }

func (u *userOf) Poll(n int) { u.polls = append(u.polls, n) }

func (u *userOf) Confirm(ctx context.Context, p Prompt) error {
	u.prompts <- p
	select {
	case err := <-u.answers:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

var registerAPDU = ctap.U2FRegisterRequest{Challenge: testChallenge, Application: testApplication}.APDU()

// pollFor repeats a request every 250 ms, as hosts do, and returns the last
// answer.
func (k key) pollFor(apdu ctap.CommandAPDU, d time.Duration) error {
	var err error
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		if _, err = k.apdu(apdu); err == nil {
			return nil
		}
	}
	return err
}

// touched is a key whose user has just agreed to what a host asks for. The host
// hears of it when it asks again.
func touched(t *testing.T, k key, user *userOf, request ctap.CommandAPDU) {
	t.Helper()
	_, err := k.apdu(request)
	wantStatus(t, "before the touch", err, ctap.SWConditionsNotSatisfied)
	user.answers <- nil
	synctest.Wait()
}

// The rows of section B in which the user touches the key once.
func TestU2FTouchRows(t *testing.T) {
	tests := []struct {
		name string
		run  func(t *testing.T, k key, user *userOf)
	}{
		{"row 48: register without a touch", func(t *testing.T, k key, _ *userOf) {
			wantStatus(t, "register", k.pollFor(registerAPDU, 5*time.Second), ctap.SWConditionsNotSatisfied)
		}},
		{"row 49: register with a touch", func(t *testing.T, k key, user *userOf) {
			touched(t, k, user, registerAPDU)
			data, err := k.apdu(registerAPDU)
			if err != nil || data[0] != 5 || data[1] != 4 || int(data[66]) != 128 || data[67+128] != 0x30 {
				t.Errorf("got %x, %v; want 05, a point, a key handle of 128 bytes and a certificate", data, err)
			}
		}},
		{"rows 50, 56: one touch, one answer", func(t *testing.T, k key, user *userOf) {
			touched(t, k, user, registerAPDU)
			registered := k.register() // which verifies the signature
			sign := authenticate(ctap.U2FEnforceAndSign, registered.handle)
			touched(t, k, user, sign) // which wants the first touch to be used up
			k.sign(ctap.U2FEnforceAndSign, registered)
			_, err := k.apdu(sign)
			wantStatus(t, "after the signature", err, ctap.SWConditionsNotSatisfied)
		}},
		{"rows 54, 55: a check leaves the touch to the signature", func(t *testing.T, k key, user *userOf) {
			touched(t, k, user, registerAPDU)
			registered := k.register()
			touched(t, k, user, authenticate(ctap.U2FEnforceAndSign, registered.handle))
			_, err := k.apdu(authenticate(ctap.U2FCheckOnly, registered.handle))
			wantStatus(t, "check-only", err, ctap.SWConditionsNotSatisfied)
			if got := k.sign(ctap.U2FEnforceAndSign, registered); got.Flags != ctap.FlagUP {
				t.Errorf("flags %02x, want UP", got.Flags)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				user := newUser()
				tt.run(t, newKey(t, user, nil), user)
			})
		})
	}
}

func TestTouchTakesUpTo50ms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := newUser()
		k := newKey(t, user, nil)
		start := time.Now()
		_, err := k.apdu(registerAPDU)
		wantStatus(t, "no touch", err, ctap.SWConditionsNotSatisfied)
		if took := time.Since(start); took != 50*time.Millisecond {
			t.Errorf("took %v, want 50ms", took)
		}
		user.answers <- nil
		synctest.Wait()
		if _, err := k.apdu(registerAPDU); err != nil {
			t.Errorf("after the touch: got %v, want an answer", err)
		}
		_, err = k.apdu(registerAPDU)
		wantStatus(t, "touch used up", err, ctap.SWConditionsNotSatisfied)
		if len(user.prompts) != 2 {
			t.Errorf("asked %d times, want 2", len(user.prompts))
		}
	})
}

func TestTouchIsKeptTenSeconds(t *testing.T) {
	for _, tt := range []struct {
		wait time.Duration
		want ctap.Flags
	}{{10 * time.Second, ctap.FlagUP}, {10*time.Second + 1, 0}} {
		synctest.Test(t, func(t *testing.T) {
			user := newUser()
			k := newKey(t, user, nil)
			go func() { user.answers <- nil }()
			registered := k.register()
			_, _ = k.apdu(registerAPDU)
			user.answers <- nil
			synctest.Wait()
			_, err := k.apdu(authenticate(ctap.U2FCheckOnly, registered.handle)) // takes the answer in, uses nothing up
			wantStatus(t, "check-only", err, ctap.SWConditionsNotSatisfied)
			if got := k.sign(ctap.U2FSign, registered); got.Flags != ctap.FlagUP {
				t.Errorf("flags %02x, want UP", got.Flags)
			}
			_, _ = k.apdu(registerAPDU)
			user.answers <- nil
			synctest.Wait()
			time.Sleep(tt.wait)
			if got := k.sign(ctap.U2FSign, registered); got.Flags != tt.want {
				t.Errorf("after %v: flags %02x, want %02x", tt.wait, got.Flags, tt.want)
			}
		})
	}
}

// What the user said an hour ago is no answer, though the host that asked went
// away and comes back for it only now: the user is asked again.
func TestAnswersGoStale(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer error
	}{{"agreed", nil}, {"refused", ctap.StatusOperationDenied}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				user := newUser()
				k := newKey(t, user, nil)
				_, err := k.apdu(registerAPDU)
				wantStatus(t, "asked", err, ctap.SWConditionsNotSatisfied)
				user.answers <- tt.answer
				synctest.Wait()
				time.Sleep(time.Hour)
				_, err = k.apdu(registerAPDU)
				wantStatus(t, "an hour later", err, ctap.SWConditionsNotSatisfied)
				if len(user.prompts) != 2 {
					t.Errorf("asked %d times, want twice", len(user.prompts))
				}
			})
		})
	}
}

func TestTouchBelongsToOneApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := newUser()
		k := newKey(t, user, nil)
		_, _ = k.apdu(registerAPDU)
		user.answers <- nil
		synctest.Wait()
		other := ctap.U2FRegisterRequest{Challenge: testChallenge, Application: [32]byte{7}}.APDU()
		_, err := k.apdu(other)
		wantStatus(t, "another application", err, ctap.SWConditionsNotSatisfied)
	})
}

func TestRefusalIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := newUser()
		k := newKey(t, user, nil)
		_, _ = k.apdu(registerAPDU)
		user.answers <- ctap.StatusOperationDenied
		synctest.Wait()
		wantStatus(t, "refused", k.pollFor(registerAPDU, 20*time.Second), ctap.SWConditionsNotSatisfied)
		if len(user.prompts) != 1 {
			t.Errorf("asked %d times, want once", len(user.prompts))
		}
		time.Sleep(3*time.Second + 1)
		_, _ = k.apdu(registerAPDU)
		if len(user.prompts) != 2 {
			t.Errorf("asked %d times after a pause, want twice", len(user.prompts))
		}
	})
}

func TestPromptIsWithdrawn(t *testing.T) {
	tests := []struct {
		name string
		by   func(k key)
	}{
		{"when the host is gone for 3 s", func(key) { time.Sleep(3 * time.Second) }},
		{"by unplugging", func(k key) { k.Plug() }},
		{"by a CTAP2 command that asks", func(k key) {
			ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, ctap.StatusKeepaliveCancel)
			defer cancel()
			_ = k.commandOn(ctx, 1, ctap.CommandSelection, nil, nil)
		}},
		{"by Close", func(k key) { _ = k.Close() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended atomic.Bool
				k := newKey(t, PresenceFunc(func(ctx context.Context, _ Prompt) error {
					<-ctx.Done()
					ended.Store(true)
					return context.Cause(ctx)
				}), nil)
				_, _ = k.apdu(registerAPDU)
				if ended.Load() {
					t.Fatal("the prompt ended by itself")
				}
				tt.by(k)
				synctest.Wait()
				if !ended.Load() {
					t.Error("the prompt still stands")
				}
			})
		})
	}
}

// While a host polls, the prompt stands, and ends with the time limit.
func TestPromptStandsWhilePolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		user := newUser()
		k := newKey(t, user, nil)
		wantStatus(t, "polling", k.pollFor(registerAPDU, 29*time.Second), ctap.SWConditionsNotSatisfied)
		if len(user.prompts) != 1 || user.polls[len(user.polls)-1] != len(user.polls) {
			t.Errorf("asked %d times, polls %v; want one prompt, polls counted", len(user.prompts), user.polls)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		k.touch.collect()
		if k.touch.prompt != nil {
			t.Error("the prompt stands after 30 s")
		}
	})
}

func TestU2FBlink(t *testing.T) {
	letters := func(c byte) (b [32]byte) {
		for i := range b {
			b[i] = c
		}
		return b
	}
	for _, tt := range []struct {
		name                   string
		application, challenge [32]byte
		want                   Kind
	}{
		{"a site", testApplication, testChallenge, KindConsent},
		{"Chromium", letters('A'), letters('B'), KindSelect},
		{"Chromium's letters with a challenge", letters('A'), testChallenge, KindConsent},
		{"Firefox", sha256.Sum256([]byte("make.me.blink")), testChallenge, KindSelect},
		{"libfido2", sha256.Sum256([]byte("localhost")), sha256.Sum256(nil), KindSelect},
		{"localhost itself", sha256.Sum256([]byte("localhost")), testChallenge, KindConsent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			presence := &asks{}
			k := newKey(t, presence, nil)
			if _, err := k.apdu(ctap.U2FRegisterRequest{Challenge: tt.challenge, Application: tt.application}.APDU()); err != nil {
				t.Fatal(err)
			}
			if got := presence.prompts[0]; got.Kind != tt.want || got.Operation != OperationU2FRegister || got.RPIDHash != tt.application {
				t.Errorf("asked %+v, want kind %q", got, tt.want)
			}
		})
	}
}

// prompted is a user who answers without being asked, when there is an answer.
type prompted struct {
	*userOf
	answer *error
}

func (p prompted) ConfirmNow(Prompt) (answered bool, err error) {
	if p.answer == nil {
		return false, nil
	}
	return true, *p.answer
}

// An answer that is there takes no time, and nobody is asked.
func TestAnswerAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var agreed, refused error = nil, ctap.StatusOperationDenied
		user := prompted{userOf: newUser(), answer: &agreed}
		k := newKey(t, &user, nil)
		start := time.Now()
		_, err := k.apdu(registerAPDU)
		wantStatus(t, "agreed", err, nil)
		user.answer = &refused
		_, err = k.apdu(registerAPDU)
		wantStatus(t, "refused", err, ctap.SWConditionsNotSatisfied)
		if took := time.Since(start); took != 0 || len(user.prompts) != 0 {
			t.Errorf("took %v and %d prompts, want none", took, len(user.prompts))
		}
		user.answer = nil
		time.Sleep(touchPolled + 1)
		_, err = k.apdu(registerAPDU)
		wantStatus(t, "asked", err, ctap.SWConditionsNotSatisfied)
		if len(user.prompts) != 1 {
			t.Errorf("got %d prompts, want the one that has no answer yet", len(user.prompts))
		}
		user.answers <- nil
	})
}
