package authenticator

import (
	"context"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
)

// The values of parameter enterpriseAttestation (§7.1).
const (
	vendorFacilitated = 1 // for the relying parties that the key's maker listed
	platformManaged   = 2 // for those that the platform's administrator listed
)

// checkEnterpriseAttestation is step 9 of makeCredential: the site may be told
// which very key this is.
func (op *makeCredential) checkEnterpriseAttestation(context.Context) error {
	wanted := op.req.EnterpriseAttestation
	if wanted == nil {
		return nil
	}
	if !op.a.enterpriseAttestation() {
		return fmt.Errorf("enterpriseAttestation is not enabled: %w", ctap.StatusInvalidParameter)
	}
	switch *wanted {
	case vendorFacilitated:
		op.response.EnterpriseAttestation = slices.Contains(op.a.profile.EnterpriseRPIDs, op.req.RP.ID)
	case platformManaged:
		op.response.EnterpriseAttestation = true
	default:
		return fmt.Errorf("enterpriseAttestation %d: %w", *wanted, ctap.StatusInvalidOption)
	}
	return nil
}

// chooseAttester says who vouches for the credential.
func (op *makeCredential) chooseAttester(context.Context) (err error) {
	switch {
	case op.response.EnterpriseAttestation:
		op.attester = op.a.cfg.Enterprise
	case op.a.cfg.Attester != nil:
		op.attester, err = op.a.cfg.Attester()
	}
	return err
}
