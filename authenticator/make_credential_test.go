package authenticator

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

func TestMakeCredentialResponse(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	for _, alg := range []cose.ID{cose.ES256, cose.EdDSA} {
		m := k.create(creation("ada", func(r *ctap.MakeCredentialRequest) {
			r.PubKeyCredParams = []ctap.CredentialParameters{
				{Algorithm: -65000, Type: ctap.PublicKey}, // nobody's
				{Algorithm: int64(cose.ES256), Type: "other"},
				{Algorithm: int64(alg), Type: ctap.PublicKey},
				{Algorithm: int64(cose.ES256), Type: ctap.PublicKey},
			}
		}))
		if m.response.Format != "packed" {
			t.Errorf("format %q, want packed", m.response.Format)
		}
		if m.data.RPIDHash != testRPIDHash {
			t.Errorf("rpIDHash %x, want %x", m.data.RPIDHash, testRPIDHash)
		}
		if want := ctap.FlagUP | ctap.FlagAT; m.data.Flags != want {
			t.Errorf("flags %02x, want %02x", m.data.Flags, want)
		}
		if got, want := AAGUID(m.data.Credential.AAGUID), ProfileAAGUID(DefaultProfile, false); got != want {
			t.Errorf("aaguid %v, want %v", got, want)
		}
		k.get(assertionBy(m.id), m)
	}
}

func TestMakeCredentialHandleSizes(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	eddsa := func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA) }
	for _, tt := range []struct {
		name   string
		change func(*ctap.MakeCredentialRequest)
		want   int
	}{{"ES256", nil, 128}, {"EdDSA", eddsa, 96}, {"discoverable", discoverable, 64}} {
		if got := len(k.create(creation("ada", tt.change)).id); got != tt.want {
			t.Errorf("%s: credential ID of %d bytes, want %d", tt.name, got, tt.want)
		}
	}
}

func TestMakeCredentialRefusals(t *testing.T) {
	tests := []struct {
		name     string
		presence Presence
		change   func(*ctap.MakeCredentialRequest)
		want     error
	}{
		{"no algorithm", Approve{}, func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = -65000 }, ctap.StatusUnsupportedAlgorithm},
		{"no type", Approve{}, func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Type = "other" }, ctap.StatusUnsupportedAlgorithm},
		{"empty pubKeyCredParams", Approve{}, func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams = []ctap.CredentialParameters{} }, ctap.StatusUnsupportedAlgorithm},
		{"uv", Approve{}, func(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UV: yes()} }, ctap.StatusInvalidOption},
		{"up false", Approve{}, func(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UP: no()} }, ctap.StatusInvalidOption},
		{"up true", Approve{}, func(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UP: yes(), UV: no()} }, nil},
		{"pinUvAuthParam without protocol", Approve{}, func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = []byte{1} }, ctap.StatusMissingParameter},
		{"protocol 3", Approve{}, func(r *ctap.MakeCredentialRequest) {
			three := uint64(3)
			r.PinUvAuthParam, r.PinUvAuthProtocol = []byte{1}, &three
		}, ctap.StatusInvalidParameter},
		{"zero-length pinUvAuthParam", Approve{}, func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} }, ctap.StatusPINNotSet},
		{"zero-length pinUvAuthParam, declined", Deny{}, func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} }, ctap.StatusOperationDenied},
		{"declined", Deny{}, nil, ctap.StatusOperationDenied},
		{"nobody to ask", nil, nil, ctap.StatusOperationDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newKey(t, tt.presence, nil)
			wantStatus(t, "makeCredential", k.command(ctap.CommandMakeCredential, creation("ada", tt.change), nil), tt.want)
		})
	}
}

func TestMakeCredentialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKey(t, PresenceFunc(Ignore), nil)
		start := time.Now()
		err := k.command(ctap.CommandMakeCredential, creation("ada", nil), nil)
		wantStatus(t, "makeCredential", err, ctap.StatusUserActionTimeout)
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %v, want 30s", took)
		}
	})
}

