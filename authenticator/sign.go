package authenticator

import (
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// sign takes a counter value into data, and signs as WebAuthn and U2F alike want
// it: authData ‖ clientDataHash. It is the one place where a credential signs an
// assertion.
func (a *Authenticator) sign(cred *credential, data *ctap.AuthenticatorData, clientDataHash []byte) (authData, sig []byte, err error) {
	key, err := a.keyOf(cred.alg, cred.material)
	if err != nil {
		return nil, nil, err
	}
	defer cose.Wipe(key)
	if data.SignCount, err = a.counter.Next(); err != nil {
		return nil, nil, err
	}
	authData = data.Append(make([]byte, 0, data.Size()+len(clientDataHash)))
	sig, err = key.Sign(append(authData, clientDataHash...))
	return authData, sig, err
}
