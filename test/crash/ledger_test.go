package crash

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
)

// maxSkip is how many values a crash may make the signature counter skip.
const maxSkip = 1024

// credential is one that the key has acknowledged. One of which the answer was
// lost has no publicKey.
type credential struct {
	rpID, id  string
	algorithm cose.ID
	publicKey []byte // COSE_Key
}

// ledger is what a relying party knows: the credentials that were acknowledged,
// and where the signature counter stands.
type ledger struct {
	credentials []credential
	counter     uint32 // the last value seen
	crashes     uint32 // since then: more than one, if a key died before anybody saw a value of it
	jump        uint32 // the most values that were skipped by one
}

// signed checks an assertion and its counter.
func (l *ledger) signed(c credential, clientDataHash, authData, signature []byte) error {
	if c.publicKey != nil {
		if err := cose.ByID(c.algorithm).Verify(c.publicKey, append(authData, clientDataHash...), signature); err != nil {
			return err
		}
	}
	d, err := ctap.ParseAuthenticatorData(authData)
	if err != nil {
		return err
	}
	if d.RPIDHash != sha256.Sum256([]byte(c.rpID)) || d.Flags != ctap.FlagUP {
		return fmt.Errorf("authenticator data of %x with flags %x, want those of %s and UP", d.RPIDHash, d.Flags, c.rpID)
	}
	return l.counted(d.SignCount)
}

// counted checks the next value of the signature counter.
func (l *ledger) counted(value uint32) error {
	most := l.counter + 1 + l.crashes*maxSkip
	if value <= l.counter || value > most {
		return fmt.Errorf("signature counter %d after %d and %d crashes, want at most %d", value, l.counter, l.crashes, most)
	}
	if skipped := value - l.counter - 1; skipped > 0 {
		l.jump = max(l.jump, (skipped+l.crashes-1)/l.crashes)
	}
	l.counter, l.crashes = value, 0
	return nil
}

// register makes a credential and enters it.
func (l *ledger) register(ctx context.Context, key *client.Device, rpID string, discoverable bool) error {
	c, err := create(ctx, key, registration(rpID, ctap.User{ID: newHash(), Name: "user"}, discoverable, cose.ES256))
	if err == nil {
		l.credentials = append(l.credentials, c)
	}
	return err
}

// assert signs with a credential.
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

// registration asks for a credential.
func registration(rpID string, user ctap.User, discoverable bool, algorithm cose.ID) *ctap.MakeCredentialRequest {
	return &ctap.MakeCredentialRequest{
		ClientDataHash: newHash(), RP: &ctap.RelyingParty{ID: rpID}, User: &user,
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(algorithm), Type: ctap.PublicKey}},
		Options:          &ctap.Options{RK: &discoverable},
	}
}

func create(ctx context.Context, key *client.Device, req *ctap.MakeCredentialRequest) (credential, error) {
	resp, err := key.MakeCredential(ctx, req)
	if err != nil {
		return credential{}, err
	}
	d, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		return credential{}, err
	}
	algorithm := cose.ID(req.PubKeyCredParams[0].Algorithm)
	return credential{req.RP.ID, string(d.Credential.ID), algorithm, d.Credential.PublicKey}, nil
}

// createU2F registers by U2F.
func createU2F(ctx context.Context, key *client.Device, rpID string) (credential, error) {
	resp, err := key.U2FRegister(ctx, ctap.U2FRegisterRequest{Challenge: [32]byte(newHash()), Application: sha256.Sum256([]byte(rpID))})
	if err != nil {
		return credential{}, err
	}
	point := resp.PublicKey
	publicKey := ctap.MustMarshal(map[int]any{1: 2, 3: cose.ES256, -1: 1, -2: point[1:33], -3: point[33:]})
	return credential{rpID, string(resp.KeyHandle), cose.ES256, publicKey}, nil
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

// A crash may skip so many values, two that nobody saw a value between twice as many.
func TestCounted(t *testing.T) {
	for _, tt := range []struct {
		crashes, value uint32
		ok             bool
		jump           uint32
	}{
		{0, 100, false, 0}, {0, 101, true, 0}, {0, 102, false, 0},
		{1, 100, false, 0}, {1, 101, true, 0}, {1, 101 + maxSkip, true, maxSkip}, {1, 102 + maxSkip, false, 0},
		{2, 101 + maxSkip + 1, true, maxSkip/2 + 1}, {2, 101 + 2*maxSkip, true, maxSkip}, {2, 102 + 2*maxSkip, false, 0},
	} {
		l := &ledger{counter: 100, crashes: tt.crashes}
		err := l.counted(tt.value)
		if (err == nil) != tt.ok || l.jump != tt.jump {
			t.Errorf("%d after 100 and %d crashes: got %v, jump %d; want ok %t, jump %d", tt.value, tt.crashes, err, l.jump, tt.ok, tt.jump)
		}
	}
}
