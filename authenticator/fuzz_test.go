package authenticator

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// fuzzKeys makes keys of the profile with the most commands, each with testPIN
// and a finger. They share an attester: certificates are slow.
func fuzzKeys(f *testing.F) func(t *testing.T) platform {
	profile, _ := ProfileByName("biometric")
	full, _ := ProfileByName("full-policy")
	profile.Extensions, profile.VendorPrototypeCommands = full.Extensions, full.VendorPrototypeCommands
	profile.LongTouchForReset, profile.PINComplexityPolicy = full.LongTouchForReset, full.PINComplexityPolicy
	profile = profile.with(map[string]bool{ctap.OptionEP: true})
	attester := newAttester(f, profile.AAGUID)
	return func(t *testing.T) platform {
		a, err := New(Config{
			Profile: profile, Store: keystore.NewMemory(), Attester: always(attester), Enterprise: attester,
			Presence: Approve{}, Verification: VerificationFunc(recognise),
		})
		if err != nil {
			t.Fatal(err)
		}
		p := key{a, t, 1}.speaking(2)
		if err := p.SetPIN(testPIN); err != nil {
			t.Fatal(err)
		}
		return p
	}
}

// checkAnswer wants an answer that a host can read: one byte of a status that is
// not OTHER, or OK and canonical CBOR.
func checkAnswer(t *testing.T, message, answer []byte) {
	t.Helper()
	switch {
	case len(answer) == 0:
		t.Fatalf("no answer to %x", message)
	case ctap.Status(answer[0]) == ctap.StatusOther:
		t.Fatalf("OTHER to %x", message)
	case ctap.Status(answer[0]) != ctap.StatusOK && len(answer) != 1:
		t.Errorf("%x follows a refusal of %x", answer[1:], message)
	case len(answer) > 1 && ctap.CheckCanonical(answer[1:]) != nil:
		t.Errorf("answer %x to %x is not canonical", answer, message)
	}
}

// Whatever parameters a command gets, it is answered, and nobody who does not
// know the PIN gets a retry back, but by a reset, which takes the PIN as well.
func FuzzCommands(f *testing.F) {
	for id := range commands {
		f.Add(byte(id), []byte{0xa0})
		f.Add(byte(id), []byte{0xa1, 1, 1})
	}
	f.Add(byte(1), ctap.MustMarshal(creation("ada", discoverable)))
	f.Add(byte(2), ctap.MustMarshal(assertionBy([]byte{1})))
	public := map[int]any{1: 2, 3: -25, -1: 1, -2: bytes.Repeat([]byte{1}, 32), -3: bytes.Repeat([]byte{2}, 32)}
	for sub := range 10 {
		f.Add(byte(6), ctap.MustMarshal(map[int]any{
			1: 2, 2: sub, 3: public, 4: make([]byte, 32), 5: make([]byte, 80), 6: make([]byte, 32), 9: 4, 10: testRPID,
		}))
	}
	for _, id := range []byte{9, 0x0a, 0x0d} {
		f.Add(id, ctap.MustMarshal(map[int]any{1: 1, 2: map[int]any{1: 5}, 3: 2, 4: make([]byte, 32)}))
	}
	f.Add(byte(0x0c), ctap.MustMarshal(map[int]any{1: 17, 3: 0}))
	f.Add(byte(0x0c), ctap.MustMarshal(map[int]any{2: emptyLargeBlobArray(), 3: 0, 4: 17}))
	newKey := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, id byte, body []byte) {
		p := newKey(t)
		defer p.Close()
		if err := p.changePolicy(func(policy *keystore.Policy) error { policy.PINFailures = 5; return nil }); err != nil {
			t.Fatal(err)
		}
		p.pinFailures = 5
		message := append([]byte{id}, body...)
		checkAnswer(t, message, p.on(t.Context(), 1, ctap.CTAP2, message))
		if p.pinSet() && p.policy.PINFailures < 5 {
			t.Errorf("%d failures after %x, want 5 or more", p.policy.PINFailures, message)
		}
	})
}

