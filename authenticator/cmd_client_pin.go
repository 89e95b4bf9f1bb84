package authenticator

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
	"github.com/softkey-project/softkey/keystore"
)

// clientPIN is one run of authenticatorClientPIN (§6.5.5).
type clientPIN struct {
	a        *Authenticator
	call     *call
	req      *ctap.ClientPINRequest
	protocol pinuv.Protocol
	secret   []byte // shared with the platform
}

// clientPINSubcommand is one row of the table of subcommands.
type clientPINSubcommand struct {
	run      func(*clientPIN, context.Context) (*ctap.ClientPINResponse, error)
	offered  func(*Authenticator) bool
	required []func(*ctap.ClientPINRequest) bool // parameters that must be there
}

var clientPINSubcommands = map[ctap.ClientPINSubcommand]clientPINSubcommand{
	ctap.GetPINRetries:   {run: (*clientPIN).getPINRetries, offered: hasClientPIN},
	ctap.GetKeyAgreement: {run: (*clientPIN).getKeyAgreement, offered: agrees, required: needs(pProtocol)},
	ctap.SetPIN: {
		run: (*clientPIN).setPIN, offered: hasClientPIN,
		required: needs(pProtocol, pKeyAgreement, pParam, pNewPIN),
	},
	ctap.ChangePIN: {
		run: (*clientPIN).changePIN, offered: hasClientPIN,
		required: needs(pProtocol, pKeyAgreement, pParam, pNewPIN, pPINHash),
	},
	ctap.GetPINToken: {
		run: (*clientPIN).getPINToken, offered: hasClientPIN,
		required: needs(pProtocol, pKeyAgreement, pPINHash),
	},
	ctap.GetTokenUsingUVWithPermission: {
		run: (*clientPIN).getTokenUsingUV, offered: hasUVTokens,
		required: needs(pProtocol, pKeyAgreement, pPermissions, pRPID),
	},
	ctap.GetUVRetries: {run: (*clientPIN).getUVRetries, offered: (*Authenticator).builtInUV},
	ctap.GetTokenUsingPINWithPermission: {
		run: (*clientPIN).getTokenUsingPIN, offered: hasPINTokens,
		required: needs(pProtocol, pKeyAgreement, pPINHash, pPermissions, pRPID),
	},
}

func hasClientPIN(a *Authenticator) bool { return a.profile.has(ctap.OptionClientPIN) }
func hasTokens(a *Authenticator) bool    { return a.profile.Options[ctap.OptionPinUvAuthToken] }
func hasUVTokens(a *Authenticator) bool  { return hasTokens(a) && a.builtInUV() }
func hasPINTokens(a *Authenticator) bool { return hasTokens(a) && hasClientPIN(a) }

// agrees: hmac-secret needs the key agreement too, of a key that has no PIN.
func agrees(*Authenticator) bool { return true }

func needs(present ...func(*ctap.ClientPINRequest) bool) []func(*ctap.ClientPINRequest) bool {
	return present
}

func pProtocol(r *ctap.ClientPINRequest) bool     { return r.PinUvAuthProtocol != nil }
func pKeyAgreement(r *ctap.ClientPINRequest) bool { return r.KeyAgreement != nil }
func pParam(r *ctap.ClientPINRequest) bool        { return r.PinUvAuthParam != nil }
func pNewPIN(r *ctap.ClientPINRequest) bool       { return r.NewPINEnc != nil }
func pPINHash(r *ctap.ClientPINRequest) bool      { return r.PINHashEnc != nil }
func pPermissions(r *ctap.ClientPINRequest) bool  { return r.Permissions != nil }

func pRPID(r *ctap.ClientPINRequest) bool {
	return r.RPID != nil || r.Permissions != nil && *r.Permissions&forOneSite == 0
}

