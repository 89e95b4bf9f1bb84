package authenticator

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/softkey-project/softkey/ctap"
)

// getAssertion is one run of authenticatorGetAssertion (§6.2.2).
type getAssertion struct {
	a        *Authenticator
	call     *call
	req      *ctap.GetAssertionRequest
	rpIDHash [32]byte

	up         bool          // the host wants a test of user presence
	flags      ctap.Flags    // what was tested
	applicable []*credential // the first is used, the others wait for getNextAssertion
	response   *ctap.GetAssertionResponse
}

func (a *Authenticator) getAssertion(ctx context.Context, c *call) (any, error) {
	req, err := ctap.ParseGetAssertionRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	op := &getAssertion{a: a, call: c, req: req, rpIDHash: sha256.Sum256([]byte(req.RPID))}
	for _, step := range []func(context.Context) error{
		op.selectKey, op.checkPinUvAuthParam, op.checkOptions, op.locate, op.confirmPresence, op.assert,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return op.response, nil
}

// selectKey is step 1: a request that only asks for a touch.
func (op *getAssertion) selectKey(ctx context.Context) error {
	if !isZeroLength(op.req.PinUvAuthParam) {
		return nil
	}
	if err := op.confirm(ctx, KindSelect); err != nil {
		return err
	}
	return ctap.StatusPINNotSet
}

// checkPinUvAuthParam is step 2, for a key without pinUvAuthProtocols.
func (op *getAssertion) checkPinUvAuthParam(context.Context) error {
	return checkNoPinUvAuth(op.req.PinUvAuthParam, op.req.PinUvAuthProtocol)
}

// checkOptions is step 4.
func (op *getAssertion) checkOptions(context.Context) error {
	op.up = true
	o := op.req.Options
	if o == nil {
		return nil
	}
	switch {
	case isTrue(o.UV):
		return fmt.Errorf("uv without built-in user verification: %w", ctap.StatusInvalidOption)
	case o.RK != nil:
		return fmt.Errorf("rk: %w", ctap.StatusUnsupportedOption)
	}
	op.up = o.UP == nil || *o.UP
	return nil
}

// locate is step 7. That there is no credential is said after a touch, or after
// the wait for one, unless the host asked for none.
func (op *getAssertion) locate(ctx context.Context) (err error) {
	if len(op.req.AllowList) > 0 {
		err = op.locateListed()
	} else {
		op.applicable, err = op.a.discover(op.rpIDHash)
	}
	if err != nil || len(op.applicable) > 0 {
		return err
	}
	if op.up {
		if err := op.confirm(ctx, KindConsent); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w", op.req.RPID, ctap.StatusNoCredentials)
}

func (op *getAssertion) locateListed() error {
	cred, err := op.a.findListed(op.rpIDHash, op.req.AllowList)
	if cred != nil {
		op.applicable = []*credential{cred}
	}
	return err
}

// confirmPresence is step 9.
func (op *getAssertion) confirmPresence(ctx context.Context) error {
	if !op.up {
		return nil
	}
	if err := op.confirm(ctx, KindConsent); err != nil {
		return err
	}
	op.flags |= ctap.FlagUP
	return nil
}

func (op *getAssertion) confirm(ctx context.Context, kind Kind) error {
	p := Prompt{
		Operation: ctap.CommandGetAssertion.String(), Kind: kind, RPID: op.req.RPID, RPIDHash: op.rpIDHash,
	}
	if len(op.applicable) == 1 {
		p.User = op.applicable[0].account()
	}
	return op.a.confirm(ctx, op.call, p)
}

// assert is steps 11 to 13: the answer for the first credential, and the
// sequence for the others.
func (op *getAssertion) assert(context.Context) (err error) {
	if op.response, err = op.a.assertion(op.req, op.rpIDHash, op.flags, op.applicable[0]); err != nil {
		return err
	}
	if len(op.applicable) == 1 {
		return nil
	}
	op.response.NumberOfCredentials = uint64(len(op.applicable))
	op.a.sequence = &sequence{
		owner: op.call.from(), deadline: time.Now().Add(sequenceTimeout),
		items: op.applicable[1:], request: op.req, rpIDHash: op.rpIDHash, flags: op.flags,
	}
	return nil
}

// getNextAssertion is authenticatorGetNextAssertion (§6.3).
func (a *Authenticator) getNextAssertion(_ context.Context, c *call) (any, error) {
	cred := a.sequence.next(c.from())
	if cred == nil {
		a.sequence = nil
		return nil, fmt.Errorf("no further assertion for this host: %w", ctap.StatusNotAllowed)
	}
	s := a.sequence
	return a.assertion(s.request, s.rpIDHash, s.flags, cred)
}

// assertion signs with one credential. Without user verification the user is
// named by the handle alone (§6.2.2, step 12).
func (a *Authenticator) assertion(
	req *ctap.GetAssertionRequest, rpIDHash [32]byte, flags ctap.Flags, cred *credential,
) (*ctap.GetAssertionResponse, error) {
	data, sig, err := a.sign(cred, rpIDHash, flags, req.ClientDataHash)
	if err != nil {
		return nil, err
	}
	resp := &ctap.GetAssertionResponse{
		Credential: &ctap.CredentialDescriptor{ID: cred.id, Type: ctap.PublicKey},
		AuthData:   data.Append(nil),
		Signature:  sig,
	}
	if cred.record != nil {
		resp.User = &ctap.User{ID: cred.record.UserID}
	}
	return resp, nil
}
