package authenticator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

var (
	salt1 = bytes.Repeat([]byte{1}, 32)
	salt2 = bytes.Repeat([]byte{2}, 32)
)

// secrets returns the decrypted output of hmac-secret.
func (h *extHost) secrets(r *ctap.GetAssertionRequest, by made) []byte {
	h.t.Helper()
	_, data := h.get(r, by)
	return h.opened(data, "hmac-secret")
}

func (h *extHost) opened(data *ctap.AuthenticatorData, name string) []byte {
	h.t.Helper()
	var enc []byte
	if !output(h.t, data, name, &enc) {
		h.t.Fatalf("no output of %s", name)
	}
	plain, err := h.protocol.Decrypt(h.secret, enc)
	if err != nil {
		h.t.Fatal(err)
	}
	return plain
}

func (h *extHost) asked(salts ...[]byte) inputs { return inputs{"hmac-secret": h.salts(salts...)} }

// credentialKinds are all ways to keep a credential: in its ID, in the store, and
// the RSA key of a credential that is not discoverable.
var credentialKinds = map[string]func(*ctap.MakeCredentialRequest){
	"not discoverable": nil,
	"discoverable":     discoverable,
	"RSA":              func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.RS256) },
}

func withRSA(c *Config) { c.Profile.Algorithms = append(c.Profile.Algorithms, cose.RS256) }

func TestHMACSecret(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		for kind, change := range credentialKinds {
			t.Run("rows 225, 226, 227, 228: "+kind, func(t *testing.T) { testHMACSecret(t, protocol, change) })
		}
	})
}

func testHMACSecret(t *testing.T, protocol uint64, kind func(*ctap.MakeCredentialRequest)) {
	k := newExtKey(t, DefaultProfile, withRSA)
	m := k.create(inputs{"hmac-secret": true}.creation("ada", kind))
	wantOutput(t, m.data, "hmac-secret", true)
	h := newExtHost(k, protocol)
	one := h.secrets(h.asked(salt1).assertion(m.id), m)
	if again := h.secrets(h.asked(salt1).assertion(m.id), m); len(one) != 32 || !bytes.Equal(one, again) {
		t.Fatalf("one salt: got %x and %x, want the same 32 bytes", one, again)
	}
	two := h.secrets(h.asked(salt1, salt2).assertion(m.id), m)
	if len(two) != 64 || !bytes.Equal(two[:32], one) || bytes.Equal(two[32:], one) {
		t.Errorf("two salts: got %x, want %x and another", two, one)
	}
	if swapped := h.secrets(h.asked(salt2, salt1).assertion(m.id), m); !bytes.Equal(swapped, slices.Concat(two[32:], one)) {
		t.Errorf("salts in the other order: got %x, want the halves of %x swapped", swapped, two)
	}
	h = newVerifiedHost(k, protocol)
	if got := h.secrets(h.asked(salt1, salt2).assertion(m.id), m); !bytes.Equal(got, two) {
		t.Errorf("once a PIN is set: got %x, want %x", got, two)
	}
	verified := h.secrets(h.verifyUser(h.asked(salt1, salt2).assertion(m.id)), m)
	if bytes.Equal(verified[:32], two[:32]) || bytes.Equal(verified[32:], two[32:]) {
		t.Errorf("with user verification: got %x, want nothing of %x", verified, two)
	}
}

// The output is an HMAC under a secret that is derived of the private key, and
// the same by both protocols.
func TestHMACSecretValue(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	m := k.create(inputs{"hmac-secret": true}.creation("ada"))
	cred, err := k.find(testRPIDHash, m.id)
	if err != nil || cred == nil {
		t.Fatalf("find: %v, %v", cred, err)
	}
	credRandom, err := deriveSecret(cred.material, purposeWithoutUV)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, credRandom[:])
	mac.Write(salt1)
	want := mac.Sum(nil)
	for _, protocol := range pinProtocols {
		h := newExtHost(k, protocol)
		if got := h.secrets(h.asked(salt1).assertion(m.id), m); !bytes.Equal(got, want) {
			t.Errorf("protocol %d: got %x, want %x", protocol, got, want)
		}
	}
}