func TestCancel(t *testing.T) {
	for _, id := range []ctap.Command{ctap.CommandMakeCredential, ctap.CommandSelection, ctap.CommandReset} {
		t.Run(id.String(), func(t *testing.T) {
			k := newKey(t, PresenceFunc(Ignore), nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(ctap.StatusKeepaliveCancel)
			wantStatus(t, id.String(), k.commandOn(ctx, 1, id, creation("ada", nil), nil), ctap.StatusKeepaliveCancel)
		})
	}
}

func TestKeepalives(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	var got []ctap.KeepaliveStatus
	k.Handle(t.Context(), &ctap.Request{
		Protocol: ctap.CTAP2, Data: []byte{byte(ctap.CommandSelection)},
		Notify: func(s ctap.KeepaliveStatus) { got = append(got, s) },
	})
	if want := []ctap.KeepaliveStatus{ctap.KeepaliveUPNeeded, ctap.KeepaliveProcessing}; !bytes.Equal(asBytes(got), asBytes(want)) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func asBytes(s []ctap.KeepaliveStatus) (b []byte) {
	for _, v := range s {
		b = append(b, byte(v))
	}
	return b
}

func TestExcludeList(t *testing.T) {
	exclude := func(ids ...[]byte) func(*ctap.MakeCredentialRequest) {
		return func(r *ctap.MakeCredentialRequest) {
			r.ExcludeList = append(assertionBy(ids...).AllowList, ctap.CredentialDescriptor{ID: []byte{1}, Type: "other"})
		}
	}
	presence := &asks{}
	k := newKey(t, presence, nil)
	listed, stored := k.create(creation("ada", nil)), k.create(creation("bob", discoverable))
	other := k.create(creation("eve", func(r *ctap.MakeCredentialRequest) { r.RP.ID = "example.org" }))
	for _, tt := range []struct {
		name   string
		ids    [][]byte
		answer error
		want   error
		asked  int
	}{
		{"row 143: wrapped", [][]byte{{9}, listed.id}, nil, ctap.StatusCredentialExcluded, 1},
		{"stored", [][]byte{stored.id}, nil, ctap.StatusCredentialExcluded, 1},
		{"declined", [][]byte{listed.id}, ctap.StatusOperationDenied, ctap.StatusCredentialExcluded, 1},
		{"cancelled", [][]byte{listed.id}, ctap.StatusKeepaliveCancel, ctap.StatusKeepaliveCancel, 1},
		{"row 144: of another site", [][]byte{other.id}, nil, nil, 1},
		{"unknown", [][]byte{{9}, make([]byte, 64), make([]byte, 128), {}}, nil, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			presence.prompts, presence.answer = nil, tt.answer
			err := k.command(ctap.CommandMakeCredential, creation("new", exclude(tt.ids...)), nil)
			wantStatus(t, "makeCredential", err, tt.want)
			if len(presence.prompts) != tt.asked {
				t.Errorf("asked %d times, want %d", len(presence.prompts), tt.asked)
			}
		})
	}
}

func TestPrompts(t *testing.T) {
	rpID := func(id string) func(*ctap.MakeCredentialRequest) {
		return func(r *ctap.MakeCredentialRequest) { r.RP.ID = id }
	}
	for _, tt := range []struct {
		name   string
		change func(*ctap.MakeCredentialRequest)
		want   Kind
	}{
		{"a site", nil, KindConsent},
		{"Chromium chooses a key", rpID(".dummy"), KindSelect},
		{"Firefox chooses a key", rpID("make.me.blink"), KindSelect},
		{"libfido2 chooses a key", func(r *ctap.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} }, KindSelect},
	} {
		t.Run(tt.name, func(t *testing.T) {
			presence := &asks{}
			r := creation("ada", tt.change)
			_ = newKey(t, presence, nil).command(ctap.CommandMakeCredential, r, nil)
			if len(presence.prompts) != 1 {
				t.Fatalf("asked %d times, want once", len(presence.prompts))
			}
			got := presence.prompts[0]
			if got.Kind != tt.want || got.Operation != "authenticatorMakeCredential" || got.RPID != r.RP.ID || got.User != "ada" || got.Timeout != 30*time.Second {
				t.Errorf("got %+v, want kind %q", got, tt.want)
			}
		})
	}
}