func (a *Authenticator) clientPIN(ctx context.Context, c *call) (any, error) {
	req, err := ctap.ParseClientPINRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	sub, ok := clientPINSubcommands[req.Subcommand]
	if !ok || !sub.offered(a) {
		return nil, fmt.Errorf("subCommand %02X: %w", uint64(req.Subcommand), ctap.StatusInvalidSubcommand)
	}
	op := &clientPIN{a: a, call: c, req: req}
	defer func() { clear(op.secret) }()
	if err := op.checkParameters(sub); err != nil {
		return nil, err
	}
	resp, err := sub.run(op, ctx)
	if resp == nil {
		return nil, err
	}
	return resp, err
}

func (op *clientPIN) checkParameters(sub clientPINSubcommand) error {
	for _, present := range sub.required {
		if !present(op.req) {
			return fmt.Errorf("subCommand %02X: %w", uint64(op.req.Subcommand), ctap.StatusMissingParameter)
		}
	}
	if len(sub.required) == 0 {
		return nil
	}
	var err error
	op.protocol, err = op.a.protocol(op.req.PinUvAuthProtocol)
	return err
}

// protocol returns the pinUvAuthProtocol that a host names.
func (a *Authenticator) protocol(number *uint64) (pinuv.Protocol, error) {
	if number == nil {
		return nil, fmt.Errorf("pinUvAuthProtocol: %w", ctap.StatusMissingParameter)
	}
	if !slices.Contains(a.profile.PinUvAuthProtocols, *number) {
		return nil, fmt.Errorf("pinUvAuthProtocol %d: %w", *number, ctap.StatusInvalidParameter)
	}
	return pinuv.ByNumber(*number), nil
}

// getPINRetries is §6.5.5.3. Of a key without a PIN the specification says
// nothing. Many keys answer all retries; python-fido2's tests of devices, which
// are those of a vendor, want PIN_NOT_SET, and libfido2 takes either.
func (op *clientPIN) getPINRetries(context.Context) (*ctap.ClientPINResponse, error) {
	if !op.a.pinSet() {
		return nil, ctap.StatusPINNotSet
	}
	retries := op.a.pinRetries()
	resp := &ctap.ClientPINResponse{PINRetries: &retries}
	if latched := op.a.pinAuth.latched(); latched {
		resp.PowerCycleState = &latched
	}
	return resp, nil
}

// getUVRetries is §6.5.5.4.
func (op *clientPIN) getUVRetries(context.Context) (*ctap.ClientPINResponse, error) {
	retries := op.a.uvRetries()
	return &ctap.ClientPINResponse{UVRetries: &retries}, nil
}

// getKeyAgreement is §6.5.5.2.
func (op *clientPIN) getKeyAgreement(context.Context) (*ctap.ClientPINResponse, error) {
	key, err := op.a.pinAuth.agreement(op.protocol)
	if err != nil {
		return nil, err
	}
	return &ctap.ClientPINResponse{KeyAgreement: ctap.MustMarshal(key.PublicKey())}, nil
}

// decapsulate agrees on the shared secret.
func (op *clientPIN) decapsulate() (err error) {
	op.secret, err = op.a.pinAuth.decapsulate(op.protocol, op.req.KeyAgreement)
	return err
}

// authenticated checks that message comes from whoever agreed on the secret.
func (op *clientPIN) authenticated(message []byte) error {
	if !pinuv.Verify(op.protocol, op.secret, message, op.req.PinUvAuthParam) {
		return fmt.Errorf("pinUvAuthParam: %w", ctap.StatusPINAuthInvalid)
	}
	return nil
}

// setPIN is §6.5.5.5.
func (op *clientPIN) setPIN(context.Context) (*ctap.ClientPINResponse, error) {
	if op.a.pinSet() {
		return nil, fmt.Errorf("a PIN is set: %w", ctap.StatusPINAuthInvalid)
	}
	if err := op.decapsulate(); err != nil {
		return nil, err
	}
	if err := op.authenticated(op.req.NewPINEnc); err != nil {
		return nil, err
	}
	pin, err := op.a.decryptNewPIN(op.protocol, op.secret, op.req.NewPINEnc)
	if err != nil {
		return nil, err
	}
	return nil, op.a.changePolicy(func(p *keystore.Policy) error { pin.set(p); return nil })
}