// A credential has its secrets from birth, asked for or not.
func TestHMACSecretOfAnyCredential(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	h := newExtHost(k, 2)
	for _, in := range []inputs{{}, {"hmac-secret": false}} {
		m := k.create(in.creation("ada"))
		wantOutput(t, m.data, "", nil)
		if got := h.secrets(h.asked(salt1).assertion(m.id), m); len(got) != 32 {
			t.Errorf("%v: got %x, want 32 bytes", in, got)
		}
	}
}

func TestHMACSecretOfNextAssertion(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		t.Run("row 236: each credential has its own", func(t *testing.T) { testHMACSecretOfNext(t, protocol) })
	})
}

func testHMACSecretOfNext(t *testing.T, protocol uint64) {
	k := newExtKey(t, DefaultProfile, nil)
	a, b := k.create(creation("ada", discoverable)), k.create(creation("bob", discoverable))
	h := newExtHost(k, protocol)
	ofA, ofB := h.secrets(h.asked(salt1).assertion(a.id), a), h.secrets(h.asked(salt1).assertion(b.id), b)
	if bytes.Equal(ofA, ofB) {
		t.Fatalf("two credentials have one secret: %x", ofA)
	}
	if got := h.secrets(h.asked(salt1).assertion(), b); !bytes.Equal(got, ofB) {
		t.Errorf("getAssertion: got %x, want %x", got, ofB)
	}
	if got := h.opened(k.next(a).data, "hmac-secret"); !bytes.Equal(got, ofA) {
		t.Errorf("getNextAssertion: got %x, want %x", got, ofA)
	}
}

// saltFault has the rows of the checklist that it is, of either command.
type saltFault struct {
	inGet, inCreate string
	name            string
	input           any
	want            error
}

// saltFaults are what can be wrong with the salts, and what is said of it, in the
// order in which it is looked for.
func saltFaults(h *extHost) []saltFault {
	with := func(changes map[int]any) map[int]any {
		in := h.salts(salt1)
		for member, value := range changes {
			if in[member] = value; value == nil {
				delete(in, member)
			}
		}
		return in
	}
	notOnCurve := map[int]any{1: 2, 3: -25, -1: 1, -2: salt1, -3: salt2}
	return []saltFault{
		{"row 234: ", "", "protocol 3", with(map[int]any{4: 3, 1: nil}), ctap.StatusInvalidParameter},
		{"", "", "protocol text", with(map[int]any{4: "1"}), ctap.StatusCBORUnexpectedType},
		{"row 235: ", "", "no keyAgreement", with(map[int]any{1: nil}), ctap.StatusMissingParameter},
		{"row 235: ", "", "no saltEnc", with(map[int]any{2: nil}), ctap.StatusMissingParameter},
		{"row 235: ", "", "no saltAuth", with(map[int]any{3: nil}), ctap.StatusMissingParameter},
		{"", "", "nothing", map[int]any{}, ctap.StatusMissingParameter},
		{"", "", "saltEnc an array", with(map[int]any{2: []int{1, 2, 3}}), ctap.StatusCBORUnexpectedType},
		{"", "", "saltAuth text", with(map[int]any{3: "x"}), ctap.StatusCBORUnexpectedType},
		{"", "", "keyAgreement bytes", with(map[int]any{1: salt1}), ctap.StatusCBORUnexpectedType},
		{"", "", "keyAgreement of text", with(map[int]any{1: map[int]any{1: "x"}}), ctap.StatusCBORUnexpectedType},
		{"", "", "keyAgreement empty", with(map[int]any{1: map[int]any{}}), ctap.StatusInvalidParameter},
		{"", "", "keyAgreement not on the curve", with(map[int]any{1: notOnCurve}), ctap.StatusInvalidParameter},
		{"row 232: ", "", "saltAuth corrupted", with(map[int]any{3: make([]byte, 32)}), ctap.StatusPINAuthInvalid},
		{"", "", "saltAuth empty", with(map[int]any{3: []byte{}}), ctap.StatusPINAuthInvalid},
		{"", "", "saltEnc short, saltAuth of another", with(map[int]any{2: salt1[:16]}), ctap.StatusPINAuthInvalid},
		{"row 230: ", "row 242: ", "salt short", h.salts(salt1[:16]), ctap.StatusInvalidParameter},
		{"row 231: ", "row 243: ", "second salt short", h.salts(salt1, salt2[:16]), ctap.StatusInvalidParameter},
		{"", "", "three salts", h.salts(salt1, salt2, salt1), ctap.StatusInvalidParameter},
		{"", "", "no salt", h.salts(), ctap.StatusInvalidParameter},
		{"", "", "half a block", h.raggedSalts(), ctap.StatusInvalidParameter},
		{"", "", "no fault", with(map[int]any{7: "unknown"}), nil},
	}
}

