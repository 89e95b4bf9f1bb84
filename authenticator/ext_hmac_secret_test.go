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

// Checklist rows 225 to 228.
func TestHMACSecret(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		for kind, change := range credentialKinds {
			t.Run(kind, func(t *testing.T) { testHMACSecret(t, protocol, change) })
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

// Checklist row 236.
func TestHMACSecretOfNextAssertion(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
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
	})
}

// saltFaults are what can be wrong with the salts, and what is said of it, in the
// order in which it is looked for.
func saltFaults(h *extHost) []struct {
	name  string
	input any
	want  error
} {
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
	return []struct {
		name  string
		input any
		want  error
	}{
		{"protocol 3", with(map[int]any{4: 3, 1: nil}), ctap.StatusInvalidParameter},
		{"protocol text", with(map[int]any{4: "1"}), ctap.StatusCBORUnexpectedType},
		{"no keyAgreement", with(map[int]any{1: nil}), ctap.StatusMissingParameter},
		{"no saltEnc", with(map[int]any{2: nil}), ctap.StatusMissingParameter},
		{"no saltAuth", with(map[int]any{3: nil}), ctap.StatusMissingParameter},
		{"nothing", map[int]any{}, ctap.StatusMissingParameter},
		{"saltEnc an array", with(map[int]any{2: []int{1, 2, 3}}), ctap.StatusCBORUnexpectedType},
		{"saltAuth text", with(map[int]any{3: "x"}), ctap.StatusCBORUnexpectedType},
		{"keyAgreement bytes", with(map[int]any{1: salt1}), ctap.StatusCBORUnexpectedType},
		{"keyAgreement of text", with(map[int]any{1: map[int]any{1: "x"}}), ctap.StatusCBORUnexpectedType},
		{"keyAgreement empty", with(map[int]any{1: map[int]any{}}), ctap.StatusInvalidParameter},
		{"keyAgreement not on the curve", with(map[int]any{1: notOnCurve}), ctap.StatusInvalidParameter},
		{"saltAuth corrupted", with(map[int]any{3: make([]byte, 32)}), ctap.StatusPINAuthInvalid},
		{"saltAuth empty", with(map[int]any{3: []byte{}}), ctap.StatusPINAuthInvalid},
		{"saltEnc short, saltAuth of another", with(map[int]any{2: salt1[:16]}), ctap.StatusPINAuthInvalid},
		{"salt short", h.salts(salt1[:16]), ctap.StatusInvalidParameter},
		{"second salt short", h.salts(salt1, salt2[:16]), ctap.StatusInvalidParameter},
		{"three salts", h.salts(salt1, salt2, salt1), ctap.StatusInvalidParameter},
		{"no salt", h.salts(), ctap.StatusInvalidParameter},
		{"half a block", h.raggedSalts(), ctap.StatusInvalidParameter},
		{"no fault", with(map[int]any{7: "unknown"}), nil},
	}
}

// raggedSalts are of no length that AES gives, and authenticated all the same.
func (h *extHost) raggedSalts() map[int]any {
	in, enc := h.salts(salt1), make([]byte, 41)
	in[2], in[3] = enc, h.protocol.Authenticate(h.secret, enc)
	return in
}

