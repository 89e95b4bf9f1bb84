package authenticator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// makeCredential is one run of authenticatorMakeCredential (§6.1.2).
type makeCredential struct {
	consent
	req      *ctap.MakeCredentialRequest
	rpIDHash [32]byte
	alg      cose.Alg
	rk       bool

	attester *attestation.Attester // nil: self attestation
	created  created
	record   *keystore.Credential // nil: the credential is not discoverable
	outputs  outputs
	response ctap.MakeCredentialResponse
	answer   answer
}

func (a *Authenticator) makeCredential(ctx context.Context, c *call) (any, error) {
	req, err := ctap.ParseMakeCredentialRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	op := &makeCredential{req: req, rpIDHash: hashRPID(req.RP.ID)}
	op.consent = consent{
		a: a, call: c, permission: ctap.PermissionMakeCredential, hash: req.ClientDataHash, param: req.PinUvAuthParam,
		prompt: Prompt{
			Operation: ctap.CommandMakeCredential.String(), Kind: KindConsent,
			RPID: req.RP.ID, RPIDHash: op.rpIDHash, User: accountName(req.User.Name, req.User.DisplayName),
		},
	}
	if isBlink(req) {
		op.prompt.Kind = KindSelect
	}
	defer op.created.wipe()
	for _, step := range []func(*makeCredential, context.Context) error{
		(*makeCredential).checkPinUvAuthParam, (*makeCredential).chooseAlgorithm, (*makeCredential).checkOptions,
		(*makeCredential).checkUserVerification, (*makeCredential).checkEnterpriseAttestation, (*makeCredential).chooseAttester,
		(*makeCredential).verify, (*makeCredential).checkExcludeList, (*makeCredential).test,
		(*makeCredential).generateKey, (*makeCredential).runExtensions, (*makeCredential).wrapKey,
		(*makeCredential).attest, (*makeCredential).encode, (*makeCredential).store,
	} {
		if err := step(op, ctx); err != nil {
			return nil, err
		}
	}
	return &op.answer, nil
}

// checkPinUvAuthParam is steps 1 and 2.
func (op *makeCredential) checkPinUvAuthParam(ctx context.Context) error {
	return op.checkParam(ctx, op.req.PinUvAuthProtocol)
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
	if err := op.checkUV(o.UV); err != nil {
		return err
	}
	switch {
	case isTrue(o.RK) && op.a.profile.DiscoverableCredentials == 0:
		return fmt.Errorf("rk: %w", ctap.StatusUnsupportedOption)
	case o.UP != nil && !*o.UP:
		return fmt.Errorf("up false: %w", ctap.StatusInvalidOption)
	}
	if isTrue(o.RK) {
		op.rk, op.record = true, new(keystore.Credential)
	}
	return nil
}

// checkUserVerification is steps 6 to 8: whether the request may do without
// user verification. Under makeCredUvNotRqd only discoverable credentials,
// which a thief of the key could list, may not.
func (op *makeCredential) checkUserVerification(context.Context) error {
	a := op.a
	if a.alwaysUv() {
		return op.requireUV()
	}
	if !a.protected() || op.uv || op.param != nil || a.makeCredUvNotRqd() && !op.rk {
		return nil
	}
	return fmt.Errorf("user verification is required: %w", op.missingVerification())
}

func (op *makeCredential) missingVerification() ctap.Status {
	if op.a.pinSet() {
		return op.a.missingUV()
	}
	return ctap.StatusOperationDenied
}

// checkExcludeList is step 12. A key that has one of the credentials says so
// only after a touch, or after the wait for one, so that a site cannot probe
// for keys behind the user's back.
func (op *makeCredential) checkExcludeList(ctx context.Context) error {
	if err := op.a.checkListLength(op.req.ExcludeList); err != nil {
		return err
	}
	cred, err := op.a.findListed(op.rpIDHash, op.req.ExcludeList, op.verified())
	if cred == nil || err != nil {
		return err
	}
	cred.wipe()
	return fmt.Errorf("excludeList: %w", op.admit(ctx, ctap.StatusCredentialExcluded))
}

// generateKey is step 16.
func (op *makeCredential) generateKey(context.Context) (err error) {
	op.created, err = op.a.newKey(op.alg)
	return err
}

