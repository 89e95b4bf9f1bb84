package authenticator

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

func TestGetAssertionResponse(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	wrapped, stored := k.create(creation("ada", nil)), k.create(creation("bob", discoverable))
	tests := []struct {
		name  string
		by    made
		req   *ctap.GetAssertionRequest
		flags ctap.Flags
		user  string
	}{
		{"allowList, wrapped", wrapped, assertionBy([]byte{1}, wrapped.id), ctap.FlagUP, ""},
		{"allowList, stored", stored, assertionBy(stored.id), ctap.FlagUP, "bob"},
		{"no allowList", stored, assertionBy(), ctap.FlagUP, "bob"},
		{"first of the list that is ours", stored, assertionBy(stored.id, wrapped.id), ctap.FlagUP, "bob"},
		{"up true", wrapped, withOptions(assertionBy(wrapped.id), &ctap.Options{UP: yes(), UV: no()}), ctap.FlagUP, ""},
		{"silent", wrapped, withOptions(assertionBy(wrapped.id), &ctap.Options{UP: no()}), 0, ""},
	}
	var last uint32
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, data := k.get(tt.req, tt.by)
			if data.Flags != tt.flags || data.Credential != nil || data.RPIDHash != testRPIDHash {
				t.Errorf("authData %+v, want flags %02x", data, tt.flags)
			}
			if len(resp.AuthData) != 37 {
				t.Errorf("authData of %d bytes, want 37", len(resp.AuthData))
			}
			if data.SignCount <= last {
				t.Errorf("signCount %d after %d, want more", data.SignCount, last)
			}
			last = data.SignCount
			if resp.NumberOfCredentials != 0 {
				t.Errorf("numberOfCredentials %d, want none", resp.NumberOfCredentials)
			}
			checkUser(t, resp.User, tt.user)
		})
	}
}

// checkUser wants the handle of a user and, without user verification, no more.
func checkUser(t *testing.T, got *ctap.User, want string) {
	t.Helper()
	if want == "" {
		if got != nil {
			t.Errorf("user %+v, want none", got)
		}
		return
	}
	if got == nil || string(got.ID) != want || got.Name != "" || got.DisplayName != "" {
		t.Errorf("user %+v, want the handle %q alone", got, want)
	}
}

func withOptions(r *ctap.GetAssertionRequest, o *ctap.Options) *ctap.GetAssertionRequest {
	r.Options = o
	return r
}

func TestGetAssertionRefusals(t *testing.T) {
	presence := &asks{}
	k := newKey(t, presence, nil)
	m := k.create(creation("ada", nil))
	flipped := bytes.Clone(m.id)
	flipped[len(flipped)-1] ^= 1
	three := uint64(3)
	tests := []struct {
		name  string
		req   *ctap.GetAssertionRequest
		asked int
		want  error
	}{
		{"unknown credential", assertionBy([]byte{1, 2, 3}), 1, ctap.StatusNoCredentials},
		{"forged credential", assertionBy(flipped), 1, ctap.StatusNoCredentials},
		{"unknown credential, silent", withOptions(assertionBy([]byte{1}), &ctap.Options{UP: no()}), 0, ctap.StatusNoCredentials},
		{"nothing discoverable", assertionBy(), 1, ctap.StatusNoCredentials},
		{"another site", &ctap.GetAssertionRequest{
			RPID: "example.org", ClientDataHash: testClientDataHash[:], AllowList: assertionBy(m.id).AllowList,
		}, 1, ctap.StatusNoCredentials},
		{"unknown type", &ctap.GetAssertionRequest{
			RPID: testRPID, ClientDataHash: testClientDataHash[:],
			AllowList: []ctap.CredentialDescriptor{{ID: m.id, Type: "other"}},
		}, 1, ctap.StatusNoCredentials},
		{"uv", withOptions(assertionBy(m.id), &ctap.Options{UV: yes()}), 0, ctap.StatusInvalidOption},
		{"rk", withOptions(assertionBy(m.id), &ctap.Options{RK: no()}), 0, ctap.StatusUnsupportedOption},
		{"pinUvAuthParam without protocol", &ctap.GetAssertionRequest{
			RPID: testRPID, ClientDataHash: testClientDataHash[:], PinUvAuthParam: []byte{1},
		}, 0, ctap.StatusMissingParameter},
		{"protocol 3", &ctap.GetAssertionRequest{
			RPID: testRPID, ClientDataHash: testClientDataHash[:], PinUvAuthParam: []byte{1}, PinUvAuthProtocol: &three,
		}, 0, ctap.StatusInvalidParameter},
		{"zero-length pinUvAuthParam", &ctap.GetAssertionRequest{
			RPID: testRPID, ClientDataHash: testClientDataHash[:], PinUvAuthParam: []byte{},
		}, 1, ctap.StatusPINNotSet},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			presence.prompts = nil
			wantStatus(t, "getAssertion", k.command(ctap.CommandGetAssertion, tt.req, nil), tt.want)
			if len(presence.prompts) != tt.asked {
				t.Errorf("asked %d times, want %d", len(presence.prompts), tt.asked)
			}
		})
	}
}

