package client

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// The methods of this file are authenticatorConfig (§6.11). They take a token
// with [ctap.PermissionAuthenticatorConfig], or none where the key has neither a
// PIN nor an enrolled finger. Most change what getInfo says.

// EnableEnterpriseAttestation allows the key to tell some sites which very key
// it is. Only a reset takes that back.
func (d *Device) EnableEnterpriseAttestation(ctx context.Context, t *Token) error {
	return d.config(ctx, t, ctap.EnableEnterpriseAttestation, nil)
}

// ToggleAlwaysUv has the key verify the user for each credential and assertion,
// or no longer.
func (d *Device) ToggleAlwaysUv(ctx context.Context, t *Token) error {
	return d.config(ctx, t, ctap.ToggleAlwaysUv, nil)
}

// SetMinPINLength changes what the key demands of a PIN, and which relying
// parties may know of it. Members that are absent stay as they are; the length
// only ever grows.
func (d *Device) SetMinPINLength(ctx context.Context, t *Token, params ctap.SetMinPINLengthParams) error {
	return d.config(ctx, t, ctap.SetMinPINLength, params)
}

// EnableLongTouchForReset has the key take a reset only with a touch of five
// seconds.
func (d *Device) EnableLongTouchForReset(ctx context.Context, t *Token) error {
	return d.config(ctx, t, ctap.EnableLongTouchForReset, nil)
}

// VendorPrototype runs a command of the key's vendor; params are those beside
// its ID, by their numbers from 2 on.
func (d *Device) VendorPrototype(ctx context.Context, t *Token, vendorCommandID uint64, params map[uint64]any) error {
	all := maps.Clone(params)
	if all == nil {
		all = map[uint64]any{}
	}
	all[1] = vendorCommandID
	return d.config(ctx, t, ctap.VendorPrototype, all)
}

// config runs a subcommand with its token, which authenticates
//
//	32 × FF ‖ 0D ‖ subCommand (1) ‖ subCommandParams
func (d *Device) config(ctx context.Context, t *Token, sub ctap.ConfigSubcommand, params any) (err error) {
	req := &ctap.ConfigRequest{Subcommand: sub}
	if params != nil {
		if req.Params, err = ctap.Marshal(params); err != nil {
			return err
		}
	}
	message := slices.Concat(bytes.Repeat([]byte{0xff}, 32), []byte{byte(ctap.CommandConfig), byte(sub)}, req.Params)
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.Authorize(message)
	return d.command(ctx, ctap.CommandConfig, req, nil)
}
