package crash

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	random "math/rand/v2"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
)

// sites is how many relying parties there are.
const sites = 10

// operate does something with the key, chosen at random, and enters the result
// in the ledger.
func (l *ledger) operate(ctx context.Context, key *client.Device) error {
	rpID := fmt.Sprintf("site%d.example", random.IntN(sites))
	switch n := random.IntN(10); {
	case n < 2:
		return l.register(ctx, key, rpID, true)
	case n < 4:
		return l.register(ctx, key, rpID, false)
	case n < 5:
		return l.registerU2F(ctx, key, rpID)
	case len(l.credentials) == 0:
		return nil
	}
	return l.assert(ctx, key, l.credentials[random.IntN(len(l.credentials))])
}

func (l *ledger) register(ctx context.Context, key *client.Device, rpID string, discoverable bool) error {
	algorithm := []cose.ID{cose.ES256, cose.EdDSA}[random.IntN(2)]
	req := &ctap.MakeCredentialRequest{
		ClientDataHash: newHash(), RP: &ctap.RelyingParty{ID: rpID},
		User:             &ctap.User{ID: newHash(), Name: "user"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(algorithm), Type: ctap.PublicKey}},
		Options:          &ctap.Options{RK: &discoverable},
	}
	n := l.discoverable[rpID]
	if discoverable {
		n.begun++
		l.discoverable[rpID] = n
	}
	resp, err := key.MakeCredential(ctx, req)
	if err != nil {
		return err
	}
	d, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		return err
	}
	if discoverable {
		n.acknowledged++
		l.discoverable[rpID] = n
	}
	l.credentials = append(l.credentials, credential{rpID, string(d.Credential.ID), algorithm, d.Credential.PublicKey})
	return nil
}

func (l *ledger) registerU2F(ctx context.Context, key *client.Device, rpID string) error {
	resp, err := key.U2FRegister(ctx, ctap.U2FRegisterRequest{Challenge: [32]byte(newHash()), Application: sha256.Sum256([]byte(rpID))})
	if err != nil {
		return err
	}
	point := resp.PublicKey
	publicKey := ctap.MustMarshal(map[int]any{1: 2, 3: cose.ES256, -1: 1, -2: point[1:33], -3: point[33:]})
	l.credentials = append(l.credentials, credential{rpID, string(resp.KeyHandle), cose.ES256, publicKey})
	return nil
}

func (l *ledger) assert(ctx context.Context, key *client.Device, c credential) error {
	req := &ctap.GetAssertionRequest{
		RPID: c.rpID, ClientDataHash: newHash(),
		AllowList: []ctap.CredentialDescriptor{{ID: []byte(c.id), Type: ctap.PublicKey}},
	}
	resp, err := key.GetAssertion(ctx, req)
	if err != nil {
		return err
	}
	return l.signed(c, req.ClientDataHash, resp.AuthData, resp.Signature)
}

func newHash() []byte {
	hash := make([]byte, sha256.Size)
	rand.Read(hash)
	return hash
}

// refused tells whether the key itself answered err, so that no crash explains
// it.
func refused(err error) bool {
	var status ctap.Status
	var sw ctap.SW
	var frame ctaphid.Error
	return errors.As(err, &status) || errors.As(err, &sw) || errors.As(err, &frame)
}