// changePIN is §6.5.5.6.
func (op *clientPIN) changePIN(context.Context) (*ctap.ClientPINResponse, error) {
	a := op.a
	if err := a.pinBlocked(); err != nil {
		return nil, err
	}
	if err := op.decapsulate(); err != nil {
		return nil, err
	}
	if err := op.authenticated(slices.Concat(op.req.NewPINEnc, op.req.PINHashEnc)); err != nil {
		return nil, err
	}
	if err := a.checkPIN(op.protocol, op.secret, op.req.PINHashEnc); err != nil {
		return nil, err
	}
	pin, err := a.decryptNewPIN(op.protocol, op.secret, op.req.NewPINEnc)
	if err != nil {
		return nil, err
	}
	if a.policy.ForcePINChange && subtle.ConstantTimeCompare(pin.hash, a.policy.PINHash) == 1 {
		return nil, fmt.Errorf("the PIN must become another: %w", ctap.StatusPINPolicyViolation)
	}
	err = a.changePolicy(func(p *keystore.Policy) error {
		pin.set(p)
		return a.resetPersistentToken(p)
	})
	if err == nil {
		a.pinAuth.end()
	}
	return nil, err
}

// getPINToken is §6.5.5.7.1, what CTAP 2.0 had: a token for makeCredential and
// getAssertion, which belongs to the site that uses it first. Of a key without
// the option pinUvAuthToken it is still the token that CTAP 2.0 had.
func (op *clientPIN) getPINToken(context.Context) (*ctap.ClientPINResponse, error) {
	if op.req.Permissions != nil || op.req.RPID != nil {
		return nil, fmt.Errorf("permissions or rpId: %w", ctap.StatusInvalidParameter)
	}
	if err := op.enterPIN(); err != nil {
		return nil, err
	}
	if op.a.policy.ForcePINChange {
		return nil, fmt.Errorf("the PIN must be changed: %w", ctap.StatusPINInvalid)
	}
	if !hasTokens(op.a) {
		t, err := op.a.pinAuth.pinToken(op.protocol)
		if err != nil {
			return nil, err
		}
		return op.handOut(t.value)
	}
	var permissions ctap.Permissions
	if op.a.pinUsable() {
		permissions = forOneSite
	}
	return op.issue(permissions, nil, false)
}

// getTokenUsingPIN is §6.5.5.7.2.
func (op *clientPIN) getTokenUsingPIN(context.Context) (*ctap.ClientPINResponse, error) {
	permissions, err := op.permissions(permissionsByPIN)
	if err != nil {
		return nil, err
	}
	if err := op.enterPIN(); err != nil {
		return nil, err
	}
	if op.a.policy.ForcePINChange {
		return nil, fmt.Errorf("the PIN must be changed: %w", ctap.StatusPINPolicyViolation)
	}
	return op.grant(permissions, false)
}

// getTokenUsingUV is §6.5.5.7.3. The built-in method proves presence as well.
func (op *clientPIN) getTokenUsingUV(ctx context.Context) (*ctap.ClientPINResponse, error) {
	a := op.a
	permissions, err := op.permissions(permissionsByUV)
	if err != nil {
		return nil, err
	}
	switch {
	case !a.uvConfigured():
		return nil, fmt.Errorf("user verification is not set up: %w", ctap.StatusNotAllowed)
	case a.uvRetries() == 0:
		return nil, ctap.StatusUVBlocked
	}
	if err := op.decapsulate(); err != nil {
		return nil, err
	}
	p := Prompt{Operation: ctap.CommandClientPIN.String(), Kind: KindConsent}
	if op.req.RPID != nil {
		p.RPID, p.RPIDHash = *op.req.RPID, hashRPID(*op.req.RPID)
	}
	err = a.performBuiltInUV(ctx, op.call, p)
	switch {
	case errors.Is(err, errUVFailed) && a.uvRetries() == 0:
		return nil, fmt.Errorf("%w: %w", err, ctap.StatusUVBlocked)
	case errors.Is(err, errUVFailed):
		return nil, fmt.Errorf("%w: %w", err, ctap.StatusUVInvalid)
	case err != nil:
		return nil, err
	}
	return op.grant(permissions, true)
}

