package authenticator

import (
	"bytes"
	"context"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// unwrapped keeps what was unwrapped, itself and not a copy.
type unwrapped struct {
	keystore.KeyWrapper
	secrets [][]byte
}

func (u *unwrapped) Unwrap(rpIDHash [32]byte, keyHandle []byte) ([]byte, error) {
	secret, err := u.KeyWrapper.Unwrap(rpIDHash, keyHandle)
	if err == nil {
		u.secrets = append(u.secrets, secret)
	}
	return secret, err
}

// inClear counts the private keys that are still in memory.
func (u *unwrapped) inClear() int {
	n := 0
	for _, secret := range u.secrets {
		if material := secret[secretHeader:]; !bytes.Equal(material, make([]byte, len(material))) {
			n++
		}
	}
	return n
}

// However a command ends, the private keys of all credentials that it has found
// are overwritten, and none waits for the next one. None waits for the user, but
// that of a credential which the host has named.
func TestPrivateKeysAreWiped(t *testing.T) {
	var u *unwrapped
	var said error
	waited := 0 // private keys in memory while the user was asked
	k := newKey(t, PresenceFunc(func(context.Context, Prompt) error {
		if u != nil {
			waited = max(waited, u.inClear())
		}
		return said
	}), nil)
	first := accounts(k)[0]
	other := k.create(creation("fay", func(r *ctap.MakeCredentialRequest) {
		r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA)
	}))
	p := k.speaking(2)
	p.mustSetPIN(testPIN)
	get := func(ids ...[]byte) { _ = k.command(ctap.CommandGetAssertion, assertionBy(ids...), nil) }
	next := func() { _ = k.command(ctap.CommandGetNextAssertion, nil, nil) }
	verified := func() {
		_ = k.command(ctap.CommandGetAssertion, assertedBy(p.tokenBy(testPIN, ga, testRPID), assertionBy()), nil)
	}
	tests := []struct {
		name   string
		answer error // of the user
		run    func()
		count  int // of private keys that are unwrapped: of each record for its credProtect level, and to sign
		waited int
	}{
		{"signed", nil, func() { get() }, 4, 0},
		{"one more", nil, func() { get(); next() }, 5, 0},
		{"all", nil, func() { get(); next(); next(); next() }, 6, 0},
		{"one alone", nil, func() { get(first.id) }, 1, 1},
		{"of a verified user", nil, verified, 1, 0},
		{"of a verified user, all", nil, func() { verified(); next(); next(); next() }, 3, 0},
		{"declined", ctap.StatusOperationDenied, func() { get() }, 3, 0},
		{"one alone, declined", ctap.StatusOperationDenied, func() { get(first.id) }, 1, 1},
		{"excluded", nil, func() {
			_ = k.command(ctap.CommandMakeCredential, creation("fay", func(r *ctap.MakeCredentialRequest) {
				r.ExcludeList = assertionBy(first.id).AllowList
			}), nil)
		}, 1, 0},
		{"not one of U2F", nil, func() {
			_, _ = k.findU2F(&ctap.U2FAuthenticateRequest{Application: testRPIDHash, KeyHandle: other.id})
		}, 1, 0},
	}
	keys := k.keys
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, said, waited = &unwrapped{KeyWrapper: keys}, tt.answer, 0
			k.keys = u
			tt.run()
			if got := len(u.secrets); got != tt.count {
				t.Errorf("%d private keys were unwrapped, want %d", got, tt.count)
			}
			if got := u.inClear(); got != 0 {
				t.Errorf("%d private keys are still in memory, want none", got)
			}
			if waited != tt.waited {
				t.Errorf("%d private keys waited for the user, want %d", waited, tt.waited)
			}
		})
	}
}
