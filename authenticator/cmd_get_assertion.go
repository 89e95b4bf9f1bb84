package authenticator

import (
	"bytes"
	"context"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// getAssertion is one run of authenticatorGetAssertion (§6.2.2), or of
// authenticatorGetNextAssertion (§6.3), which goes on with it.
type getAssertion struct {
	consent
	req      *ctap.GetAssertionRequest
	rpIDHash [32]byte
	up       bool // the host wants a test of user presence

	newest *keystore.Credential // of the credentials that were discovered
	others [][]byte             // the IDs of the rest, the newest first

	// What follows is of the one assertion that is being made.
	cred       *credential // wiped when the command ends
	outputs    outputs
	descriptor ctap.CredentialDescriptor
	largeBlob  *sealedBlob // to be stored; nil: none
	response   ctap.GetAssertionResponse
	answer     answer
}

func (a *Authenticator) getAssertion(ctx context.Context, c *call) (any, error) {
	req := &ctap.GetAssertionRequest{AllowList: a.room}
	defer func() { a.keepRoom(req.AllowList) }()
	if err := req.Parse(c.parameters); err != nil {
		return nil, err
	}
	op := &getAssertion{req: req, rpIDHash: hashRPID(req.RPID)}
	op.consent = consent{
		a: a, call: c, permission: ctap.PermissionGetAssertion, hash: req.ClientDataHash, param: req.PinUvAuthParam,
		prompt: Prompt{
			Operation: ctap.CommandGetAssertion.String(), Kind: KindConsent, RPID: req.RPID, RPIDHash: op.rpIDHash,
		},
	}
	defer op.wipe()
	for _, step := range []func(*getAssertion, context.Context) error{
		(*getAssertion).checkPinUvAuthParam, (*getAssertion).checkOptions, (*getAssertion).verify,
		(*getAssertion).locate, (*getAssertion).confirmPresence, (*getAssertion).assertFirst,
		(*getAssertion).encode, (*getAssertion).storeLargeBlob, (*getAssertion).awaitNext,
	} {
		if err := step(op, ctx); err != nil {
			return nil, err
		}
	}
	return &op.answer, nil
}

// wipe overwrites the private key of the credential, used or not.
func (op *getAssertion) wipe() {
	if op.cred != nil {
		op.cred.wipe()
	}
}

// checkPinUvAuthParam is steps 1 and 2.
func (op *getAssertion) checkPinUvAuthParam(ctx context.Context) error {
	return op.checkParam(ctx, op.req.PinUvAuthProtocol)
}

// checkOptions is steps 4 and 5. A silent assertion is exempt from alwaysUv.
func (op *getAssertion) checkOptions(context.Context) error {
	op.up = true
	if o := op.req.Options; o != nil {
		if err := op.checkUV(o.UV); err != nil {
			return err
		}
		if o.RK != nil {
			return fmt.Errorf("rk: %w", ctap.StatusUnsupportedOption)
		}
		op.up = o.UP == nil || *o.UP
	}
	if op.up && op.a.alwaysUv() {
		return op.requireUV()
	}
	return nil
}

// locate is step 7. That there is no credential is said after a touch, or after
// the wait for one, unless the host asked for none.
func (op *getAssertion) locate(ctx context.Context) (err error) {
	if len(op.req.AllowList) > 0 {
		err = op.locateListed()
	} else {
		err = op.discover(ctx)
	}
	if err != nil || op.cred != nil || op.newest != nil {
		return err
	}
	if op.up && !op.present {
		if err := op.a.confirm(ctx, op.call, op.prompt); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", op.req.RPID, ctap.StatusNoCredentials)
}

func (op *getAssertion) locateListed() error {
	if err := op.a.checkListLength(op.req.AllowList); err != nil {
		return err
	}
	cred, err := op.a.findListed(op.rpIDHash, op.req.AllowList, op.verified())
	if cred != nil {
		op.cred, op.prompt.User = cred, account(cred.record)
	}
	return err
}

func (op *getAssertion) discover(ctx context.Context) (err error) {
	op.newest, op.others, err = op.a.discover(ctx, op.rpIDHash, op.verified())
	if len(op.others) == 0 {
		op.prompt.User = account(op.newest)
	}
	return err
}

// confirmPresence is step 9.
func (op *getAssertion) confirmPresence(ctx context.Context) error {
	if !op.up {
		return nil
	}
	return op.test(ctx)
}

// assertFirst is steps 10 to 13 for the first credential.
func (op *getAssertion) assertFirst(context.Context) (err error) {
	if op.newest != nil {
		if op.cred, err = op.a.unwrapRecord(op.newest); err != nil {
			return err
		}
	}
	if err := op.assert(); err != nil {
		return err
	}
	if n := len(op.others); n > 0 {
		op.response.NumberOfCredentials = uint64(1 + n)
	}
	return nil
}

// encode makes the answer: one that is too long is refused while nothing is kept.
func (op *getAssertion) encode(context.Context) (err error) {
	op.answer, err = op.a.encode(&op.response)
	return err
}

// awaitNext leaves the other credentials to getNextAssertion. That may come late
// or never: no secret of a credential waits for it, and the request is copied, for
// its message is the transport's by then.
func (op *getAssertion) awaitNext(context.Context) error {
	if len(op.others) == 0 {
		return nil
	}
	req, err := ctap.ParseGetAssertionRequest(bytes.Clone(op.call.parameters))
	if err != nil {
		return err
	}
	op.a.begin(op.call, ctap.CommandGetNextAssertion, op.token, &getAssertion{
		consent: consent{a: op.a, flags: op.flags}, req: req, rpIDHash: op.rpIDHash, up: op.up, others: op.others,
	})
	return nil
}

// getNextAssertion is authenticatorGetNextAssertion (§6.3).
func (a *Authenticator) getNextAssertion(_ context.Context, c *call) (any, error) {
	left, ok := a.resume(c, ctap.CommandGetNextAssertion).(*getAssertion)
	if !ok || len(left.others) == 0 {
		a.sequence = nil
		return nil, fmt.Errorf("no further assertion for this host: %w", ctap.StatusNotAllowed)
	}
	op := *left // a copy: what it finds is not kept
	if err := op.findNext(); err != nil {
		return nil, err
	}
	defer op.wipe()
	left.others = left.others[1:]
	return &op.response, op.assert()
}

// findNext looks up the first of the others.
func (op *getAssertion) findNext() (err error) {
	op.cred, err = op.a.find(op.rpIDHash, op.others[0])
	if err == nil && op.cred == nil { // nothing that changes credentials has run since
		err = fmt.Errorf("credential %x was discovered but is not there", op.others[0])
	}
	return err
}

// assert signs with one credential, extensions included.
func (op *getAssertion) assert() error {
	cred := op.cred
	op.outputs = outputs{}
	op.descriptor = ctap.CredentialDescriptor{ID: cred.id, Type: ctap.PublicKey}
	op.response = ctap.GetAssertionResponse{Credential: &op.descriptor, User: op.user()}
	if err := op.runExtensions(); err != nil {
		return err
	}
	data := &ctap.AuthenticatorData{
		RPIDHash: op.rpIDHash, Flags: op.flags | op.a.profile.backupFlags(), Extensions: op.outputs.encode(),
	}
	if err := op.fits(data); err != nil {
		return err
	}
	op.response.UnsignedExtensionOutputs = op.outputs.unsigned
	var err error
	op.response.AuthData, op.response.Signature, err = op.a.sign(cred, data, op.req.ClientDataHash)
	return err
}

// user names the account: by the handle, and to a verified user who must choose
// among several also by the names (§6.2.2, step 12).
func (op *getAssertion) user() *ctap.User {
	r := op.cred.record
	if r == nil {
		return nil
	}
	user := &ctap.User{ID: r.UserID}
	if len(op.others) > 0 && op.flags&ctap.FlagUV != 0 {
		user.Name, user.DisplayName = r.UserName, r.UserDisplayName
	}
	return user
}