// wrapKey is steps 17 and 18, but for keeping the credential: what the
// extensions decided goes into the key handle.
func (op *makeCredential) wrapKey(context.Context) error {
	return op.a.wrap(&op.created, op.rpIDHash, op.rk)
}

// attest is step 19, and makes the response: in the first of the formats that
// has a place for the credential's algorithm.
func (op *makeCredential) attest(context.Context) error {
	var err error
	for _, format := range op.formats() {
		if err = op.attestAs(format); !errors.Is(err, ctap.StatusUnsupportedAlgorithm) {
			return err
		}
	}
	return err
}

// formats returns the format that the host prefers among ours, and packed, to
// which it gives way, if that is ours too.
func (op *makeCredential) formats() []attestation.Format {
	ours := op.a.profile.AttestationFormats
	chosen := attestation.Choose(op.req.AttestationFormatsPreference, ours)
	if op.response.EnterpriseAttestation {
		chosen = attestation.ByName(packed)
	}
	if chosen.Name() == packed || !slices.Contains(ours, packed) {
		return []attestation.Format{chosen}
	}
	return []attestation.Format{chosen, attestation.ByName(packed)}
}

func (op *makeCredential) attestAs(format attestation.Format) error {
	publicKey := op.created.key.COSEKey()
	authData := op.authData(format, publicKey)
	statement, err := format.Statement(&attestation.Input{
		AuthData: authData, ClientDataHash: op.req.ClientDataHash, RPIDHash: op.rpIDHash,
		CredentialID: op.created.id, PublicKey: publicKey,
		Algorithm: op.alg.ID(), Key: op.created.key, Attester: op.attester,
	})
	if err != nil {
		return fmt.Errorf("%s attestation: %w", format.Name(), err)
	}
	op.response.Format, op.response.AuthData, op.response.AttStmt = format.Name(), authData, statement
	op.response.UnsignedExtensionOutputs = op.outputs.unsigned
	return nil
}

// authData returns the authenticator data that format attests. A credential that
// is presented as one of U2F has no AAGUID: relying parties insist.
func (op *makeCredential) authData(format attestation.Format, publicKey []byte) []byte {
	p := op.a.profile
	credential := &ctap.AttestedCredential{AAGUID: p.AAGUID, ID: op.created.id, PublicKey: publicKey}
	if format.Name() == fidoU2F {
		credential.AAGUID = [16]byte{}
	}
	data := ctap.AuthenticatorData{
		RPIDHash: op.rpIDHash, Flags: op.flags | p.backupFlags(), SignCount: op.a.counter.Last(),
		Credential: credential, Extensions: op.outputs.encode(),
	}
	return data.Append(nil)
}

// Attestation statement formats of security keys.
const (
	packed  = "packed"
	fidoU2F = "fido-u2f"
)

// encode makes the answer: one that is too long is refused while nothing is kept.
func (op *makeCredential) encode(context.Context) (err error) {
	op.answer, err = op.a.encode(&op.response)
	return err
}

// store is step 17, done last: what is kept is answered, or the store failed.
func (op *makeCredential) store(context.Context) error {
	switch {
	case op.rk:
		return op.storeRecord()
	case op.created.short:
		return full(op.a.update(func(tx keystore.Tx) error {
			return keystore.PutKeyHandle(tx, op.rpIDHash, op.created.id, op.created.handle, maxKeptHandles)
		}))
	}
	return nil
}

// storeRecord keeps a discoverable credential. The record of the same account,
// if there is one, goes in the same transaction.
func (op *makeCredential) storeRecord() error {
	rp, user, c := op.req.RP, op.req.User, op.record
	c.ID, c.KeyHandle = op.created.id, op.created.handle
	c.RPIDHash, c.RPID, c.RPName = op.rpIDHash, rp.ID, cutText(rp.Name)
	c.UserID, c.UserName, c.UserDisplayName = user.ID, cutText(user.Name), cutText(user.DisplayName)
	return full(op.a.changeCredentials(func(tx keystore.Tx) error {
		return keystore.PutCredential(tx, c, op.a.profile.DiscoverableCredentials)
	}))
}

// full gives the error of a full store its status.
func full(err error) error {
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
