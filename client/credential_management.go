package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// The methods of this file are authenticatorCredentialManagement (§6.8), or its
// preview of FIDO_2_1_PRE where that is all the key offers. They take a token
// with [ctap.PermissionCredentialMgmt]; for those that only read, one with
// [Device.ReadPermission] will do. Other keys' error is [errors.ErrUnsupported].

// ReadPermission returns the least permission with which the key tells of its
// discoverable credentials: where it has one that only reads,
// [ctap.PermissionCredentialMgmtRO]. A token with that goes on to work after the
// key was unplugged, until its PIN is changed or it is reset, and does not put an
// end to other tokens; it is a secret to keep like the list that it gives.
func (d *Device) ReadPermission() ctap.Permissions {
	if on, _ := d.option(ctap.OptionPerCredMgmtRO); on {
		return ctap.PermissionCredentialMgmtRO
	}
	return ctap.PermissionCredentialMgmt
}

// CredentialsMetadata counts the discoverable credentials of a key.
type CredentialsMetadata struct {
	Existing  uint64
	Remaining uint64 // at most so many more fit
}

// RP is a relying party for which a key has discoverable credentials.
type RP struct {
	ID     string // the key may have cut it
	Name   string // few keys keep it
	IDHash [32]byte
}

// Credential is a discoverable credential that a key has.
type Credential struct {
	ID           []byte
	User         ctap.User
	PublicKey    []byte // COSE_Key
	Protection   uint64 // level of credProtect; 0: the key does not say
	LargeBlobKey []byte // nil: none

	// ThirdPartyPayment tells whether the credential was made for payments on
	// other sites.
	ThirdPartyPayment bool
}

// CredentialsMetadata counts the key's discoverable credentials.
func (d *Device) CredentialsMetadata(ctx context.Context, t *Token) (CredentialsMetadata, error) {
	resp, err := d.manage(ctx, t, ctap.GetCredsMetadata, nil)
	if err != nil {
		return CredentialsMetadata{}, err
	}
	if resp.ExistingCount == nil || resp.RemainingCount == nil {
		return CredentialsMetadata{}, malformed(ctap.CommandCredentialManagement, "a count is missing")
	}
	return CredentialsMetadata{*resp.ExistingCount, *resp.RemainingCount}, nil
}

// RPs returns the relying parties for which the key has discoverable
// credentials. No other command must run meanwhile.
func (d *Device) RPs(ctx context.Context, t *Token) ([]RP, error) {
	first, err := d.manage(ctx, t, ctap.EnumerateRPsBegin, nil)
	if errors.Is(err, ctap.StatusNoCredentials) || err == nil && first.TotalRPs == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return enumerate(first, first.TotalRPs, newRP, func() (*ctap.CredentialManagementResponse, error) {
		return d.manageNext(ctx, ctap.EnumerateRPsGetNextRP)
	})
}

func newRP(resp *ctap.CredentialManagementResponse) (RP, error) {
	if resp.RP == nil || len(resp.RPIDHash) != 32 {
		return RP{}, malformed(ctap.CommandCredentialManagement, "no relying party")
	}
	return RP{ID: legible(resp.RP.ID), Name: legible(resp.RP.Name), IDHash: [32]byte(resp.RPIDHash)}, nil
}

// Credentials returns the key's discoverable credentials for the relying party
// whose ID has that hash. No other command must run meanwhile.
func (d *Device) Credentials(ctx context.Context, t *Token, rpIDHash [32]byte) ([]Credential, error) {
	first, err := d.manage(ctx, t, ctap.EnumerateCredentialsBegin, &ctap.CredentialManagementParams{RPIDHash: rpIDHash[:]})
	if errors.Is(err, ctap.StatusNoCredentials) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return enumerate(first, first.TotalCredentials, newCredential, func() (*ctap.CredentialManagementResponse, error) {
		return d.manageNext(ctx, ctap.EnumerateCredentialsGetNextCredential)
	})
}

