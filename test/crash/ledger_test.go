package crash

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// maxSkip is by how many values a crash may make the signature counter jump.
const maxSkip = 1024

// credential is one that the key has acknowledged.
type credential struct {
	rpID, id  string
	algorithm cose.ID
	publicKey []byte // COSE_Key
}

// ledger is what a relying party knows: the credentials that were acknowledged,
// and where the signature counter stands.
type ledger struct {
	credentials  []credential
	discoverable map[string]count // by RP ID
	counter      uint32           // the last value seen
	crashed      bool             // since then
}

// count is how many discoverable credentials there are.
type count struct {
	acknowledged int
	begun        int // acknowledged or not: at most as many
}

// signed checks an assertion and its counter.
func (l *ledger) signed(c credential, clientDataHash, authData, signature []byte) error {
	if err := cose.ByID(c.algorithm).Verify(c.publicKey, append(authData, clientDataHash...), signature); err != nil {
		return err
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
	most := l.counter + 1
	if l.crashed {
		most += maxSkip
	}
	if value <= l.counter || value > most {
		return fmt.Errorf("signature counter %d after %d, want at most %d", value, l.counter, most)
	}
	l.counter, l.crashed = value, false
	return nil
}

// check signs with every credential and counts the discoverable ones.
func (l *ledger) check(ctx context.Context, key *client.Device) error {
	for i, c := range l.credentials {
		if err := l.assert(ctx, key, c); err != nil {
			return fmt.Errorf("credential %d of %d: %w", i+1, len(l.credentials), err)
		}
	}
	for rpID, want := range l.discoverable {
		if err := l.checkCount(ctx, key, rpID, want); err != nil {
			return fmt.Errorf("%s: %w", rpID, err)
		}
	}
	return nil
}

func (l *ledger) checkCount(ctx context.Context, key *client.Device, rpID string, want count) error {
	if want.acknowledged == 0 {
		return nil
	}
	all, err := key.Assertions(ctx, &ctap.GetAssertionRequest{RPID: rpID, ClientDataHash: newHash()})
	if err != nil {
		return err
	}
	if len(all) < want.acknowledged || len(all) > want.begun {
		return fmt.Errorf("got %d discoverable credentials, want %d to %d", len(all), want.acknowledged, want.begun)
	}
	for _, assertion := range all {
		d, err := ctap.ParseAuthenticatorData(assertion.AuthData)
		if err != nil {
			return err
		}
		if err := l.counted(d.SignCount); err != nil {
			return err
		}
	}
	return nil
}