// raggedSalts are of no length that AES gives, and authenticated all the same.
func (h *extHost) raggedSalts() map[int]any {
	in, enc := h.salts(salt1), make([]byte, 41)
	in[2], in[3] = enc, h.protocol.Authenticate(h.secret, enc)
	return in
}

func TestHMACSecretRefusals(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		k := newExtKey(t, DefaultProfile, nil)
		m, h := k.create(creation("ada", nil)), newExtHost(k, protocol)
		for _, tt := range saltFaults(h) {
			t.Run(tt.inGet+tt.name, func(t *testing.T) {
				k.in(t).assertionRefused(inputs{"hmac-secret": tt.input}.assertion(m.id), tt.want)
			})
		}
		t.Run("row 233: up false", func(t *testing.T) {
			k := k.in(t)
			k.assertionRefused(silent(h.asked(salt1).assertion(m.id)), ctap.StatusUnsupportedOption)
			k.assertionRefused(silent(inputs{"hmac-secret": map[int]any{}}.assertion(m.id)), ctap.StatusMissingParameter)
			k.assertionRefused(silent(inputs{"hmac-secret": h.raggedSalts()}.assertion(m.id)), ctap.StatusUnsupportedOption)
		})
	})
}

// Without a number the protocol is one.
func TestHMACSecretDefaultProtocol(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	m, h := k.create(creation("ada", nil)), newExtHost(k, 1)
	in := h.salts(salt1)
	delete(in, 4)
	if got := h.secrets(inputs{"hmac-secret": in}.assertion(m.id), m); len(got) != 32 {
		t.Errorf("got %x, want 32 bytes", got)
	}
	k.profile.PinUvAuthProtocols = []uint64{2}
	k.assertionRefused(inputs{"hmac-secret": in}.assertion(m.id), ctap.StatusPINAuthInvalid)
	k.create(inputs{"hmac-secret": true, "unheard of": in}.creation("ada"))
	k.refused(inputs{"hmac-secret": true, "hmac-secret-mc": in}.creation("eve", discoverable), ctap.StatusPINAuthInvalid)
}

// byProtocols runs a test in the four combinations of protocols.
func byProtocols(t *testing.T, test func(t *testing.T, first, second uint64)) {
	byProtocol(t, func(t *testing.T, first uint64) {
		byProtocol(t, func(t *testing.T, second uint64) { test(t, first, second) })
	})
}

func TestHMACSecretMC(t *testing.T) {
	byProtocols(t, func(t *testing.T, first, second uint64) {
		for kind, change := range credentialKinds {
			for row, salts := range map[string][][]byte{"row 238: ": {salt1}, "row 239: ": {salt1, salt2}} {
				t.Run(row+kind, func(t *testing.T) { testHMACSecretMC(t, first, second, change, salts) })
			}
		}
	})
}

func testHMACSecretMC(t *testing.T, first, second uint64, kind func(*ctap.MakeCredentialRequest), salts [][]byte) {
	k := newExtKey(t, DefaultProfile, withRSA)
	h := newExtHost(k, first)
	m := k.create(inputs{"hmac-secret": true, "hmac-secret-mc": h.salts(salts...)}.creation("ada", kind))
	made := h.opened(m.data, "hmac-secret-mc")
	var enabled bool
	if !output(t, m.data, "hmac-secret", &enabled) || !enabled || len(made) != 32*len(salts) {
		t.Errorf("hmac-secret %v and %x, want true and %d secrets", enabled, made, len(salts))
	}
	h = newExtHost(k, second)
	if got := h.secrets(h.asked(salts...).assertion(m.id), m); !bytes.Equal(got, made) {
		t.Errorf("got %x in getAssertion, want %x", got, made)
	}
}