func newCredential(resp *ctap.CredentialManagementResponse) (Credential, error) {
	if resp.User == nil || resp.CredentialID == nil || len(resp.CredentialID.ID) == 0 {
		return Credential{}, malformed(ctap.CommandCredentialManagement, "no credential")
	}
	return Credential{
		ID: resp.CredentialID.ID, User: legibleUser(*resp.User), PublicKey: resp.PublicKey,
		Protection: resp.CredProtect, LargeBlobKey: resp.LargeBlobKey,
		ThirdPartyPayment: resp.ThirdPartyPayment != nil && *resp.ThirdPartyPayment,
	}, nil
}

// enumerate returns the first item of an enumeration and those that follow it.
// The key says how many there are; memory is taken for those that it tells.
func enumerate[T any](
	first *ctap.CredentialManagementResponse, total uint64,
	read func(*ctap.CredentialManagementResponse) (T, error), next func() (*ctap.CredentialManagementResponse, error),
) ([]T, error) {
	if total > maxEnumeration {
		return nil, malformed(ctap.CommandCredentialManagement, fmt.Sprintf("%d items", total))
	}
	item, err := read(first)
	if err != nil {
		return nil, err
	}
	items := []T{item}
	for uint64(len(items)) < total {
		resp, err := next()
		if err != nil {
			return nil, err
		}
		if item, err = read(resp); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// DeleteCredential deletes a discoverable credential.
func (d *Device) DeleteCredential(ctx context.Context, t *Token, credentialID []byte) error {
	return d.manageOnly(ctx, t, ctap.DeleteCredential, &ctap.CredentialManagementParams{CredentialID: descriptor(credentialID)})
}

// UpdateUser replaces the names that the key keeps with a discoverable
// credential. The user's ID must be the credential's; empty names are removed.
// Keys that offer only the preview of this command cannot do it.
func (d *Device) UpdateUser(ctx context.Context, t *Token, credentialID []byte, user ctap.User) error {
	return d.manageOnly(ctx, t, ctap.UpdateUserInformation, &ctap.CredentialManagementParams{CredentialID: descriptor(credentialID), User: &user})
}

func descriptor(credentialID []byte) *ctap.CredentialDescriptor {
	return &ctap.CredentialDescriptor{ID: credentialID, Type: ctap.PublicKey}
}

// manage runs a subcommand that has an answer.
func (d *Device) manage(
	ctx context.Context, t *Token, sub ctap.CredentialManagementSubcommand, params *ctap.CredentialManagementParams,
) (*ctap.CredentialManagementResponse, error) {
	var resp ctap.CredentialManagementResponse
	if err := d.manageInto(ctx, t, sub, params, &resp); err != nil {
		return nil, err
	}
	return &resp, nil
}

// manageOnly runs a subcommand whose answer is a status.
func (d *Device) manageOnly(ctx context.Context, t *Token, sub ctap.CredentialManagementSubcommand, params *ctap.CredentialManagementParams) error {
	return d.manageInto(ctx, t, sub, params, nil)
}

// manageInto runs a subcommand with its token, which authenticates
//
//	subCommand (1) ‖ subCommandParams
func (d *Device) manageInto(
	ctx context.Context, t *Token, sub ctap.CredentialManagementSubcommand, params *ctap.CredentialManagementParams, resp any,
) error {
	cmd, err := d.credentialManagement()
	if err != nil {
		return err
	}
	req := &ctap.CredentialManagementRequest{Subcommand: sub}
	if params != nil {
		if req.Params, err = ctap.Marshal(params); err != nil {
			return err
		}
	}
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.Authorize(append([]byte{byte(sub)}, req.Params...))
	return d.command(ctx, cmd, req, resp)
}

// manageNext goes on with an enumeration, for which there is no token.
func (d *Device) manageNext(ctx context.Context, sub ctap.CredentialManagementSubcommand) (*ctap.CredentialManagementResponse, error) {
	return d.manage(ctx, nil, sub, nil)
}

// credentialManagement returns the number under which the key offers the
// command.
func (d *Device) credentialManagement() (ctap.Command, error) {
	if on, _ := d.option(ctap.OptionCredMgmt); on {
		return ctap.CommandCredentialManagement, nil
	}
	if on, _ := d.option(ctap.OptionCredentialMgmtPreview); on {
		return ctap.CommandCredentialManagementPreview, nil
	}
	return 0, unsupported("credential management")
}
