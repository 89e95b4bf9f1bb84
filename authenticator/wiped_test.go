package authenticator

import (
	"bytes"
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

// want checks that so many private keys were unwrapped, and that none is left.
func (u *unwrapped) want(t *testing.T, count int) {
	t.Helper()
	if len(u.secrets) != count {
		t.Errorf("%d private keys were unwrapped, want %d", len(u.secrets), count)
	}
	for i, secret := range u.secrets {
		if material := secret[secretHeader:]; !bytes.Equal(material, make([]byte, len(material))) {
			t.Errorf("private key %d of %d is still in memory", i+1, len(u.secrets))
		}
	}
}

// However a command ends, the private keys of all credentials that it has found
// are overwritten, and none waits for the next one.
func TestPrivateKeysAreWiped(t *testing.T) {
	presence := &asks{}
	k := newKey(t, presence, nil)
	first := accounts(k)[0]
	other := k.create(creation("fay", func(r *ctap.MakeCredentialRequest) {
		r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA)
	}))
	get := func(ids ...[]byte) { _ = k.command(ctap.CommandGetAssertion, assertionBy(ids...), nil) }
	next := func() { _ = k.command(ctap.CommandGetNextAssertion, nil, nil) }
	tests := []struct {
		name   string
		answer error // of the user
		run    func()
		count  int // of private keys that are unwrapped
	}{
		{"signed", nil, func() { get() }, 3},
		{"one more", nil, func() { get(); next() }, 4},
		{"all", nil, func() { get(); next(); next(); next() }, 5},
		{"one alone", nil, func() { get(first.id) }, 1},
		{"declined", ctap.StatusOperationDenied, func() { get() }, 3},
		{"one alone, declined", ctap.StatusOperationDenied, func() { get(first.id) }, 1},
		{"excluded", nil, func() {
			_ = k.command(ctap.CommandMakeCredential, creation("fay", func(r *ctap.MakeCredentialRequest) {
				r.ExcludeList = assertionBy(first.id).AllowList
			}), nil)
		}, 1},
		{"not one of U2F", nil, func() {
			_, _ = k.findU2F(&ctap.U2FAuthenticateRequest{Application: testRPIDHash, KeyHandle: other.id})
		}, 1},
	}
	keys := k.keys
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			presence.answer = tt.answer
			u := &unwrapped{KeyWrapper: keys}
			k.keys = u
			tt.run()
			u.want(t, tt.count)
		})
	}
}
