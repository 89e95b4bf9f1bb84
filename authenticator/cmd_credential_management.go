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

// credentialManagement is one run of authenticatorCredentialManagement (§6.8),
// or of its preview, whose messages are the same. A key that has the preview
// alone has no updateUserInformation.
type credentialManagement struct {
	a      *Authenticator
	call   *call
	req    *ctap.CredentialManagementRequest
	params *ctap.CredentialManagementParams
	token  *token // nil: the persistent token, which may read everything
}

// credentialManagementSubcommand is one row of the table of subcommands.
type credentialManagementSubcommand struct {
	run      func(*credentialManagement) (*ctap.CredentialManagementResponse, error)
	next     bool                                          // goes on with an enumeration; needs no token
	readOnly bool                                          // the persistent token will do
	required func(p *ctap.CredentialManagementParams) bool // nil: no parameters
}

var credentialManagementSubcommands = map[ctap.CredentialManagementSubcommand]credentialManagementSubcommand{
	ctap.GetCredsMetadata:      {run: (*credentialManagement).getCredsMetadata, readOnly: true},
	ctap.EnumerateRPsBegin:     {run: (*credentialManagement).enumerateRPs, readOnly: true},
	ctap.EnumerateRPsGetNextRP: {run: (*credentialManagement).nextRP, next: true},
	ctap.EnumerateCredentialsBegin: {
		run: (*credentialManagement).enumerateCredentials, readOnly: true,
		required: func(p *ctap.CredentialManagementParams) bool { return p.RPIDHash != nil },
	},
	ctap.EnumerateCredentialsGetNextCredential: {run: (*credentialManagement).nextCredential, next: true},
	ctap.DeleteCredential: {
		run:      (*credentialManagement).deleteCredential,
		required: namesCredential,
	},
	ctap.UpdateUserInformation: {
		run: (*credentialManagement).updateUserInformation,
		required: func(p *ctap.CredentialManagementParams) bool {
			return namesCredential(p) && p.User != nil && p.User.ID != nil
		},
	},
}

func namesCredential(p *ctap.CredentialManagementParams) bool {
	return p.CredentialID != nil && p.CredentialID.ID != nil
}

func (a *Authenticator) credentialManagement(_ context.Context, c *call) (any, error) {
	req, params, err := ctap.ParseCredentialManagementRequest(c.parameters)
	if err != nil {
		a.sequence = nil
		return nil, err
	}
	sub, ok := credentialManagementSubcommands[req.Subcommand]
	if !sub.next {
		a.sequence = nil
	}
	if !ok || req.Subcommand == ctap.UpdateUserInformation && !a.profile.lists(ctap.CommandCredentialManagement) {
		return nil, fmt.Errorf("subCommand %02X: %w", uint64(req.Subcommand), ctap.StatusInvalidSubcommand)
	}
	op := &credentialManagement{a: a, call: c, req: req, params: params}
	if !sub.next {
		if err := op.authorize(sub); err != nil {
			return nil, err
		}
	}
	resp, err := sub.run(op)
	if resp == nil {
		return nil, err
	}
	return resp, err
}

// authorize is the gate of §6.8: the persistent token for what only reads, else
// a token with the permission cm.
func (op *credentialManagement) authorize(sub credentialManagementSubcommand) (err error) {
	a := op.a
	if op.req.PinUvAuthParam == nil {
		return fmt.Errorf("pinUvAuthParam: %w", ctap.StatusPUATRequired)
	}
	if sub.required != nil && !sub.required(op.params) {
		return fmt.Errorf("subCommandParams: %w", ctap.StatusMissingParameter)
	}
	protocol, err := a.protocol(op.req.PinUvAuthProtocol)
	if err != nil {
		return err
	}
	message := slices.Concat([]byte{byte(op.req.Subcommand)}, op.req.Params)
	if sub.readOnly && a.verifyPersistent(protocol, message, op.req.PinUvAuthParam) {
		return nil
	}
	op.token, err = a.authorize(op.req.PinUvAuthProtocol, op.req.PinUvAuthParam, message, ctap.PermissionCredentialMgmt)
	return err
}

// verifyPersistent tells whether param is of the persistent token, and that has
// the permission pcmr.
func (a *Authenticator) verifyPersistent(protocol pinuv.Protocol, message, param []byte) bool {
	return a.profile.Options[ctap.OptionPerCredMgmtRO] && a.policy.PersistentTokenGranted &&
		pinuv.Verify(protocol, a.policy.PersistentToken, message, param)
}

// forAll refuses a token that is bound to one relying party.
func (op *credentialManagement) forAll() error {
	if op.token != nil && op.token.rpID != nil {
		return fmt.Errorf("the token is for one relying party: %w", ctap.StatusPINAuthInvalid)
	}
	return nil
}

// forRP refuses a token that is bound to another relying party. (The step of
// §6.8.4 wants no binding at all; §6.5.5.7 allows this one, and libfido2 asks
// for it.)
func (op *credentialManagement) forRP(rpIDHash [32]byte) error {
	if op.token != nil && op.token.rpID != nil && hashRPID(*op.token.rpID) != rpIDHash {
		return fmt.Errorf("the token is for another relying party: %w", ctap.StatusPINAuthInvalid)
	}
	return nil
}

// getCredsMetadata is §6.8.2.
func (op *credentialManagement) getCredsMetadata() (*ctap.CredentialManagementResponse, error) {
	if err := op.forAll(); err != nil {
		return nil, err
	}
	var existing uint64
	err := op.a.cfg.Store.View(func(tx keystore.Tx) error {
		existing = keystore.CredentialCount(tx)
		return nil
	})
	if err != nil {
		return nil, err
	}
	remaining, err := op.a.remainingCredentials()
	return &ctap.CredentialManagementResponse{ExistingCount: &existing, RemainingCount: &remaining}, err
}

// managed returns the credential that the parameters name, for a token that may
// manage it. Whether it exists is no business of a token for another site.
func (op *credentialManagement) managed() (*keystore.Credential, error) {
	var c *keystore.Credential
	err := op.a.cfg.Store.View(func(tx keystore.Tx) (err error) {
		c, err = keystore.CredentialByID(tx, op.params.CredentialID.ID)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case c != nil:
		return c, op.forRP(c.RPIDHash)
	case op.token.rpID != nil:
		return nil, ctap.StatusPINAuthInvalid
	}
	return nil, ctap.StatusNoCredentials
}

// deleteCredential is §6.8.5.
func (op *credentialManagement) deleteCredential() (*ctap.CredentialManagementResponse, error) {
	c, err := op.managed()
	if err != nil {
		return nil, err
	}
	return nil, op.a.changeCredentials(func(tx keystore.Tx) error { return keystore.DeleteCredential(tx, c.ID) })
}

// updateUserInformation is §6.8.6. A name that is absent or empty is removed.
func (op *credentialManagement) updateUserInformation() (*ctap.CredentialManagementResponse, error) {
	c, err := op.managed()
	if err != nil {
		return nil, err
	}
	user := op.params.User
	if !bytes.Equal(user.ID, c.UserID) {
		return nil, fmt.Errorf("user.id: %w", ctap.StatusInvalidParameter)
	}
	return nil, op.a.changeCredentials(func(tx keystore.Tx) error {
		return keystore.UpdateUser(tx, c.ID, cutText(user.Name), cutText(user.DisplayName))
	})
}
