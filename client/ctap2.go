package client

import (
	"context"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// GetInfo runs authenticatorGetInfo, and keeps the answer for [Device.Info].
func (d *Device) GetInfo(ctx context.Context) (*ctap.GetInfoResponse, error) {
	var info ctap.GetInfoResponse
	if err := d.command(ctx, ctap.CommandGetInfo, nil, &info); err != nil {
		return nil, err
	}
	d.info.Store(&info)
	return &info, nil
}

// MakeCredential runs authenticatorMakeCredential, for which the user touches
// the key.
func (d *Device) MakeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error) {
	var resp ctap.MakeCredentialResponse
	if err := d.command(ctx, ctap.CommandMakeCredential, req, &resp); err != nil {
		return nil, err
	}
	return &resp, nil
}

// GetAssertion runs authenticatorGetAssertion, for which the user touches the
// key. Where NumberOfCredentials of the answer is more than one, the others are
// had by [Device.GetNextAssertion].
func (d *Device) GetAssertion(ctx context.Context, req *ctap.GetAssertionRequest) (*ctap.GetAssertionResponse, error) {
	return d.assertion(ctx, ctap.CommandGetAssertion, req)
}

// GetNextAssertion runs authenticatorGetNextAssertion: the assertion of the
// next credential that the last GetAssertion found.
func (d *Device) GetNextAssertion(ctx context.Context) (*ctap.GetAssertionResponse, error) {
	return d.assertion(ctx, ctap.CommandGetNextAssertion, nil)
}

func (d *Device) assertion(ctx context.Context, cmd ctap.Command, params any) (*ctap.GetAssertionResponse, error) {
	var resp ctap.GetAssertionResponse
	if err := d.command(ctx, cmd, params, &resp); err != nil {
		return nil, err
	}
	if resp.User != nil {
		*resp.User = legibleUser(*resp.User)
	}
	return &resp, nil
}

// Assertions runs authenticatorGetAssertion and as many
// authenticatorGetNextAssertion as there are credentials: at least one. No other
// command must run in between.
func (d *Device) Assertions(ctx context.Context, req *ctap.GetAssertionRequest) ([]*ctap.GetAssertionResponse, error) {
	first, err := d.GetAssertion(ctx, req)
	if err != nil {
		return nil, err
	}
	if first.NumberOfCredentials > maxEnumeration {
		return nil, malformed(ctap.CommandGetAssertion, fmt.Sprintf("%d credentials", first.NumberOfCredentials))
	}
	all := []*ctap.GetAssertionResponse{first}
	for uint64(len(all)) < first.NumberOfCredentials {
		next, err := d.GetNextAssertion(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
	return all, nil
}

// maxEnumeration is more items than any key has room for. A key that claims
// more is not listened to.
const maxEnumeration = 1 << 17

// Reset runs authenticatorReset: the key forgets all credentials. Most keys
// take it only in the first seconds after they were plugged in.
func (d *Device) Reset(ctx context.Context) error {
	return d.command(ctx, ctap.CommandReset, nil, nil)
}

// Selection runs authenticatorSelection: it returns when the user has touched
// this key, of several.
func (d *Device) Selection(ctx context.Context) error {
	return d.command(ctx, ctap.CommandSelection, nil, nil)
}

// command sends a CTAP2 command with its parameters, nil if it has none, and
// decodes the answer into resp, unless that is nil.
func (d *Device) command(ctx context.Context, cmd ctap.Command, params, resp any) error {
	message := []byte{byte(cmd)}
	if params != nil {
		encoded, err := ctap.Marshal(params)
		if err != nil {
			return fmt.Errorf("%v: %w", cmd, err)
		}
		message = append(message, encoded...)
	}
	answer, err := d.host.Transact(ctx, ctaphid.CommandCBOR, message, d.notifier())
	if err != nil {
		return fmt.Errorf("%v: %w", cmd, err)
	}
	if len(answer) == 0 {
		return fmt.Errorf("%v: the answer is empty", cmd)
	}
	if status := ctap.Status(answer[0]); status != ctap.StatusOK {
		return fmt.Errorf("%v: %w", cmd, status)
	}
	if resp == nil {
		return nil
	}
	if err := ctap.UnmarshalAnswer(answer[1:], resp); err != nil {
		return malformed(cmd, err)
	}
	return nil
}
