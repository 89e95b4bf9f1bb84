package authenticator

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// message is the parameters of a command, to be spoilt.
type message map[int]any

// messageOf takes a request apart.
func messageOf(t *testing.T, request any) message {
	t.Helper()
	return message(withoutMember(t, request, 0))
}

// with returns a message with another member; nil drops it.
func (m message) with(member int, value any) message {
	m[member] = value
	if value == nil {
		delete(m, member)
	}
	return m
}

// within returns a message with a change inside one of its maps.
func (m message) within(member int, name string, value any) message {
	changed := map[any]any{}
	for k, v := range m[member].(map[any]any) {
		changed[k] = v
	}
	changed[name] = value
	if value == nil {
		delete(changed, name)
	}
	return m.with(member, changed)
}

const publicKey = ctap.PublicKey

// The rows of section F of the conformance checklist that spoil a
// makeCredential. Where the suites accept any error, the natural one is wanted.
func TestMakeCredentialRows(t *testing.T) {
	descriptor := map[string]any{"type": publicKey, "id": []byte{1}}
	tests := []struct {
		row   string
		spoil func(m message) message
		want  ctap.Status
	}{
		{"row 106: valid", func(m message) message { return m }, 0},
		{"row 107: no clientDataHash", func(m message) message { return m.with(1, nil) }, ctap.StatusMissingParameter},
		{"row 108: clientDataHash of text", func(m message) message { return m.with(1, "x") }, ctap.StatusCBORUnexpectedType},
		{"clientDataHash of 31 bytes", func(m message) message { return m.with(1, make([]byte, 31)) }, ctap.StatusInvalidParameter},
		{"row 109: no rp", func(m message) message { return m.with(2, nil) }, ctap.StatusMissingParameter},
		{"row 110: rp of text", func(m message) message { return m.with(2, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 111: no user", func(m message) message { return m.with(3, nil) }, ctap.StatusMissingParameter},
		{"row 112: user of text", func(m message) message { return m.with(3, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 113: no pubKeyCredParams", func(m message) message { return m.with(4, nil) }, ctap.StatusMissingParameter},
		{"row 114: pubKeyCredParams is a map", func(m message) message { return m.with(4, map[int]int{}) }, ctap.StatusCBORUnexpectedType},
		{"row 115: excludeList of text", func(m message) message { return m.with(5, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 116: extensions of text", func(m message) message { return m.with(6, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 117: options of text", func(m message) message { return m.with(7, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 118: rp.id of bytes", func(m message) message { return m.within(2, "id", []byte("x")) }, ctap.StatusCBORUnexpectedType},
		{"no rp.id", func(m message) message { return m.within(2, "id", nil) }, ctap.StatusMissingParameter},
		{"row 119: rp.name of bytes", func(m message) message { return m.within(2, "name", []byte("x")) }, ctap.StatusCBORUnexpectedType},
		{"row 120: user.id of text", func(m message) message { return m.within(3, "id", "x") }, ctap.StatusCBORUnexpectedType},
		{"no user.id", func(m message) message { return m.within(3, "id", nil) }, ctap.StatusMissingParameter},
		{"row 121: user.name of bytes", func(m message) message { return m.within(3, "name", []byte("x")) }, ctap.StatusCBORUnexpectedType},
		{"row 122: user.displayName of bytes", func(m message) message { return m.within(3, "displayName", []byte("x")) }, ctap.StatusCBORUnexpectedType},
		{"row 123: icons", func(m message) message { return m.within(2, "icon", "x").within(3, "icon", "x") }, 0},
		{"row 124: an algorithm of text", func(m message) message { return m.with(4, []any{"x"}) }, ctap.StatusCBORUnexpectedType},
		{"row 125: an algorithm without type", func(m message) message { return m.with(4, []any{map[string]any{"alg": -7}}) }, ctap.StatusInvalidCBOR},
		{"row 126: an algorithm with a type of bytes", func(m message) message {
			return m.with(4, []any{map[string]any{"alg": -7, "type": []byte("x")}})
		}, ctap.StatusCBORUnexpectedType},
		{"row 127: an algorithm without alg", func(m message) message { return m.with(4, []any{map[string]any{"type": publicKey}}) }, ctap.StatusInvalidCBOR},
		{"row 128: an algorithm with alg of text", func(m message) message {
			return m.with(4, []any{map[string]any{"alg": "x", "type": publicKey}})
		}, ctap.StatusCBORUnexpectedType},
		{"a bad algorithm after a good one", func(m message) message {
			return m.with(4, []any{map[string]any{"alg": -7, "type": publicKey}, map[string]any{"alg": -7}})
		}, ctap.StatusInvalidCBOR},
		{"row 131: an unsupported algorithm alone", func(m message) message {
			return m.with(4, []any{map[string]any{"alg": -65000, "type": publicKey}})
		}, ctap.StatusUnsupportedAlgorithm},
		{"row 132: another type alone", func(m message) message {
			return m.with(4, []any{map[string]any{"alg": -7, "type": "x"}})
		}, ctap.StatusUnsupportedAlgorithm},
		{"row 133: no algorithm", func(m message) message { return m.with(4, []any{}) }, ctap.StatusUnsupportedAlgorithm},
		{"row 134: excludeList with an unknown type", func(m message) message {
			return m.with(5, []any{map[string]any{"type": "x", "id": []byte{1}}})
		}, 0},
		{"row 137: attestationFormatsPreference of text", func(m message) message { return m.with(11, "packed") }, ctap.StatusCBORUnexpectedType},
		{"row 138: excludeList with text", func(m message) message { return m.with(5, []any{descriptor, "x"}) }, ctap.StatusCBORUnexpectedType},
		{"row 139: excludeList without type", func(m message) message { return m.with(5, []any{map[string]any{"id": []byte{1}}}) }, ctap.StatusCBORUnexpectedType},
		{"row 140: excludeList with type of bytes", func(m message) message {
			return m.with(5, []any{map[string]any{"type": []byte("x"), "id": []byte{1}}})
		}, ctap.StatusCBORUnexpectedType},
		{"row 141: excludeList without id", func(m message) message { return m.with(5, []any{map[string]any{"type": publicKey}}) }, ctap.StatusCBORUnexpectedType},
		{"row 142: excludeList with id of text", func(m message) message {
			return m.with(5, []any{map[string]any{"type": publicKey, "id": "x"}})
		}, ctap.StatusCBORUnexpectedType},
		{"row 145: excludeList with as many as are allowed", func(m message) message { return m.with(5, repeat(descriptor, 20)) }, 0},
		{"row 145: excludeList with one too many", func(m message) message { return m.with(5, repeat(descriptor, 21)) }, ctap.StatusLimitExceeded},
		{"row 146: an unknown option", func(m message) message { return m.with(7, map[string]any{"x": true}) }, 0},
		{"options of another type", func(m message) message { return m.with(7, map[string]any{"rk": 1}) }, ctap.StatusCBORUnexpectedType},
		{"row 148: uv", func(m message) message { return m.with(7, map[string]any{"uv": true}) }, ctap.StatusInvalidOption},
		{"row 150: up false", func(m message) message { return m.with(7, map[string]any{"up": false}) }, ctap.StatusInvalidOption},
		{"row 152: pinUvAuthParam without protocol", func(m message) message { return m.with(8, []byte{1}) }, ctap.StatusMissingParameter},
		{"row 153: protocol 3", func(m message) message { return m.with(8, []byte{1}).with(9, 3) }, ctap.StatusInvalidParameter},
		{"protocol without pinUvAuthParam", func(m message) message { return m.with(9, 3) }, 0},
		{"an unknown parameter", func(m message) message { return m.with(99, "x") }, 0},
		{"row 203: rk", func(m message) message { return m.with(7, map[string]any{"rk": true}) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			m := tt.spoil(messageOf(t, creation("ada", nil)))
			wantStatus(t, "makeCredential", k.command(ctap.CommandMakeCredential, map[int]any(m), nil), asError(tt.want))
		})
	}
}

func repeat(item any, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item
	}
	return list
}

// The rows of section H that spoil a getAssertion of a credential that is there.
func TestGetAssertionRows(t *testing.T) {
	tests := []struct {
		row   string
		spoil func(m message, id []byte) message
		want  ctap.Status
	}{
		{"row 167: valid", func(m message, _ []byte) message { return m }, 0},
		{"row 168: no rpId", func(m message, _ []byte) message { return m.with(1, nil) }, ctap.StatusMissingParameter},
		{"row 169: rpId of bytes", func(m message, _ []byte) message { return m.with(1, []byte("x")) }, ctap.StatusCBORUnexpectedType},
		{"row 170: no clientDataHash", func(m message, _ []byte) message { return m.with(2, nil) }, ctap.StatusMissingParameter},
		{"row 171: clientDataHash of text", func(m message, _ []byte) message { return m.with(2, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 172: allowList of text", func(m message, _ []byte) message { return m.with(3, "x") }, ctap.StatusCBORUnexpectedType},
		{"row 173: allowList with text", func(m message, _ []byte) message { return m.with(3, []any{"x"}) }, ctap.StatusCBORUnexpectedType},
		{"row 174: an unknown option", func(m message, _ []byte) message { return m.with(5, map[string]any{"x": true}) }, 0},
		{"row 178: uv", func(m message, _ []byte) message { return m.with(5, map[string]any{"uv": true}) }, ctap.StatusInvalidOption},
		{"row 179: rk true", func(m message, _ []byte) message { return m.with(5, map[string]any{"rk": true}) }, ctap.StatusUnsupportedOption},
		{"row 179: rk false", func(m message, _ []byte) message { return m.with(5, map[string]any{"rk": false}) }, ctap.StatusUnsupportedOption},
		{"row 180: an unknown type as well", func(m message, id []byte) message {
			return m.with(3, []any{map[string]any{"type": "x", "id": id}, map[string]any{"type": publicKey, "id": id}})
		}, 0},
		{"row 181: text as well", func(m message, id []byte) message {
			return m.with(3, []any{map[string]any{"type": publicKey, "id": id}, "x"})
		}, ctap.StatusCBORUnexpectedType},
		{"row 182: no type", func(m message, id []byte) message { return m.with(3, []any{map[string]any{"id": id}}) }, ctap.StatusCBORUnexpectedType},
		{"row 183: type of bytes", func(m message, id []byte) message {
			return m.with(3, []any{map[string]any{"type": []byte("x"), "id": id}})
		}, ctap.StatusCBORUnexpectedType},
		{"row 184: no id", func(m message, _ []byte) message { return m.with(3, []any{map[string]any{"type": publicKey}}) }, ctap.StatusCBORUnexpectedType},
		{"row 185: id of text", func(m message, _ []byte) message {
			return m.with(3, []any{map[string]any{"type": publicKey, "id": "x"}})
		}, ctap.StatusCBORUnexpectedType},
		{"row 187: an unknown id", func(m message, _ []byte) message {
			return m.with(3, []any{map[string]any{"type": publicKey, "id": []byte{1}}})
		}, ctap.StatusNoCredentials},
		{"row 188: another rpId", func(m message, _ []byte) message { return m.with(1, "example.org") }, ctap.StatusNoCredentials},
		{"an allowList with one too many", func(m message, id []byte) message {
			return m.with(3, repeat(map[string]any{"type": publicKey, "id": id}, 21))
		}, ctap.StatusLimitExceeded},
		{"an empty allowList is none", func(m message, _ []byte) message { return m.with(3, []any{}) }, ctap.StatusNoCredentials},
	}
	for _, tt := range tests {
		t.Run(tt.row, func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			id := k.create(creation("ada", nil)).id
			m := tt.spoil(messageOf(t, assertionBy(id)), id)
			wantStatus(t, "getAssertion", k.command(ctap.CommandGetAssertion, map[int]any(m), nil), asError(tt.want))
		})
	}
}

// What is no canonical CBOR, of each command that takes parameters, is refused
// before anything is asked or done.
func TestMalformedParameters(t *testing.T) {
	presence := &asks{}
	profile, _ := ProfileByName("biometric")
	p := newProfileKey(t, profile, presence)
	for _, id := range []ctap.Command{
		ctap.CommandMakeCredential, ctap.CommandGetAssertion, ctap.CommandClientPIN, ctap.CommandBioEnrollment,
		ctap.CommandCredentialManagement, ctap.CommandLargeBlobs, ctap.CommandConfig,
	} {
		for name, body := range map[string][]byte{
			"nothing":               {},
			"an array":              {0x80},
			"a number":              {0x01},
			"a byte after the map":  {0xa1, 0x01, 0x01, 0x00},
			"a key twice":           {0xa2, 0x01, 0x01, 0x01, 0x01},
			"keys out of order":     {0xa2, 0x02, 0x01, 0x01, 0x01},
			"an indefinite length":  {0xbf, 0x01, 0x01, 0xff},
			"a tag":                 {0xa1, 0x01, 0xc1, 0x01},
			"a long integer":        {0xa1, 0x01, 0x18, 0x01},
			"a map that is cut":     {0xa2, 0x01, 0x01},
			"text that is no UTF-8": {0xa1, 0x01, 0x61, 0xff},
			"too many levels":       {0xa1, 0x01, 0x81, 0x81, 0x81, 0x81, 0x01},
		} {
			t.Run(fmt.Sprintf("row 151: %v: %s", id, name), func(t *testing.T) {
				wantStatus(t, "answer", p.command(id, body, nil), ctap.StatusInvalidCBOR)
			})
		}
	}
	if len(presence.prompts) != 0 {
		t.Errorf("asked %d times, want never", len(presence.prompts))
	}
}

// The remaining rows of sections F to K that other tests do not carry in their
// names.
func TestOperationRows(t *testing.T) {
	rows := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"rows 129, 130: the first algorithm that is supported", func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			for _, tt := range []struct {
				algs []cose.ID
				want cose.ID
			}{{[]cose.ID{-65000, cose.ES256}, cose.ES256}, {[]cose.ID{cose.EdDSA, cose.ES256}, cose.EdDSA}, {[]cose.ID{cose.ES256, cose.EdDSA}, cose.ES256}} {
				m := k.create(creation("ada", func(r *ctap.MakeCredentialRequest) {
					r.PubKeyCredParams = nil
					for _, alg := range tt.algs {
						r.PubKeyCredParams = append(r.PubKeyCredParams, ctap.CredentialParameters{Algorithm: int64(alg), Type: publicKey})
					}
				}))
				var key map[int]any
				if err := ctap.Unmarshal(m.data.Credential.PublicKey, &key); err != nil || fmt.Sprint(key[3]) != fmt.Sprint(int64(tt.want)) {
					t.Errorf("%v: alg %v, %v; want %d", tt.algs, key[3], err, tt.want)
				}
			}
		}},
		{"rows 147, 177: uv with built-in verification", func(t *testing.T) {
			k := enrolledKey(t)
			m := k.create(creation("ada", withUV))
			_, data := k.get(withOptions(assertionBy(m.id), &ctap.Options{UV: yes()}), m)
			if m.data.Flags&ctap.FlagUV == 0 || data.Flags&ctap.FlagUV == 0 {
				t.Errorf("flags %02x and %02x, want UV", m.data.Flags, data.Flags)
			}
		}},
		{"rows 149, 175, 176: up", func(t *testing.T) {
			presence := &asks{}
			k := newKey(t, presence, nil)
			m := k.create(creation("ada", func(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UP: yes()} }))
			if m.data.Flags&ctap.FlagUP == 0 || len(presence.prompts) != 1 {
				t.Errorf("makeCredential: flags %02x after %d touches, want UP after one", m.data.Flags, len(presence.prompts))
			}
			_, data := k.get(withOptions(assertionBy(m.id), &ctap.Options{UP: yes()}), m)
			if data.Flags != ctap.FlagUP || len(presence.prompts) != 2 {
				t.Errorf("up true: flags %02x after %d touches, want UP after one", data.Flags, len(presence.prompts)-1)
			}
			_, data = k.get(silent(assertionBy(m.id)), m)
			if data.Flags != 0 || len(presence.prompts) != 2 {
				t.Errorf("up false: flags %02x after %d touches, want none after none", data.Flags, len(presence.prompts)-2)
			}
		}},
		{"row 13: a touch before 2E", func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			var seen []ctap.KeepaliveStatus
			answer := k.Handle(t.Context(), &ctap.Request{
				Protocol: ctap.CTAP2, Data: append([]byte{2}, ctap.MustMarshal(assertionBy([]byte{1}))...),
				Notify: func(s ctap.KeepaliveStatus) { seen = append(seen, s) },
			})
			if len(answer) != 1 || ctap.Status(answer[0]) != ctap.StatusNoCredentials || !slices.Contains(seen, ctap.KeepaliveUPNeeded) {
				t.Errorf("got %x after keepalives %v, want 2E after UPNEEDED", answer, seen)
			}
		}},
		{"row 159: nobody touches the key", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKey(t, PresenceFunc(Ignore), nil)
				start := time.Now()
				for _, tt := range []struct {
					id     ctap.Command
					params any
				}{{ctap.CommandMakeCredential, creation("ada", nil)}, {ctap.CommandSelection, nil}, {ctap.CommandGetAssertion, assertionBy()}} {
					wantStatus(t, tt.id.String(), k.command(tt.id, tt.params, nil), ctap.StatusUserActionTimeout)
				}
				if took := time.Since(start); took != 90*time.Second {
					t.Errorf("took %v, want 90s", took)
				}
			})
		}},
		{"rows 160, 161, 163, 166: the answer", func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			answer := k.on(t.Context(), 1, ctap.CTAP2, append([]byte{1}, ctap.MustMarshal(creation("ada", nil))...))
			var members map[int]any
			if err := ctap.Unmarshal(answer[1:], &members); err != nil || len(members) != 3 || members[1] != "packed" {
				t.Fatalf("members %v, %v; want 1 to 3, packed", members, err)
			}
			m := k.create(creation("ada", nil))
			if size := len(m.response.AuthData); size != 37+16+2+128+77 {
				t.Errorf("authData of %d bytes, want 260", size)
			}
			if got, want := m.data.Flags, ctap.FlagUP|ctap.FlagAT; got != want || m.data.RPIDHash != testRPIDHash {
				t.Errorf("flags %02x, want %02x", got, want)
			}
			if got := AAGUID(m.data.Credential.AAGUID); got != k.profile.AAGUID {
				t.Errorf("aaguid %v, want %v", got, k.profile.AAGUID)
			}
			if s := m.packed(t); s.Algorithm != int64(cose.ES256) || len(s.X5C) != 1 || len(s.Signature) == 0 {
				t.Errorf("attStmt %+v, want alg -7, a signature and a certificate", s)
			}
		}},
		{"row 162: each algorithm's COSE key", func(t *testing.T) {
			k := newExtKey(t, "full-policy", nil)
			for _, alg := range k.profile.Algorithms {
				m := k.create(creation("ada", func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(alg) }))
				checkCOSEKey(t, alg, m.data.Credential.PublicKey)
			}
		}},
		{"row 189: alwaysUv, no param", func(t *testing.T) {
			p := keyWithPIN(t, 2, nil)
			wantStatus(t, "toggleAlwaysUv", p.configure(p.tokenBy(testPIN, acfg, ""), ctap.ToggleAlwaysUv, nil), nil)
			wantStatus(t, "getAssertion", p.command(ctap.CommandGetAssertion, assertionBy(), nil), ctap.StatusPUATRequired)
		}},
		{"rows 191, 192, 195: the assertion", func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			made := k.create(creation("ada", nil))
			answer := k.on(t.Context(), 1, ctap.CTAP2, append([]byte{2}, ctap.MustMarshal(assertionBy(made.id))...))
			var members map[int]any
			if err := ctap.Unmarshal(answer[1:], &members); err != nil || len(members) != 3 {
				t.Fatalf("members %v, %v; want 1 to 3", members, err)
			}
			if got, want := members[1], map[any]any{"id": made.id, "type": publicKey}; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("credential %v, want %v", got, want)
			}
			data, _ := members[2].([]byte)
			if len(data) != 37 || !bytes.Equal(data[:32], testRPIDHash[:]) || ctap.Flags(data[32]) != ctap.FlagUP {
				t.Errorf("authData %x, want 37 bytes with rpIDHash %x and UP alone", data, testRPIDHash)
			}
			if signature, ok := members[3].([]byte); !ok || len(signature) == 0 {
				t.Errorf("signature %v, want bytes", members[3])
			}
		}},
		{"rows 193, 194: counter and signature", func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			made, last := k.create(creation("ada", nil)), uint32(0)
			for range 3 {
				_, data := k.get(assertionBy(made.id), made) // which verifies it
				if data.SignCount <= last {
					t.Errorf("signCount %d after %d", data.SignCount, last)
				}
				last = data.SignCount
			}
		}},
		{"rows 196, 197, 198: reset", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKey(t, Approve{}, nil)
				made := k.create(creation("ada", discoverable))
				time.Sleep(11 * time.Second)
				wantStatus(t, "late", k.command(ctap.CommandReset, nil, nil), ctap.StatusNotAllowed)
				k.get(assertionBy(made.id), made)
				k.Plug()
				wantStatus(t, "after a power cycle", k.command(ctap.CommandReset, nil, nil), nil)
				wantStatus(t, "old id", k.command(ctap.CommandGetAssertion, assertionBy(made.id), nil), ctap.StatusNoCredentials)
			})
		}},
		{"row 199: reset, nobody or denied", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wantStatus(t, "nobody", newKey(t, PresenceFunc(Ignore), nil).command(ctap.CommandReset, nil, nil), ctap.StatusUserActionTimeout)
				wantStatus(t, "denied", newKey(t, Deny{}, nil).command(ctap.CommandReset, nil, nil), ctap.StatusOperationDenied)
			})
		}},
		{"row 201: reset that wants a long touch", func(t *testing.T) {
			short := PresenceFunc(func(_ context.Context, p Prompt) error {
				if p.Long {
					return ctap.StatusOperationDenied
				}
				return nil
			})
			profile, _ := ProfileByName("full-policy")
			k := newKey(t, short, func(c *Config) { c.Profile = profile })
			made := k.create(creation("ada", discoverable))
			wantStatus(t, "enableLongTouchForReset", k.configure(nil, ctap.EnableLongTouchForReset, nil), nil)
			wantStatus(t, "short touch", k.command(ctap.CommandReset, nil, nil), ctap.StatusOperationDenied)
			k.get(assertionBy(), made)
		}},
		{"row 202: selection", func(t *testing.T) {
			wantStatus(t, "selection", newKey(t, Approve{}, nil).command(ctap.CommandSelection, nil, nil), nil)
		}},
		{"rows 204, 205, 206, 213: three accounts", func(t *testing.T) {
			k := newKey(t, Approve{}, nil)
			want := accounts(k)
			var resp ctap.GetAssertionResponse
			wantStatus(t, "first", k.command(ctap.CommandGetAssertion, assertionBy(), &resp), nil)
			if resp.NumberOfCredentials != 3 || !bytes.Equal(resp.Credential.ID, want[0].id) {
				t.Errorf("got %+v, want 3 and the newest first", resp)
			}
			checkUser(t, resp.User, "eve")
			for i, m := range want[1:] {
				resp = ctap.GetAssertionResponse{}
				wantStatus(t, "next", k.command(ctap.CommandGetNextAssertion, nil, &resp), nil)
				if resp.NumberOfCredentials != 0 || !bytes.Equal(resp.Credential.ID, m.id) {
					t.Errorf("got %+v, want no number", resp)
				}
				checkUser(t, resp.User, []string{"bob", "ada"}[i])
			}
			wantStatus(t, "a fourth", k.command(ctap.CommandGetNextAssertion, nil, nil), ctap.StatusNotAllowed)
		}},
		{"row 214: no room", func(t *testing.T) {
			p := newKey(t, Approve{}, func(c *Config) { c.Profile.DiscoverableCredentials = 1 }).speaking(2)
			before := storeState(p)
			old := p.create(creation("ada", discoverable))
			wantOtherState(t, p, before)
			before = storeState(p)
			fresh := p.create(creation("ada", discoverable))
			wantOtherState(t, p, before)
			wantStatus(t, "old id", p.command(ctap.CommandGetAssertion, assertionBy(old.id), nil), ctap.StatusNoCredentials)
			before = storeState(p)
			wantStatus(t, "full", p.command(ctap.CommandMakeCredential, creation("bob", discoverable), nil), ctap.StatusKeyStoreFull)
			p.create(creation("eve", nil)) // not discoverable
			if !bytes.Equal(storeState(p), before) {
				t.Error("the credential store state changed, though no discoverable credential did")
			}
			p.get(assertionBy(), fresh)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, row.run)
	}
}