func TestAttestationPreference(t *testing.T) {
	k := newKey(t, Approve{}, func(c *Config) { c.Profile.AttestationFormats = []string{"packed", "fido-u2f"} })
	for _, tt := range []struct {
		name       string
		preference []string
		want       string
	}{
		{"no preference", nil, "packed"},
		{"row 135: packed", []string{"packed", "fido-u2f"}, "packed"},
		{"row 135: the other", []string{"fido-u2f", "packed"}, "fido-u2f"},
		{"row 135: an unknown one first", []string{"x", "fido-u2f"}, "fido-u2f"},
		{"an unknown one alone", []string{"tpm"}, "packed"},
		{"row 136: none", []string{"none"}, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := k.in(t).create(creation("ada", func(r *ctap.MakeCredentialRequest) { r.AttestationFormatsPreference = tt.preference }))
			if m.response.Format != tt.want {
				t.Errorf("got %q, want %q", m.response.Format, tt.want)
			}
			if empty := bytes.Equal(ctap.MustMarshal(m.response.AttStmt), []byte{0xa0}); empty != (tt.want == "none") {
				t.Errorf("attStmt %v of %q", m.response.AttStmt, tt.want)
			}
		})
	}
}

// A format without a place for the algorithm gives way to packed, where the key
// has that; else the credential cannot be made.
func TestFormatThatCannotTakeTheAlgorithm(t *testing.T) {
	eddsa := creation("ada", func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA) })
	with := func(formats ...string) key {
		return newKey(t, Approve{}, func(c *Config) { c.Profile.AttestationFormats = formats })
	}
	if got := with("fido-u2f", "packed").create(eddsa).response.Format; got != "packed" {
		t.Errorf("got %q, want packed", got)
	}
	err := with("fido-u2f").command(ctap.CommandMakeCredential, eddsa, nil)
	wantStatus(t, "fido-u2f alone", err, ctap.StatusUnsupportedAlgorithm)
}

// What is presented as a credential of U2F has no AAGUID; what is not, has.
func TestFormatFidoU2FHasNoAAGUID(t *testing.T) {
	k := newKey(t, Approve{}, func(c *Config) { c.Profile.AttestationFormats = []string{"packed", "fido-u2f"} })
	model := k.Authenticator.profile.AAGUID
	for format, want := range map[string][16]byte{"fido-u2f": {}, "packed": model} {
		m := k.create(creation("ada", func(r *ctap.MakeCredentialRequest) { r.AttestationFormatsPreference = []string{format} }))
		if got := m.data.Credential.AAGUID; m.response.Format != format || got != want {
			t.Errorf("%s: got %s with AAGUID %x, want %x", format, m.response.Format, got, want)
		}
	}
	giveWay := creation("ada", func(r *ctap.MakeCredentialRequest) {
		r.AttestationFormatsPreference = []string{"fido-u2f"}
		r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA)
	})
	if got := k.create(giveWay).data.Credential.AAGUID; got != model {
		t.Errorf("given way to packed: got AAGUID %x, want %x", got, model)
	}
}

func TestSelfAttestation(t *testing.T) {
	t.Run("row 165:", func(t *testing.T) {
		k := newKey(t, Approve{}, func(c *Config) {
			c.Attester = nil
			c.Profile.Versions = []string{ctap.VersionFIDO20}
		})
		m := k.create(creation("ada", nil))
		var statement struct {
			Algorithm cose.ID  `cbor:"alg"`
			Signature []byte   `cbor:"sig"`
			X5C       [][]byte `cbor:"x5c"`
		}
		if err := ctap.Unmarshal(ctap.MustMarshal(m.response.AttStmt), &statement); err != nil {
			t.Fatal(err)
		}
		signed := append(bytes.Clone(m.response.AuthData), testClientDataHash[:]...)
		err := cose.ByID(cose.ES256).Verify(m.data.Credential.PublicKey, signed, statement.Signature)
		if err != nil || statement.X5C != nil || statement.Algorithm != cose.ES256 {
			t.Errorf("got %+v, %v; want a signature by the credential", statement, err)
		}
	})
}

func TestDiscoverableCredentialReplacesItsForerunner(t *testing.T) {
	t.Run("row 212: the same account", func(t *testing.T) {
		k := newKey(t, Approve{}, nil)
		old, other := k.create(creation("ada", discoverable)), k.create(creation("bob", discoverable))
		fresh := k.create(creation("ada", discoverable))
		if bytes.Equal(old.id, fresh.id) || bytes.Equal(old.data.Credential.PublicKey, fresh.data.Credential.PublicKey) {
			t.Errorf("got %x with the key %x again, want another ID and key", fresh.id, fresh.data.Credential.PublicKey)
		}
		wantStatus(t, "old credential", k.command(ctap.CommandGetAssertion, assertionBy(old.id), nil), ctap.StatusNoCredentials)
		k.get(assertionBy(other.id), other)
		resp, _ := k.get(assertionBy(), fresh)
		if resp.NumberOfCredentials != 2 {
			t.Errorf("got %d credentials, want 2", resp.NumberOfCredentials)
		}
	})
}

