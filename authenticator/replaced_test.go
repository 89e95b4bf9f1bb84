package authenticator

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/softkey-project/softkey/ctap"
)

// What stands for a PIN, and the persistent token, are overwritten where another
// takes their place, and only there.
func TestReplacedSecretsAreWiped(t *testing.T) {
	tests := []struct {
		name        string
		run         func(p platform) error
		hash, token bool // is replaced
	}{
		{"a right PIN", func(p platform) error { p.tokenBy(testPIN, cm, ""); return nil }, false, false},
		{"another minimum", func(p platform) error {
			return p.configure(acfgToken(p), ctap.SetMinPINLength, minPIN(func(p *ctap.SetMinPINLengthParams) { p.NewMinPINLength = ptr[uint64](5) }))
		}, false, false},
		{"a PIN that has to be changed", func(p platform) error {
			return p.configure(acfgToken(p), ctap.SetMinPINLength, minPIN(func(p *ctap.SetMinPINLengthParams) { p.ForceChangePIN = true }))
		}, false, true},
		{"another PIN", func(p platform) error { return p.changePIN(testPIN, "another PIN") }, true, true},
		{"a reset", func(p platform) error { return p.command(ctap.CommandReset, nil, nil) }, true, true},
		{"the store after a failure", func(p platform) error {
			p.stale = true
			_, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetPINRetries})
			return err
		}, true, true},
		{"the end", func(p platform) error { return p.Close() }, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := keyWithPIN(t, 2, nil)
				hash, token := p.policy.PINHash, p.policy.PersistentToken
				wantStatus(t, tt.name, tt.run(p), nil)
				wantWiped(t, "PIN hash", hash, tt.hash)
				wantWiped(t, "persistent token", token, tt.token)
			})
		})
	}
}

func wantWiped(t *testing.T, what string, secret []byte, want bool) {
	t.Helper()
	if got := bytes.Equal(secret, make([]byte, len(secret))); got != want || len(secret) == 0 {
		t.Errorf("%s of %d bytes: overwritten %t, want %t", what, len(secret), got, want)
	}
}

// An enumeration that its host leaves behind holds no key of the credentials.
func TestEnumerationHoldsNoKeys(t *testing.T) {
	p := keyWithPIN(t, 2, nil)
	var first made
	for _, user := range []string{"ada", "bob"} {
		token := p.tokenBy(testPIN, mc, testRPID)
		m := p.create(inputs{"largeBlobKey": true}.creation(user, discoverable, by(token)))
		if user == "ada" {
			first = m
		}
	}
	_, err := p.manage(p.tokenBy(testPIN, cm, ""), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
	wantStatus(t, "begin", err, nil)
	if list, ok := p.sequence.state.(*idList); !ok || len(list.left) != 1 || !bytes.Equal(list.left[0], first.id) {
		t.Errorf("the enumeration holds %+v, want the ID %x alone", p.sequence.state, first.id)
	}
	resp, err := p.manage(nil, ctap.EnumerateCredentialsGetNextCredential, nil)
	wantStatus(t, "next", err, nil)
	if key := first.response.LargeBlobKey; len(key) == 0 || !bytes.Equal(resp.LargeBlobKey, key) {
		t.Errorf("largeBlobKey %x, want %x", resp.LargeBlobKey, key)
	}
}

// Nor do assertions that are left to be asked for.
func TestNextAssertionWaitsWithoutKeys(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	first := k.create(inputs{"largeBlobKey": true}.creation("ada", discoverable))
	last := k.create(inputs{"largeBlobKey": true}.creation("bob", discoverable))
	k.get(inputs{"largeBlobKey": true}.assertion(), last)
	left, ok := k.sequence.state.(*getAssertion)
	if !ok || left.cred != nil || left.newest != nil || len(left.others) != 1 || !bytes.Equal(left.others[0], first.id) {
		t.Fatalf("what waits is %+v, want the ID %x alone", k.sequence.state, first.id)
	}
	var next *ctap.GetAssertionResponse
	wantStatus(t, "next", k.command(ctap.CommandGetNextAssertion, nil, &next), nil)
	k.verify(next, first)
	if key := first.response.LargeBlobKey; len(key) == 0 || !bytes.Equal(next.LargeBlobKey, key) {
		t.Errorf("largeBlobKey %x, want %x", next.LargeBlobKey, key)
	}
	if left.cred != nil || left.response.LargeBlobKey != nil {
		t.Error("what was found for the next assertion is kept")
	}
}
