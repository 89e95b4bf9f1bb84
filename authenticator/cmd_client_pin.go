package authenticator

import (
	"context"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
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