func TestKeyStoreFull(t *testing.T) {
	k := newKey(t, Approve{}, func(c *Config) { c.Profile.DiscoverableCredentials = 1 })
	first := k.create(creation("ada", discoverable))
	err := k.command(ctap.CommandMakeCredential, creation("bob", discoverable), nil)
	wantStatus(t, "second account", err, ctap.StatusKeyStoreFull)
	k.get(assertionBy(), first)
	k.get(assertionBy(), k.create(creation("ada", discoverable))) // the same account takes no room
}

// Key handles that are too long for sites have a limit of their own: who comes
// after it is refused, and nobody else is worse off.
func TestKeyHandlesFull(t *testing.T) {
	k := newKey(t, Approve{}, withRSA)
	rsa := func(user string) *ctap.MakeCredentialRequest {
		return creation(user, func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.RS256) })
	}
	first := k.create(rsa("ada"))
	err := k.cfg.Store.Update(func(tx keystore.Tx) error {
		for i := range maxKeptHandles - 2 {
			if err := tx.Put("handles", binary.BigEndian.AppendUint32(nil, uint32(i)), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last := k.create(rsa("bob"))
	err = k.command(ctap.CommandMakeCredential, rsa("eve"), nil)
	wantStatus(t, "one more", err, ctap.StatusKeyStoreFull)

	k.get(assertionBy(first.id), first)
	k.get(assertionBy(last.id), last)
	other := k.create(creation("eve", nil))
	k.get(assertionBy(other.id), other)
	k.get(assertionBy(), k.create(creation("eve", discoverable)))
}

func TestNoDiscoverableCredentials(t *testing.T) {
	k := newKey(t, Approve{}, func(c *Config) {
		c.Profile, _ = ProfileByName("fido2.0") // which has nothing that needs one
		c.Profile.DiscoverableCredentials = 0
	})
	err := k.command(ctap.CommandMakeCredential, creation("ada", discoverable), nil)
	wantStatus(t, "rk", err, ctap.StatusUnsupportedOption)
	var info ctap.GetInfoResponse
	if err := k.command(ctap.CommandGetInfo, nil, &info); err != nil || info.Options["rk"] {
		t.Errorf("getInfo: options %v, %v; want rk false", info.Options, err)
	}
	t.Run("row 186: getAssertion without allowList", func(t *testing.T) {
		err := k.command(ctap.CommandGetAssertion, assertionBy(), nil)
		wantStatus(t, "getAssertion", err, ctap.StatusNoCredentials)
	})
}

func TestCutText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"short", "short"},
		{strings.Repeat("x", 65), strings.Repeat("x", 64)},
		{strings.Repeat("x", 63) + "é", strings.Repeat("x", 63)},
		{strings.Repeat("x", 62) + "é", strings.Repeat("x", 62) + "é"},
	} {
		if got := cutText(tt.in); got != tt.want {
			t.Errorf("cutText(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// A store that fails when a credential is kept: the host hears of an error, and
// nothing half-made is left.
func TestStoreFails(t *testing.T) {
	store := &failingStore{Store: keystore.NewMemory()}
	k := newKey(t, Approve{}, func(c *Config) { c.Store = store })
	store.fail = true
	err := k.command(ctap.CommandMakeCredential, creation("ada", discoverable), nil)
	wantStatus(t, "makeCredential", err, ctap.StatusOther)
	store.fail = false
	err = k.command(ctap.CommandGetAssertion, assertionBy(), nil)
	wantStatus(t, "getAssertion", err, ctap.StatusNoCredentials)
}

type failingStore struct {
	keystore.Store
	fail bool
}

func (s *failingStore) Update(fn func(keystore.Tx) error) error {
	if s.fail {
		return context.DeadlineExceeded // any error without a status
	}
	return s.Store.Update(fn)
}
