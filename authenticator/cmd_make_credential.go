package authenticator

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// makeCredential is one run of authenticatorMakeCredential (§6.1.2).
type makeCredential struct {
	a        *Authenticator
	call     *call
	req      *ctap.MakeCredentialRequest
	rpIDHash [32]byte

	alg      cose.Alg
	rk       bool
	key      cose.PrivateKey
	handle   []byte // the wrapped key
	id       []byte // the handle, or for a discoverable credential random bytes
	response ctap.MakeCredentialResponse
}

func (a *Authenticator) makeCredential(ctx context.Context, c *call) (any, error) {
	req, err := ctap.ParseMakeCredentialRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	op := &makeCredential{a: a, call: c, req: req, rpIDHash: sha256.Sum256([]byte(req.RP.ID))}
	for _, step := range []func(context.Context) error{
		op.selectKey, op.checkPinUvAuthParam, op.chooseAlgorithm, op.checkOptions, op.checkExcludeList,
		op.confirmPresence, op.generateKey, op.attest, op.store,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &op.response, nil
}

// selectKey is step 1: a request that only asks for a touch.
func (op *makeCredential) selectKey(ctx context.Context) error {
	if !isZeroLength(op.req.PinUvAuthParam) {
		return nil
	}
	if err := op.confirm(ctx); err != nil {
		return err
	}
	return ctap.StatusPINNotSet
}

// checkPinUvAuthParam is step 2, for a key without pinUvAuthProtocols.
func (op *makeCredential) checkPinUvAuthParam(context.Context) error {
	return checkNoPinUvAuth(op.req.PinUvAuthParam, op.req.PinUvAuthProtocol)
}

func checkNoPinUvAuth(param []byte, protocol *uint64) error {
	switch {
	case param == nil:
		return nil
	case protocol == nil:
		return fmt.Errorf("pinUvAuthProtocol: %w", ctap.StatusMissingParameter)
	}
	return fmt.Errorf("pinUvAuthProtocol %d: %w", *protocol, ctap.StatusInvalidParameter)
}

// chooseAlgorithm is step 3: the first of the host's that we have.
func (op *makeCredential) chooseAlgorithm(context.Context) error {
	for _, p := range op.req.PubKeyCredParams {
		if p.Type != ctap.PublicKey || !op.a.profile.offers(cose.ID(p.Algorithm)) {
			continue
		}
		op.alg = cose.ByID(cose.ID(p.Algorithm))
		return nil
	}
	return fmt.Errorf("none of %d pubKeyCredParams: %w", len(op.req.PubKeyCredParams), ctap.StatusUnsupportedAlgorithm)
}

// checkOptions is step 5.
func (op *makeCredential) checkOptions(context.Context) error {
	o := op.req.Options
	if o == nil {
		return nil
	}
	switch {
	case isTrue(o.UV):
		return fmt.Errorf("uv without built-in user verification: %w", ctap.StatusInvalidOption)
	case isTrue(o.RK) && op.a.profile.DiscoverableCredentials == 0:
		return fmt.Errorf("rk: %w", ctap.StatusUnsupportedOption)
	case o.UP != nil && !*o.UP:
		return fmt.Errorf("up false: %w", ctap.StatusInvalidOption)
	}
	op.rk = isTrue(o.RK)
	return nil
}

// checkExcludeList is step 12. A key that has one of the credentials says so
// only after a touch, or after the wait for one, so that a site cannot probe
// for keys behind the user's back.
func (op *makeCredential) checkExcludeList(ctx context.Context) error {
	cred, err := op.a.findListed(op.rpIDHash, op.req.ExcludeList)
	if cred == nil || err != nil {
		return err
	}
	if err := op.confirm(ctx); ctap.StatusOf(err) == ctap.StatusKeepaliveCancel {
		return err
	}
	return fmt.Errorf("excludeList: %w", ctap.StatusCredentialExcluded)
}

// confirmPresence is step 14.
func (op *makeCredential) confirmPresence(ctx context.Context) error {
	return op.confirm(ctx)
}

func (op *makeCredential) confirm(ctx context.Context) error {
	p := Prompt{
		Operation: ctap.CommandMakeCredential.String(),
		Kind:      KindConsent,
		RPID:      op.req.RP.ID,
		RPIDHash:  op.rpIDHash,
		User:      accountName(op.req.User.Name, op.req.User.DisplayName),
	}
	if isBlink(op.req) {
		p.Kind = KindSelect
	}
	return op.a.confirm(ctx, op.call, p)
}

// generateKey is steps 16 to 18, but for keeping the credential.
func (op *makeCredential) generateKey(context.Context) error {
	key, handle, err := op.a.newCredential(op.alg, op.rpIDHash)
	if err != nil {
		return err
	}
	op.key, op.handle, op.id = key, handle, handle
	if !op.rk {
		return nil
	}
	op.id = make([]byte, discoverableID)
	if _, err := io.ReadFull(op.a.cfg.Rand, op.id); err != nil {
		return fmt.Errorf("credential ID: %w", err)
	}
	return nil
}

// attest is step 19, and makes the response.
func (op *makeCredential) attest(context.Context) error {
	p := op.a.profile
	data := ctap.AuthenticatorData{
		RPIDHash: op.rpIDHash, Flags: ctap.FlagUP, SignCount: op.a.counter.Last(),
		Credential: &ctap.AttestedCredential{AAGUID: p.AAGUID, ID: op.id, PublicKey: op.key.COSEKey()},
	}
	authData := data.Append(nil)
	format := attestation.Choose(op.req.AttestationFormatsPreference, p.AttestationFormats)
	statement, err := format.Statement(&attestation.Input{
		AuthData: authData, ClientDataHash: op.req.ClientDataHash, RPIDHash: op.rpIDHash,
		CredentialID: op.id, PublicKey: data.Credential.PublicKey,
		Algorithm: op.alg.ID(), Key: op.key, Attester: op.a.cfg.Attester,
	})
	if err != nil {
		return fmt.Errorf("%s attestation: %w", format.Name(), err)
	}
	op.response = ctap.MakeCredentialResponse{Format: format.Name(), AuthData: authData, AttStmt: statement}
	return nil
}

// store is step 17, done last: what is kept is answered, or the store failed.
// The record of the same account, if there is one, goes in the same transaction.
func (op *makeCredential) store(context.Context) error {
	if !op.rk {
		return nil
	}
	rp, user := op.req.RP, op.req.User
	record := &keystore.Credential{
		ID: op.id, RPIDHash: op.rpIDHash, RPID: rp.ID, RPName: cutText(rp.Name),
		UserID: user.ID, UserName: cutText(user.Name), UserDisplayName: cutText(user.DisplayName),
		KeyHandle: op.handle,
	}
	err := op.a.cfg.Store.Update(func(tx keystore.Tx) error {
		return keystore.PutCredential(tx, record, op.a.profile.DiscoverableCredentials)
	})
	if errors.Is(err, keystore.ErrFull) {
		return fmt.Errorf("%w: %w", err, ctap.StatusKeyStoreFull)
	}
	return err
}

func isTrue(b *bool) bool { return b != nil && *b }

// maxText is how many bytes of a name the key remembers (§6.1.2, step 17).
const maxText = 64

// cutText shortens a name to maxText bytes, between two characters.
func cutText(s string) string {
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