// Checklist rows 229 to 235.
func TestHMACSecretRefusals(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		k := newExtKey(t, DefaultProfile, nil)
		m, h := k.create(creation("ada", nil)), newExtHost(k, protocol)
		for _, tt := range saltFaults(h) {
			t.Run(tt.name, func(t *testing.T) {
				err := k.command(ctap.CommandGetAssertion, inputs{"hmac-secret": tt.input}.assertion(m.id), nil)
				wantStatus(t, "getAssertion", err, tt.want)
			})
		}
		k.assertionRefused(silent(h.asked(salt1).assertion(m.id)), ctap.StatusUnsupportedOption)
		k.assertionRefused(silent(inputs{"hmac-secret": map[int]any{}}.assertion(m.id)), ctap.StatusMissingParameter)
		k.assertionRefused(silent(inputs{"hmac-secret": h.raggedSalts()}.assertion(m.id)), ctap.StatusUnsupportedOption)
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

// Checklist rows 237 to 239, in the four combinations of protocols.
func TestHMACSecretMC(t *testing.T) {
	byProtocol(t, func(t *testing.T, first uint64) {
		byProtocol(t, func(t *testing.T, second uint64) {
			for kind, change := range credentialKinds {
				t.Run(kind, func(t *testing.T) { testHMACSecretMC(t, first, second, change) })
			}
		})
	})
}

func testHMACSecretMC(t *testing.T, first, second uint64, kind func(*ctap.MakeCredentialRequest)) {
	k := newExtKey(t, DefaultProfile, withRSA)
	for _, salts := range [][][]byte{{salt1}, {salt1, salt2}} {
		h := newExtHost(k, first)
		r := inputs{"hmac-secret": true, "hmac-secret-mc": h.salts(salts...)}.creation("ada", kind)
		m := k.create(r)
		made := h.opened(m.data, "hmac-secret-mc")
		var enabled bool
		if !output(t, m.data, "hmac-secret", &enabled) || !enabled || len(made) != 32*len(salts) {
			t.Errorf("%d salts: hmac-secret %v and %x, want true and as many secrets", len(salts), enabled, made)
		}
		h = newExtHost(k, second)
		if got := h.secrets(h.asked(salts...).assertion(m.id), m); !bytes.Equal(got, made) {
			t.Errorf("%d salts: got %x in getAssertion, want %x", len(salts), got, made)
		}
	}
}

func TestHMACSecretMCWithVerification(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		k := newExtKey(t, DefaultProfile, nil)
		h := newVerifiedHost(k, protocol)
		in := inputs{"hmac-secret": true, "hmac-secret-mc": h.salts(salt1, salt2)}
		plain, r := k.create(in.creation("ada")), in.creation("bob", discoverable)
		h.verifyMaker(r)
		verified := k.create(r)
		for _, tt := range []struct {
			name            string
			by              made
			same, different *ctap.GetAssertionRequest
		}{
			{"made without", plain, h.asked(salt1, salt2).assertion(plain.id), h.verifyUser(h.asked(salt1, salt2).assertion(plain.id))},
			{"made with", verified, nil, h.asked(salt1, salt2).assertion(verified.id)},
		} {
			made := h.opened(tt.by.data, "hmac-secret-mc")
			if got := h.secrets(tt.different, tt.by); bytes.Equal(got[:32], made[:32]) || bytes.Equal(got[32:], made[32:]) {
				t.Errorf("%s verification: got %x with the other, want nothing of %x", tt.name, got, made)
			}
			if tt.same == nil { // a token is for one assertion
				tt.same = h.verifyUser(h.asked(salt1, salt2).assertion(tt.by.id))
			}
			if got := h.secrets(tt.same, tt.by); !bytes.Equal(got, made) {
				t.Errorf("%s verification: got %x, want %x", tt.name, got, made)
			}
		}
	})
}

// Checklist rows 240 to 243.
func TestHMACSecretMCRefusals(t *testing.T) {
	byProtocol(t, func(t *testing.T, protocol uint64) {
		k := newExtKey(t, DefaultProfile, nil)
		h := newExtHost(k, protocol)
		for _, beside := range []inputs{{}, {"hmac-secret": false}} {
			beside["hmac-secret-mc"] = h.salts(salt1)
			k.refused(beside.creation("ada", discoverable), ctap.StatusMissingParameter)
		}
		k.refused(inputs{"hmac-secret": 1, "hmac-secret-mc": h.salts(salt1)}.creation("ada", discoverable), ctap.StatusCBORUnexpectedType)
		for _, tt := range saltFaults(h) {
			t.Run(tt.name, func(t *testing.T) {
				k := k
				k.t = t
				k.refused(inputs{"hmac-secret": true, "hmac-secret-mc": tt.input}.creation("eve", discoverable), tt.want)
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
