package authenticator

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// handleU2F answers an APDU: data and a status word (U2F §3).
func (a *Authenticator) handleU2F(ctx context.Context, req *ctap.Request) []byte {
	a.sequence = nil
	data, err := a.runU2F(ctx, req.Data)
	if err == nil {
		return ctap.SWNoError.Append(data)
	}
	sw := ctap.SWUnknown
	errors.As(err, &sw)
	a.logFailure(ctx, err, sw)
	return sw.Append(nil)
}

func (a *Authenticator) runU2F(ctx context.Context, message []byte) ([]byte, error) {
	if err := a.refresh(); err != nil {
		return nil, err
	}
	apdu, err := ctap.ParseCommandAPDU(message)
	switch {
	case len(message) < 4:
		return nil, err
	case apdu.CLA != 0:
		return nil, fmt.Errorf("CLA %02X: %w", apdu.CLA, ctap.SWClaNotSupported)
	case !a.profile.U2F() || apdu.INS < ctap.U2FRegister || apdu.INS > ctap.U2FVersion:
		return nil, fmt.Errorf("INS %02X: %w", apdu.INS, ctap.SWInsNotSupported)
	case err != nil:
		return nil, err
	}
	switch {
	case apdu.INS == ctap.U2FVersion:
		return u2fVersion(apdu)
	case !a.u2fEnabled():
		return nil, fmt.Errorf("U2F under alwaysUv: %w", ctap.SWCommandNotAllowed)
	case apdu.INS == ctap.U2FRegister:
		return a.u2fRegister(ctx, apdu)
	}
	return a.u2fAuthenticate(ctx, apdu)
}

func u2fVersion(apdu ctap.CommandAPDU) ([]byte, error) {
	if len(apdu.Data) > 0 {
		return nil, fmt.Errorf("U2F version with data: %w", ctap.SWWrongLength)
	}
	return []byte(ctap.VersionU2FV2), nil
}

// u2fRegister makes a key that nobody but the site remembers (U2F §4).
func (a *Authenticator) u2fRegister(ctx context.Context, apdu ctap.CommandAPDU) ([]byte, error) {
	req, err := ctap.ParseU2FRegisterRequest(apdu.Data)
	if err != nil {
		return nil, err
	}
	p := Prompt{Operation: OperationU2FRegister, Kind: KindConsent, RPIDHash: req.Application}
	if isU2FBlink(req) {
		p.Kind = KindSelect
	}
	if !a.touch.take(ctx, p) {
		return nil, fmt.Errorf("not touched: %w", ctap.SWConditionsNotSatisfied)
	}
	attester, err := a.cfg.Attester()
	if err != nil {
		return nil, err
	}
	made, err := a.newKey(cose.ByID(cose.ES256))
	if err != nil {
		return nil, err
	}
	defer made.wipe()
	if err := a.wrap(&made, req.Application, false); err != nil {
		return nil, err
	}
	point := cose.PointOf(made.key)
	sig, err := attester.SignU2F(req.Application, req.Challenge, made.handle, point)
	if err != nil {
		return nil, err
	}
	resp := ctap.U2FRegisterResponse{
		PublicKey: point, KeyHandle: made.handle, Certificate: attester.Certificate(), Signature: sig,
	}
	return resp.Append(nil), nil
}

// u2fAuthenticate signs for a site, or says whether a key handle is ours (U2F
// §5). Whose handle it is comes before any touch.
func (a *Authenticator) u2fAuthenticate(ctx context.Context, apdu ctap.CommandAPDU) ([]byte, error) {
	req, err := ctap.ParseU2FAuthenticateRequest(apdu)
	if err != nil {
		return nil, err
	}
	switch req.Control {
	case ctap.U2FCheckOnly, ctap.U2FEnforceAndSign, ctap.U2FSign:
	default:
		return nil, fmt.Errorf("control byte %02X: %w", req.Control, ctap.SWWrongData)
	}
	cred, err := a.findU2F(&req)
	if err != nil {
		return nil, err
	}
	defer cred.wipe()
	flags, err := a.u2fPresence(ctx, &req, cred)
	if err != nil {
		return nil, err
	}
	data := &ctap.AuthenticatorData{RPIDHash: req.Application, Flags: flags}
	_, sig, err := a.sign(cred, data, req.Challenge[:])
	if err != nil {
		return nil, err
	}
	resp := ctap.U2FAuthenticateResponse{Flags: flags, Counter: data.SignCount, Signature: sig}
	return resp.Append(nil), nil
}

// findU2F resolves a key handle. Handles of a length that this key never issues
// are told apart from others, as the oldest test suites want it.
func (a *Authenticator) findU2F(req *ctap.U2FAuthenticateRequest) (*credential, error) {
	if n := len(req.KeyHandle); n != es256HandleSize && n != eddsaHandleSize && n != storedID {
		return nil, fmt.Errorf("key handle of %d bytes: %w", n, ctap.SWWrongLength)
	}
	cred, err := a.find(req.Application, req.KeyHandle)
	if err != nil {
		return nil, err
	}
	if cred == nil {
		return nil, fmt.Errorf("key handle: %w", ctap.SWWrongData)
	}
	if cred.alg.ID() != cose.ES256 || cred.protection() == protectRequired {
		cred.wipe()
		return nil, fmt.Errorf("key handle: %w", ctap.SWWrongData)
	}
	return cred, nil
}

// u2fPresence is the meaning of the control byte: the flags to sign with, or
// why nothing is signed.
func (a *Authenticator) u2fPresence(ctx context.Context, req *ctap.U2FAuthenticateRequest, cred *credential) (ctap.Flags, error) {
	switch req.Control {
	case ctap.U2FCheckOnly:
		return 0, fmt.Errorf("the key handle is ours: %w", ctap.SWConditionsNotSatisfied)
	case ctap.U2FSign:
		if a.touch.takeGiven(req.Application) {
			return ctap.FlagUP, nil
		}
		return 0, nil
	}
	p := Prompt{
		Operation: OperationU2FAuthenticate, Kind: KindConsent, RPIDHash: req.Application, User: account(cred.record),
	}
	if cred.record != nil {
		p.RPID = cred.record.RPID
	}
	if !a.touch.take(ctx, p) {
		return 0, fmt.Errorf("not touched: %w", ctap.SWConditionsNotSatisfied)
	}
	return ctap.FlagUP, nil
}
