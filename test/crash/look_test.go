package crash

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// look finds out what a key has. If deep, it enters the PIN, and reads with it
// what nobody may without. It tries no PIN and no credential but those of the
// candidates.
func look(ctx context.Context, key *client.Device, l *ledger, candidates []candidate, deep bool) (*observed, error) {
	o := &observed{accounts: make(map[account]string), signs: make(map[string]bool), tried: deep}
	info, err := key.GetInfo(ctx)
	if err != nil {
		return nil, err
	}
	o.minPIN = info.MinPINLength
	left, err := key.PINRetries(ctx)
	if err != nil && !errors.Is(err, ctap.StatusPINNotSet) {
		return nil, err
	}
	o.retries = left.Left
	blobs, err := key.LargeBlobArray(ctx)
	if err != nil {
		return nil, fmt.Errorf("large blobs: %w", err)
	}
	o.blobs = describe(blobs)
	if err := o.findAccounts(ctx, key, l); err != nil {
		return nil, err
	}
	if err := o.sign(ctx, key, l, candidates); err != nil {
		return nil, err
	}
	if deep {
		return o, o.enterPIN(ctx, key, candidates)
	}
	return o, nil
}

// findAccounts signs in to each site without saying as whom.
func (o *observed) findAccounts(ctx context.Context, key *client.Device, l *ledger) error {
	for n := range sites {
		rpID := siteName(n)
		all, err := key.Assertions(ctx, &ctap.GetAssertionRequest{RPID: rpID, ClientDataHash: newHash()})
		if errors.Is(err, ctap.StatusNoCredentials) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", rpID, err)
		}
		for _, a := range all {
			d, err := ctap.ParseAuthenticatorData(a.AuthData)
			if err != nil {
				return err
			}
			if err := l.counted(d.SignCount); err != nil {
				return err
			}
			o.accounts[account{rpID, userOf(a.User)}] = string(a.Credential.ID)
		}
	}
	return nil
}

// sign signs with each credential that a candidate knows, as long as it does.
func (o *observed) sign(ctx context.Context, key *client.Device, l *ledger, candidates []candidate) error {
	for _, c := range candidates {
		for _, one := range append(c.all(), c.gone...) {
			if _, done := o.signs[one.id]; done || one.id == "" {
				continue
			}
			err := l.assert(ctx, key, one)
			if err != nil && !errors.Is(err, ctap.StatusNoCredentials) {
				return fmt.Errorf("credential %.8x of %s: %w", one.id, one.rpID, err)
			}
			o.signs[one.id] = err == nil
		}
	}
	return nil
}

// enterPIN tries the PINs of the candidates.
func (o *observed) enterPIN(ctx context.Context, key *client.Device, candidates []candidate) error {
	for _, c := range candidates {
		if c.pin == "" || o.pin != "" {
			continue
		}
		token, err := key.PINToken(ctx, c.pin, ctap.PermissionCredentialMgmt, "")
		switch {
		case err == nil:
			o.pin = c.pin
			if err := o.readNames(ctx, key, token); err != nil {
				return err
			}
		case !errors.Is(err, ctap.StatusPINInvalid) && !errors.Is(err, ctap.StatusPINNotSet):
			return fmt.Errorf("PIN %s: %w", c.pin, err)
		}
	}
	return nil
}

// readNames lists the users of all discoverable credentials.
func (o *observed) readNames(ctx context.Context, key *client.Device, token *client.Token) error {
	o.names = make(map[account]string)
	rps, err := key.RPs(ctx, token)
	if errors.Is(err, ctap.StatusNoCredentials) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, rp := range rps {
		if rp.IDHash != sha256.Sum256([]byte(rp.ID)) {
			return fmt.Errorf("relying party %q with hash %x", rp.ID, rp.IDHash)
		}
		credentials, err := key.Credentials(ctx, token, rp.IDHash)
		if err != nil {
			return err
		}
		for _, c := range credentials {
			o.names[account{rp.ID, userOf(&c.User)}] = c.User.DisplayName
		}
	}
	return nil
}