// enterPIN tries the PIN of the request.
func (op *clientPIN) enterPIN() error {
	if err := op.a.pinBlocked(); err != nil {
		return err
	}
	if err := op.decapsulate(); err != nil {
		return err
	}
	return op.a.checkPIN(op.protocol, op.secret, op.req.PINHashEnc)
}

const (
	// forOneSite are the permissions that need an RP ID (§6.5.5.7).
	forOneSite = ctap.PermissionMakeCredential | ctap.PermissionGetAssertion

	// knownPermissions are all; other bits of a request are ignored.
	knownPermissions = ctap.PermissionCredentialMgmtRO<<1 - 1
)

// method is the way to a token; the options that allow a permission differ.
type method int

const (
	permissionsByPIN method = iota
	permissionsByUV
)

// permissionOptions says which option of the key allows a permission (§6.5.5.7,
// the table of step 4).
var permissionOptions = []struct {
	permission ctap.Permissions
	option     [2]string // by PIN, by UV
}{
	{ctap.PermissionCredentialMgmt, [2]string{ctap.OptionCredMgmt, ctap.OptionCredMgmt}},
	{ctap.PermissionBioEnrollment, [2]string{ctap.OptionBioEnroll, ctap.OptionUVBioEnroll}},
	{ctap.PermissionLargeBlobWrite, [2]string{ctap.OptionLargeBlobs, ctap.OptionLargeBlobs}},
	{ctap.PermissionAuthenticatorConfig, [2]string{ctap.OptionAuthnrCfg, ctap.OptionUVAcfg}},
	{ctap.PermissionCredentialMgmtRO, [2]string{ctap.OptionPerCredMgmtRO, ctap.OptionPerCredMgmtRO}},
}

// permissions returns those of the request that the specification knows, or
// refuses what the key does not give.
func (op *clientPIN) permissions(by method) (ctap.Permissions, error) {
	wanted := *op.req.Permissions & knownPermissions
	if wanted == 0 {
		return 0, fmt.Errorf("permissions %02X: %w", uint64(*op.req.Permissions), ctap.StatusInvalidParameter)
	}
	denied := fmt.Errorf("permissions %02X: %w", uint64(wanted), ctap.StatusUnauthorizedPermission)
	if by == permissionsByPIN && wanted&forOneSite != 0 && !op.a.pinUsable() {
		return 0, denied
	}
	if wanted&ctap.PermissionCredentialMgmtRO != 0 && wanted != ctap.PermissionCredentialMgmtRO {
		return 0, denied
	}
	for _, row := range permissionOptions {
		if wanted&row.permission != 0 && !op.a.profile.promises(row.option[by]) {
			return 0, denied
		}
	}
	return wanted, nil
}

// grant hands out a token with permissions. pcmr alone is that of the persistent
// token, and leaves the other as it is.
func (op *clientPIN) grant(permissions ctap.Permissions, present bool) (*ctap.ClientPINResponse, error) {
	if permissions == ctap.PermissionCredentialMgmtRO {
		if err := op.grantPersistent(); err != nil {
			return nil, err
		}
		return op.handOut(op.a.policy.PersistentToken)
	}
	return op.issue(permissions, op.req.RPID, present)
}

func (op *clientPIN) grantPersistent() error {
	if op.a.policy.PersistentTokenGranted {
		return nil
	}
	return op.a.changePolicy(func(p *keystore.Policy) error { p.PersistentTokenGranted = true; return nil })
}

func (op *clientPIN) issue(permissions ctap.Permissions, rpID *string, present bool) (*ctap.ClientPINResponse, error) {
	t, err := op.a.pinAuth.issue(op.protocol, permissions, rpID, present)
	if err != nil {
		return nil, err
	}
	return op.handOut(t.value)
}

func (op *clientPIN) handOut(token []byte) (*ctap.ClientPINResponse, error) {
	encrypted, err := op.protocol.Encrypt(op.secret, token, op.a.cfg.Rand)
	if err != nil {
		return nil, err
	}
	return &ctap.ClientPINResponse{PinUvAuthToken: encrypted}, nil
}