// coseKeys are the members of a COSE key, by its type (1), and the length of its
// coordinates where that follows from the curve (-1).
var (
	coseMembers = map[uint64][]int64{
		1: {1, 3, -1, -2},     // OKP
		2: {1, 3, -1, -2, -3}, // EC2
		3: {1, 3, -1, -2},     // RSA
		7: {1, 3, -1},         // AKP
	}
	coseCoordinates = map[uint64]int{1: 32, 2: 48, 3: 66, 6: 32, 7: 57, 8: 32}
)

// checkCOSEKey wants a public key to have the members of its type, and no other.
func checkCOSEKey(t *testing.T, alg cose.ID, public []byte) {
	t.Helper()
	var key map[int64]any
	if err := ctap.Unmarshal(public, &key); err != nil {
		t.Fatal(err)
	}
	kind, _ := key[1].(uint64)
	want := slices.Sorted(slices.Values(coseMembers[kind]))
	if got := slices.Sorted(maps.Keys(key)); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("%d: members %v, want %v", alg, got, want)
	}
	if got := fmt.Sprint(key[3]); got != fmt.Sprint(int64(alg)) {
		t.Errorf("%d: alg %s", alg, got)
	}
	curve, ofCurve := key[-1].(uint64)
	for member := int64(-2); ofCurve && member >= -3; member-- {
		if coordinate, ok := key[member].([]byte); ok && len(coordinate) != coseCoordinates[curve] {
			t.Errorf("%d: coordinate %d of %d bytes, want %d", alg, member, len(coordinate), coseCoordinates[curve])
		}
	}
}