func TestGetAssertionPresence(t *testing.T) {
	presence := &asks{}
	k := newKey(t, presence, nil)
	k.create(creation("ada", discoverable))
	presence.prompts, presence.answer = nil, ctap.StatusOperationDenied
	wantStatus(t, "declined", k.command(ctap.CommandGetAssertion, assertionBy(), nil), ctap.StatusOperationDenied)
	want := Prompt{
		Operation: "authenticatorGetAssertion", Kind: KindConsent,
		RPID: testRPID, RPIDHash: testRPIDHash, User: "ada", Timeout: 30 * time.Second,
	}
	if len(presence.prompts) != 1 || presence.prompts[0] != want {
		t.Errorf("asked %+v, want %+v", presence.prompts, want)
	}
}

// accounts makes three discoverable credentials; the last comes first.
func accounts(k key) []made {
	a := k.create(creation("ada", discoverable))
	b := k.create(creation("bob", discoverable))
	return []made{k.create(creation("eve", discoverable)), b, a}
}

func TestGetNextAssertion(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	want := accounts(k)
	resp, first := k.get(assertionBy(), want[0])
	if resp.NumberOfCredentials != 3 {
		t.Errorf("numberOfCredentials %d, want 3", resp.NumberOfCredentials)
	}
	for i, user := range []string{"bob", "ada"} {
		if err := k.command(ctap.CommandGetInfo, nil, nil); err != nil { // allowed in between
			t.Fatal(err)
		}
		var next *ctap.GetAssertionResponse
		if err := k.command(ctap.CommandGetNextAssertion, nil, &next); err != nil {
			t.Fatal(err)
		}
		data := k.verify(next, want[i+1])
		if data.Flags != first.Flags || data.SignCount != first.SignCount+uint32(i)+1 || next.NumberOfCredentials != 0 {
			t.Errorf("got %+v with %+v, want like %+v", next, data, first)
		}
		checkUser(t, next.User, user)
	}
	wantStatus(t, "a fourth", k.command(ctap.CommandGetNextAssertion, nil, nil), ctap.StatusNotAllowed)
}

func TestGetNextAssertionEnds(t *testing.T) {
	next := func(k key) error { return k.command(ctap.CommandGetNextAssertion, nil, nil) }
	tests := []struct {
		name    string
		between func(t *testing.T, k key)
		want    error
	}{
		{"nothing", func(*testing.T, key) {}, nil},
		{"30 s", func(*testing.T, key) { time.Sleep(30 * time.Second) }, nil},
		{"row 207: more than 30 s", func(*testing.T, key) { time.Sleep(30*time.Second + 1) }, ctap.StatusNotAllowed},
		{"row 207: another command", func(_ *testing.T, k key) { _ = k.command(ctap.CommandSelection, nil, nil) }, ctap.StatusNotAllowed},
		{"a command that fails", func(_ *testing.T, k key) { _ = k.command(ctap.CommandMakeCredential, nil, nil) }, ctap.StatusNotAllowed},
		{"an unknown command", func(_ *testing.T, k key) { _ = k.command(0x66, nil, nil) }, ctap.StatusNotAllowed},
		{"a U2F command", func(_ *testing.T, k key) { _, _ = k.apdu(ctap.CommandAPDU{INS: ctap.U2FVersion}) }, ctap.StatusNotAllowed},
		{"unplugging", func(_ *testing.T, k key) { k.Plug() }, ctap.StatusNotAllowed},
		{"a host on another channel", func(t *testing.T, k key) {
			err := k.commandOn(t.Context(), 2, ctap.CommandGetNextAssertion, nil, nil)
			wantStatus(t, "the other host", err, ctap.StatusNotAllowed)
		}, ctap.StatusNotAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKey(t, Approve{}, nil)
				k.get(assertionBy(), accounts(k)[0])
				tt.between(t, k)
				wantStatus(t, "getNextAssertion", next(k), tt.want)
			})
		})
	}
}

