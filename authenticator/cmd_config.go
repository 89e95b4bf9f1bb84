package authenticator

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
	"github.com/softkey-project/softkey/keystore"
)

// configSubcommand is one row of the table of authenticatorConfig's subcommands.
type configSubcommand struct {
	run     func(*Authenticator, ctap.Raw) error
	offered func(*Authenticator) bool
}

var configSubcommands = map[ctap.ConfigSubcommand]configSubcommand{
	ctap.EnableEnterpriseAttestation: {
		(*Authenticator).enableEnterpriseAttestation, featureOf(ctap.OptionEP),
	},
	ctap.ToggleAlwaysUv:  {(*Authenticator).toggleAlwaysUv, featureOf(ctap.OptionAlwaysUv)},
	ctap.SetMinPINLength: {(*Authenticator).setMinPINLength, featureOf(ctap.OptionSetMinPINLength)},
	ctap.EnableLongTouchForReset: {
		(*Authenticator).enableLongTouchForReset,
		func(a *Authenticator) bool { return a.authnrCfg() && a.profile.LongTouchForReset != nil },
	},
	ctap.VendorPrototype: {
		(*Authenticator).vendorPrototype,
		func(a *Authenticator) bool { return a.authnrCfg() && a.profile.VendorPrototypeCommands != nil },
	},
}

func (a *Authenticator) authnrCfg() bool { return a.profile.Options[ctap.OptionAuthnrCfg] }

func featureOf(option string) func(*Authenticator) bool {
	return func(a *Authenticator) bool { return a.authnrCfg() && a.profile.promises(option) }
}

// config is authenticatorConfig (§6.11).
func (a *Authenticator) config(_ context.Context, c *call) (any, error) {
	req, err := ctap.ParseConfigRequest(c.parameters)
	if err != nil {
		return nil, err
	}
	sub, ok := configSubcommands[req.Subcommand]
	if !ok || !sub.offered(a) {
		return nil, fmt.Errorf("subCommand %02X: %w", uint64(req.Subcommand), ctap.StatusInvalidParameter)
	}
	// Step 3: alwaysUv without any way to verify the user would be a trap.
	escape := req.Subcommand == ctap.ToggleAlwaysUv && !a.protected() && a.alwaysUv()
	if !escape && (a.protected() || a.alwaysUv()) {
		message := slices.Concat(bytes.Repeat([]byte{0xff}, 32), []byte{byte(ctap.CommandConfig), byte(req.Subcommand)}, req.Params)
		_, err := a.authorize(req.PinUvAuthProtocol, req.PinUvAuthParam, message, ctap.PermissionAuthenticatorConfig)
		if err != nil {
			return nil, err
		}
	}
	return nil, sub.run(a, req.Params)
}

// authorize is the gate of the management commands: a pinUvAuthParam of a token
// with a permission. It returns the token.
func (a *Authenticator) authorize(number *uint64, param, message []byte, permission ctap.Permissions) (*token, error) {
	protocol, err := a.gate(number, param)
	if err != nil {
		return nil, err
	}
	t := a.pinAuth.verify(protocol, message, param)
	if t == nil || t.permissions&permission == 0 {
		return nil, fmt.Errorf("pinUvAuthParam: %w", ctap.StatusPINAuthInvalid)
	}
	return t, nil
}

// gate checks that there is a pinUvAuthParam, and for which protocol.
func (a *Authenticator) gate(number *uint64, param []byte) (pinuv.Protocol, error) {
	if param == nil {
		return nil, fmt.Errorf("pinUvAuthParam: %w", ctap.StatusPUATRequired)
	}
	return a.protocol(number)
}

// enableEnterpriseAttestation is §6.11.1.
func (a *Authenticator) enableEnterpriseAttestation(ctap.Raw) error {
	return a.changePolicy(func(p *keystore.Policy) error { p.EnterpriseAttestation = true; return nil })
}

// toggleAlwaysUv is §6.11.2.
func (a *Authenticator) toggleAlwaysUv(ctap.Raw) error {
	return a.changePolicy(func(p *keystore.Policy) error { p.ToggledAlwaysUv = !p.ToggledAlwaysUv; return nil })
}

// enableLongTouchForReset is §6.11.3.
func (a *Authenticator) enableLongTouchForReset(ctap.Raw) error {
	return a.changePolicy(func(p *keystore.Policy) error { p.LongTouchForReset = true; return nil })
}

// vendorPrototype is §6.11.5. The commands that a profile lists do nothing: they
// are there for platforms to try the way.
func (a *Authenticator) vendorPrototype(params ctap.Raw) error {
	var p ctap.VendorPrototypeParams
	if len(params) > 0 {
		if err := ctap.UnmarshalLax(params, &p); err != nil {
			return err
		}
	}
	if p.VendorCommandID == 0 { // they are random
		return fmt.Errorf("vendorCommandId: %w", ctap.StatusMissingParameter)
	}
	if !slices.Contains(a.profile.VendorPrototypeCommands, p.VendorCommandID) {
		return fmt.Errorf("vendorCommandId %X: %w", p.VendorCommandID, ctap.StatusInvalidParameter)
	}
	return nil
}

// setMinPINLength is §6.11.4. Nothing changes where it fails. To a key without a
// PIN complexity policy that parameter is an unknown one.
func (a *Authenticator) setMinPINLength(params ctap.Raw) error {
	var p ctap.SetMinPINLengthParams
	if len(params) > 0 {
		if err := ctap.UnmarshalLax(params, &p); err != nil {
			return err
		}
	}
	length := a.minPINLength()
	if p.NewMinPINLength != nil {
		length = *p.NewMinPINLength
	}
	if err := a.checkMinPINLength(&p, length); err != nil {
		return err
	}
	complexity := a.pinComplexity() || a.profile.PINComplexityPolicy != nil && isTrue(p.PINComplexityPolicy)
	force := p.ForceChangePIN || a.pinSet() && (a.policy.PINLength < length || complexity && !a.pinComplexity())
	err := a.changePolicy(func(policy *keystore.Policy) error {
		policy.MinPINLength, policy.PINComplexity = length, complexity
		if len(p.MinPINLengthRPIDs) > 0 {
			policy.MinPINLengthRPIDs = p.MinPINLengthRPIDs
		}
		if !force {
			return nil
		}
		policy.ForcePINChange = true
		return a.resetPersistentToken(policy)
	})
	if err == nil && a.policy.ForcePINChange {
		a.pinAuth.end()
	}
	return err
}

func (a *Authenticator) checkMinPINLength(p *ctap.SetMinPINLengthParams, length uint64) error {
	switch {
	case p.MinPINLengthRPIDs != nil && !a.profile.extends("minPinLength") && !a.profile.extends("pinComplexityPolicy"):
		return fmt.Errorf("minPinLengthRPIDs: %w", ctap.StatusInvalidParameter)
	case length < a.minPINLength() || length > a.profile.MaxPINLength:
		return fmt.Errorf("newMinPINLength %d: %w", length, ctap.StatusPINPolicyViolation)
	case p.ForceChangePIN && !a.pinSet():
		return fmt.Errorf("forceChangePin: %w", ctap.StatusPINNotSet)
	case len(p.MinPINLengthRPIDs) > a.profile.MaxRPIDsForSetMinPINLength:
		return fmt.Errorf("%d minPinLengthRPIDs: %w", len(p.MinPINLengthRPIDs), ctap.StatusKeyStoreFull)
	}
	return nil
}
