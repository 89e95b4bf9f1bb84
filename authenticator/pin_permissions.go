package authenticator

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

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