func TestGetNextAssertionWithoutFirst(t *testing.T) {
	t.Run("row 207: nothing pending", func(t *testing.T) {
		k := newKey(t, Approve{}, nil)
		wantStatus(t, "getNextAssertion", k.command(ctap.CommandGetNextAssertion, nil, nil), ctap.StatusNotAllowed)
	})
}

// Only the private key that signs is made, however many a site has: one of which
// none can be made keeps no other from signing.
func TestOnePrivateKeyIsMade(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	k.keep("eve", make([]byte, 95)) // a byte is missing
	m := k.create(creation("ada", discoverable))
	if resp, _ := k.get(assertionBy(), m); resp.NumberOfCredentials != 2 {
		t.Errorf("numberOfCredentials %d, want 2", resp.NumberOfCredentials)
	}
	before := k.counter.Last()
	wantStatus(t, "getNextAssertion", k.command(ctap.CommandGetNextAssertion, nil, nil), ctap.StatusOther)
	if got := k.counter.Last(); got != before {
		t.Errorf("counter went from %d to %d for nothing", before, got)
	}
}

// keep stores a discoverable credential of a user whose private key has this
// material.
func (k key) keep(user string, material []byte) {
	k.t.Helper()
	c := created{alg: cose.ByID(cose.ES256), material: material}
	if err := k.wrap(&c, testRPIDHash, true); err != nil {
		k.t.Fatal(err)
	}
	err := k.cfg.Store.Update(func(tx keystore.Tx) error {
		return keystore.PutCredential(tx, &keystore.Credential{
			ID: c.id, KeyHandle: c.handle, RPIDHash: testRPIDHash, RPID: testRPID, UserID: []byte(user),
		}, 100)
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// cancels cancels a command when the first private key is unwrapped.
type cancels struct {
	*unwrapped
	cancel context.CancelCauseFunc
}

func (c cancels) Unwrap(rpIDHash [32]byte, keyHandle []byte) ([]byte, error) {
	c.cancel(ctap.StatusKeepaliveCancel)
	return c.unwrapped.Unwrap(rpIDHash, keyHandle)
}

// A host that cancels does not wait until all credentials of a site were seen.
func TestDiscoveryIsCancelled(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	accounts(k)
	ctx, cancel := context.WithCancelCause(t.Context())
	u := &unwrapped{KeyWrapper: k.keys}
	k.keys = cancels{u, cancel}
	err := k.commandOn(ctx, 1, ctap.CommandGetAssertion, withOptions(assertionBy(), &ctap.Options{UP: no()}), nil)
	wantStatus(t, "cancelled", err, ctap.StatusKeepaliveCancel)
	if len(u.secrets) != 1 || u.inClear() != 0 {
		t.Errorf("%d private keys were unwrapped, %d are in memory; want 1 and none", len(u.secrets), u.inClear())
	}
}

// TestRoomForAllowList checks that the room for a list stays, but not what was in
// it, nor that for one which no key takes.
func TestRoomForAllowList(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	foreign := func(n int) [][]byte { return slices.Repeat([][]byte{make([]byte, es256HandleSize)}, n) }
	for _, n := range []int{1, 20, maxRoom + 1, 2} {
		if err := k.command(ctap.CommandGetAssertion, assertionBy(foreign(n)...), nil); err == nil {
			t.Errorf("an assertion by %d foreign handles", n)
		}
	}
	if room := cap(k.room); room < 20 || room > maxRoom {
		t.Errorf("room for %d credentials, want 20 to %d", room, maxRoom)
	}
	for i, d := range k.room[:cap(k.room)] {
		if d.ID != nil || d.Type != "" {
			t.Errorf("credential %d is still there: %+v", i, d)
		}
	}
}
