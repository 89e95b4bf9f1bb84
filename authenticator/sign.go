package authenticator

import (
	"github.com/softkey-project/softkey/ctap"
)

// sign takes a counter value, and signs as WebAuthn and U2F alike want it:
// authData ‖ clientDataHash. It is the one place where a credential signs an
// assertion.
func (a *Authenticator) sign(cred *credential, rpIDHash [32]byte, flags ctap.Flags, clientDataHash []byte) (
	authData *ctap.AuthenticatorData, sig []byte, err error,
) {
	count, err := a.counter.Next()
	if err != nil {
		return nil, nil, err
	}
	authData = &ctap.AuthenticatorData{RPIDHash: rpIDHash, Flags: flags, SignCount: count}
	message := append(authData.Append(make([]byte, 0, 128)), clientDataHash...)
	sig, err = cred.key.Sign(message)
	return authData, sig, err
}