// The same with a token: what is behind the gate of the management commands.
func FuzzAuthorized(f *testing.F) {
	credential := map[string]any{"id": make([]byte, 64), "type": "public-key"}
	for _, p := range []any{
		map[int]any{}, map[int]any{1: make([]byte, 32)}, map[int]any{2: credential}, map[int]any{2: credential, 3: map[string]any{"id": []byte("ada")}},
		map[int]any{1: 5, 2: []any{testRPID}, 3: true, 4: true}, map[int]any{1: []byte{1}, 2: "name", 3: 100},
	} {
		for command := range byte(3) {
			for sub := range byte(8) {
				f.Add(command, sub, ctap.MustMarshal(p))
			}
		}
	}
	newKey := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, command, sub byte, params []byte) {
		if ctap.CheckCanonical(params) != nil {
			return
		}
		p := newKey(t)
		defer p.Close()
		p.create(creation("ada", also(discoverable, by(p.tokenBy(testPIN, mc, testRPID)))))
		token := p.tokenBy(testPIN, cm|be|acfg, "")
		var request any
		id := []ctap.Command{ctap.CommandCredentialManagement, ctap.CommandConfig, ctap.CommandBioEnrollment}[command%3]
		switch id {
		case ctap.CommandCredentialManagement:
			r := &ctap.CredentialManagementRequest{Subcommand: ctap.CredentialManagementSubcommand(sub), Params: params}
			r.PinUvAuthProtocol, r.PinUvAuthParam = token.sign([]byte{sub}, params)
			request = r
		case ctap.CommandConfig:
			r := &ctap.ConfigRequest{Subcommand: ctap.ConfigSubcommand(sub), Params: params}
			r.PinUvAuthProtocol, r.PinUvAuthParam = token.sign(ffs(), []byte{byte(id), sub}, params)
			request = r
		case ctap.CommandBioEnrollment:
			r := &ctap.BioEnrollmentRequest{Modality: ptr[uint64](1), Subcommand: ctap.BioEnrollmentSubcommand(sub), Params: params}
			r.PinUvAuthProtocol, r.PinUvAuthParam = token.sign([]byte{1, sub}, params)
			request = r
		}
		message := append([]byte{byte(id)}, ctap.MustMarshal(request)...)
		checkAnswer(t, message, p.on(t.Context(), 1, ctap.CTAP2, message))
		if p.minPINLength() > p.profile.MaxPINLength {
			t.Errorf("minPINLength %d after %x", p.minPINLength(), message)
		}
		checkAnswer(t, nil, p.on(t.Context(), 1, ctap.CTAP2, []byte{byte(ctap.CommandGetInfo)}))
	})
}

// pinModel is what the PIN of a key must be like, said in another way.
type pinModel struct {
	pin     string
	retries int
	inARow  int
}

// try is a PIN that is entered; the status is that of getPinToken.
func (m *pinModel) try(pin string) ctap.Status {
	switch {
	case m.retries == 0:
		return ctap.StatusPINBlocked
	case m.inARow == 3:
		return ctap.StatusPINAuthBlocked
	case pin == m.pin:
		m.retries, m.inARow = 8, 0
		return ctap.StatusOK
	}
	m.retries, m.inARow = m.retries-1, m.inARow+1
	switch {
	case m.retries == 0:
		return ctap.StatusPINBlocked
	case m.inARow == 3:
		return ctap.StatusPINAuthBlocked
	}
	return ctap.StatusPINInvalid
}

// Any sequence of right and wrong PINs, power cycles and restarts goes as the
// model says: retries do not come back but by a right PIN.
func FuzzPINRetries(f *testing.F) {
	f.Add([]byte("wwrwwwpr"))
	f.Add([]byte("wwwpwwwpwwpr"))
	f.Add([]byte("WcCwbrsCr"))
	f.Add([]byte("wwSwwSwwSwwSr"))
	newKey := fuzzKeys(f)
	f.Fuzz(func(t *testing.T, steps []byte) {
		p := newKey(t)
		defer func() { _ = p.Close() }()
		cfg := Config{
			Profile: *p.profile, Store: p.cfg.Store, Attester: p.cfg.Attester, Enterprise: p.cfg.Enterprise,
			Presence: p.cfg.Presence, Verification: p.cfg.Verification,
		}
		m := &pinModel{pin: testPIN, retries: 8}
		for n, step := range steps[:min(len(steps), 40)] {
			host := p.speaking(uint64(1 + n%2))
			var err error
			want := ctap.StatusOK
			switch step {
			case 'w':
				_, err = host.getPINToken(wrongPIN)
				want = m.try(wrongPIN)
			case 'W':
				_, err = host.token(ctap.GetTokenUsingPINWithPermission, wrongPIN, cm, "")
				want = m.try(wrongPIN)
			case 'r':
				_, err = host.getPINToken(m.pin)
				want = m.try(m.pin)
			case 'c':
				err = host.changePIN(wrongPIN, "fresh")
				want = m.try(wrongPIN)
			case 'C':
				fresh := fmt.Sprintf("fresh%d", n)
				err = host.changePIN(m.pin, fresh)
				if want = m.try(m.pin); want == ctap.StatusOK {
					m.pin = fresh
				}
			case 'b': // a bad pinUvAuthParam tries nothing
				req := host.changePINRequest(m.pin, padded("fresh"))
				req.PinUvAuthParam[0] ^= 1
				_, err = host.pin(req)
				want = m.blocked(ctap.StatusPINAuthInvalid)
			case 's':
				err = host.setPIN("fresh")
				want = ctap.StatusPINAuthInvalid
			case 'p':
				p.Plug()
				m.inARow = 0
			case 'S':
				_ = p.Close()
				a, newErr := New(cfg)
				if newErr != nil {
					t.Fatal(newErr)
				}
				p = key{a, t, 1}.speaking(2)
				m.inARow = 0
			default:
				continue
			}
			if got := ctap.StatusOf(err); got != want {
				t.Fatalf("%q, step %d: got %v, want %v", steps, n, got, want)
			}
			if got := p.retries(); got != uint64(m.retries) {
				t.Fatalf("%q, step %d: %d retries, want %d", steps, n, got, m.retries)
			}
		}
	})
}

// blocked is the status of what tries no PIN, but is refused while none may be
// tried.
func (m *pinModel) blocked(otherwise ctap.Status) ctap.Status {
	switch {
	case m.retries == 0:
		return ctap.StatusPINBlocked
	case m.inARow == 3:
		return ctap.StatusPINAuthBlocked
	}
	return otherwise
}
