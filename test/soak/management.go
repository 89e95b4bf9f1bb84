package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// wrongPIN tries one that is not the key's, and then the right one, which gives
// all retries back.
func wrongPIN(ctx context.Context, c *caller) error {
	_, err := c.device.PINToken(ctx, "not "+c.soak.ledger.pin, ctap.PermissionCredentialMgmt, "")
	var refusal *client.PINError
	if !errors.As(err, &refusal) || refusal.Retries.Left != 7 {
		return wants(err, fmt.Errorf("%w, 7 retries left", ctap.StatusPINInvalid))
	}
	if _, err := c.token(ctx, ctap.PermissionCredentialMgmt, ""); err != nil {
		return err
	}
	retries, err := c.device.PINRetries(ctx)
	if err == nil && retries.Left != 8 {
		err = fmt.Errorf("%d retries left after the right PIN, want 8", retries.Left)
	}
	return err
}

func changePIN(ctx context.Context, c *caller) error {
	next := fmt.Sprintf("correct horse %d", c.rand.IntN(1000))
	err := c.device.ChangePIN(ctx, c.soak.ledger.pin, next)
	if err == nil {
		c.soak.ledger.pin = next
	}
	return err
}

// manage lists all that there is of one site, renames a user and sometimes
// deletes a credential.
func manage(ctx context.Context, c *caller) error {
	token, err := c.token(ctx, ctap.PermissionCredentialMgmt, "")
	if err != nil {
		return err
	}
	rps, err := c.device.RPs(ctx, token)
	if err != nil || len(rps) == 0 {
		return err
	}
	rp := rps[c.rand.IntN(len(rps))]
	list, err := c.device.Credentials(ctx, token, rp.IDHash)
	if err != nil {
		return err
	}
	if len(list) == 0 || len(list) > users {
		return fmt.Errorf("%s has %d credentials, want 1 to %d", rp.ID, len(list), users)
	}
	one := list[c.rand.IntN(len(list))]
	if len(list) > users/2 {
		return c.device.DeleteCredential(ctx, token, one.ID)
	}
	one.User.DisplayName = fmt.Sprintf("User %d", c.rand.IntN(1000))
	return c.device.UpdateUser(ctx, token, one.ID, one.User)
}

// blobs writes the large blob of a credential and reads it back.
func blobs(ctx context.Context, c *caller) error {
	if c.soak.ledger.blobKey == nil {
		return c.makeWithBlob(ctx)
	}
	token, err := c.token(ctx, ctap.PermissionLargeBlobWrite, "")
	if err != nil {
		return err
	}
	blob := make([]byte, c.rand.IntN(2000))
	for i := range blob {
		blob[i] = byte(c.rand.Uint32())
	}
	if err := c.device.SetLargeBlob(ctx, token, c.soak.ledger.blobKey, blob); err != nil {
		return err
	}
	got, err := c.device.LargeBlob(ctx, c.soak.ledger.blobKey)
	if err == nil && !bytes.Equal(got, blob) {
		err = fmt.Errorf("a large blob of %d bytes, want the %d that were written", len(got), len(blob))
	}
	return err
}

func (c *caller) makeWithBlob(ctx context.Context) error {
	req := c.creation("blobs.example")
	req.Extensions = map[string]ctap.Raw{"largeBlobKey": ctap.MustMarshal(true)}
	return c.makeDiscoverable(ctx, req, func(resp *ctap.MakeCredentialResponse) { c.soak.ledger.blobKey = resp.LargeBlobKey })
}

func replug(ctx context.Context, c *caller) error {
	c.hangUp()
	if err := c.soak.user.replug(ctx); err != nil {
		return err
	}
	return c.dial(ctx)
}

// reset makes a new key of it, which only one that was just plugged in lets be
// done.
func reset(ctx context.Context, c *caller) error {
	if err := replug(ctx, c); err != nil {
		return err
	}
	if err := c.device.Reset(ctx); err != nil {
		return err
	}
	c.soak.ledger.forget()
	c.soak.ledger.pin = firstPIN
	return c.device.SetPIN(ctx, firstPIN)
}