func TestHMACSecretMCWithVerification(t *testing.T) {
	byProtocols(t, func(t *testing.T, first, second uint64) {
		t.Run("row 237: made without", func(t *testing.T) {
			testHMACSecretMCWithVerification(t, first, second, false)
		})
		t.Run("made with", func(t *testing.T) {
			testHMACSecretMCWithVerification(t, first, second, true)
		})
	})
}

// testHMACSecretMCWithVerification makes a credential with or without user
// verification: assertions that are verified alike give the same secrets, others
// give others.
func testHMACSecretMCWithVerification(t *testing.T, first, second uint64, verified bool) {
	k := newExtKey(t, DefaultProfile, nil)
	maker := newVerifiedHost(k, first)
	r := inputs{"hmac-secret": true, "hmac-secret-mc": maker.salts(salt1, salt2)}.creation("ada")
	if verified {
		maker.verifyMaker(r)
	}
	m := k.create(r)
	made := maker.opened(m.data, "hmac-secret-mc")
	h := newExtHost(k, second)
	for _, alike := range []bool{true, false} {
		asked := h.asked(salt1, salt2).assertion(m.id)
		if verified == alike {
			h.verifyUser(asked)
		}
		got := h.secrets(asked, m)
		if alike && !bytes.Equal(got, made) {
			t.Errorf("verified alike: got %x, want %x", got, made)
		}
		if !alike && (bytes.Equal(got[:32], made[:32]) || bytes.Equal(got[32:], made[32:])) {
			t.Errorf("not verified alike: got %x, want nothing of %x", got, made)
		}
	}
}

func TestHMACSecretMCRefusals(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		k := newExtKey(t, DefaultProfile, nil)
		h := newExtHost(k, protocol)
		t.Run("row 240: without hmac-secret", func(t *testing.T) {
			for _, beside := range []inputs{{}, {"hmac-secret": false}} {
				beside["hmac-secret-mc"] = h.salts(salt1)
				k.in(t).refused(beside.creation("ada", discoverable), ctap.StatusMissingParameter)
			}
		})
		k.refused(inputs{"hmac-secret": 1, "hmac-secret-mc": h.salts(salt1)}.creation("ada", discoverable), ctap.StatusCBORUnexpectedType)
		for _, tt := range saltFaults(h) {
			t.Run(tt.inCreate+tt.name, func(t *testing.T) {
				k.in(t).refused(inputs{"hmac-secret": true, "hmac-secret-mc": tt.input}.creation("eve", discoverable), tt.want)
			})
		}
	})
}

// FuzzHMACSecret: of what the platform authenticates, one salt or two have an
// output, as long as they are; anything else is an invalid parameter.
func FuzzHMACSecret(f *testing.F) {
	for _, n := range []int{0, 15, 16, 31, 32, 33, 48, 63, 64, 65, 80, 96} {
		f.Add(make([]byte, n))
	}
	k := newExtKey(f, DefaultProfile, nil)
	m := k.create(creation("ada", nil))
	hosts := []*extHost{newExtHost(k, 1), newExtHost(k, 2)}
	f.Fuzz(func(t *testing.T, enc []byte) {
		for _, h := range hosts {
			h.t = t
			in := map[int]any{1: h.public, 2: enc, 3: h.protocol.Authenticate(h.secret, enc), 4: h.protocol.Number()}
			r := inputs{"hmac-secret": in}.assertion(m.id)
			plain, err := h.protocol.Decrypt(h.secret, enc)
			if err != nil || len(plain) != 32 && len(plain) != 64 {
				h.assertionRefused(r, ctap.StatusInvalidParameter)
				continue
			}
			if got := h.secrets(r, m); len(got) != len(plain) {
				t.Errorf("protocol %d: output of %d bytes for %d", h.protocol.Number(), len(got), len(plain))
			}
		}
	})
}
