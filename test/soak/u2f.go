package main

import (
	"context"
	"crypto/sha256"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

func registerU2F(ctx context.Context, c *caller) error {
	rpID := c.site()
	resp, err := c.device.U2FRegister(ctx, ctap.U2FRegisterRequest{
		Challenge: [32]byte(c.hash()), Application: sha256.Sum256([]byte(rpID)),
	})
	if err != nil {
		return err
	}
	x, y := resp.PublicKey[1:33], resp.PublicKey[33:]
	publicKey := ctap.MustMarshal(map[int]any{1: 2, 3: cose.ES256, -1: 1, -2: x, -3: y})
	c.soak.ledger.add(c.rand, credential{rpID, resp.KeyHandle, cose.ES256, publicKey})
	return nil
}

// u2f returns a credential that U2F knows, too: it knows no other algorithm.
func (c *caller) u2f() (credential, bool) {
	for range 10 {
		if k, ok := c.soak.ledger.pick(c.rand); ok && k.algorithm == cose.ES256 {
			return k, true
		}
	}
	return credential{}, false
}

func signU2F(ctx context.Context, c *caller) error {
	k, ok := c.u2f()
	if !ok {
		return registerU2F(ctx, c)
	}
	req := ctap.U2FAuthenticateRequest{
		Control: ctap.U2FEnforceAndSign, Challenge: [32]byte(c.hash()), Application: sha256.Sum256([]byte(k.rpID)), KeyHandle: k.id,
	}
	resp, err := c.device.U2FAuthenticate(ctx, req)
	if err != nil {
		return err
	}
	signed := ctap.U2FSignedAuthentication(req.Application, req.Challenge, resp.Flags, resp.Counter)
	if err := cose.ByID(cose.ES256).Verify(k.publicKey, signed, resp.Signature); err != nil {
		return err
	}
	return c.signed(resp.Counter)
}

func checkU2F(ctx context.Context, c *caller) error {
	k, ok := c.u2f()
	if !ok {
		return nil
	}
	ours, err := c.device.U2FCheck(ctx, sha256.Sum256([]byte(k.rpID)), k.id)
	if err == nil && !ours {
		err = ctap.SWWrongData
	}
	return err
}
