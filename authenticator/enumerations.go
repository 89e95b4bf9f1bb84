package authenticator

import (
	"fmt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// The enumerations of credentialManagement: each is begun by one subcommand and
// goes on with another, as a sequence.

// rpList and idList are what the enumerations go on with. Each relying party, of
// which there may be very many, in the order of their hashes, and each credential,
// with its secrets, is looked up when it is told.
type (
	rpList struct {
		last []byte // the rpIDHash that was told last; nil: none was
		left int    // to be told
	}
	idList struct {
		rpIDHash [32]byte
		left     [][]byte // IDs to be told
	}
)

// enumerateRPs is §6.8.3.
func (op *credentialManagement) enumerateRPs() (*ctap.CredentialManagementResponse, error) {
	if err := op.forAll(); err != nil {
		return nil, err
	}
	list := new(rpList)
	err := op.a.cfg.Store.View(func(tx keystore.Tx) error {
		list.left = keystore.CountRPs(tx)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if list.left == 0 {
		return nil, ctap.StatusNoCredentials
	}
	total := list.left
	resp, err := op.tellRP(list)
	if err != nil {
		return nil, err
	}
	resp.TotalRPs = uint64(total)
	op.goOn(list)
	return resp, nil
}

// nextRP is §6.8.3, continued.
func (op *credentialManagement) nextRP() (*ctap.CredentialManagementResponse, error) {
	list, ok := op.a.resume(op.call, op.command()).(*rpList)
	if !ok || list.left == 0 {
		return nil, op.exhausted()
	}
	return op.tellRP(list)
}

// tellRP goes on by one relying party.
func (op *credentialManagement) tellRP(list *rpList) (*ctap.CredentialManagementResponse, error) {
	var rp *keystore.RP
	err := op.a.cfg.Store.View(func(tx keystore.Tx) (err error) {
		rp, err = keystore.NextRP(tx, list.last)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case rp == nil: // nothing but this command has run since they were counted
		return nil, fmt.Errorf("%d relying parties are counted but not there", list.left)
	}
	list.last = rp.IDHash[:]
	list.left--
	return &ctap.CredentialManagementResponse{RP: &ctap.RelyingParty{ID: rp.ID, Name: rp.Name}, RPIDHash: list.last}, nil
}

// enumerateCredentials is §6.8.4.
func (op *credentialManagement) enumerateCredentials() (*ctap.CredentialManagementResponse, error) {
	if len(op.params.RPIDHash) != 32 {
		return nil, fmt.Errorf("rpIDHash of %d bytes: %w", len(op.params.RPIDHash), ctap.StatusInvalidParameter)
	}
	rpIDHash := [32]byte(op.params.RPIDHash)
	if err := op.forRP(rpIDHash); err != nil {
		return nil, err
	}
	list, err := op.a.listIDs(rpIDHash)
	if err != nil {
		return nil, err
	}
	total := len(list.left)
	if total == 0 {
		return nil, ctap.StatusNoCredentials
	}
	resp, err := op.tellCredential(list)
	if err != nil {
		return nil, err
	}
	resp.TotalCredentials = uint64(total)
	op.goOn(list)
	return resp, nil
}

// listIDs returns the IDs of a relying party's credentials.
func (a *Authenticator) listIDs(rpIDHash [32]byte) (*idList, error) {
	list := &idList{rpIDHash: rpIDHash}
	err := a.cfg.Store.View(func(tx keystore.Tx) error {
		records, err := keystore.Credentials(tx, rpIDHash)
		for _, r := range records {
			list.left = append(list.left, r.ID)
			clear(r.LargeBlobKey)
		}
		return err
	})
	return list, err
}

// nextCredential is §6.8.4, continued.
func (op *credentialManagement) nextCredential() (*ctap.CredentialManagementResponse, error) {
	list, ok := op.a.resume(op.call, op.command()).(*idList)
	if !ok || len(list.left) == 0 {
		return nil, op.exhausted()
	}
	return op.tellCredential(list)
}

// tellCredential goes on by one credential.
func (op *credentialManagement) tellCredential(list *idList) (*ctap.CredentialManagementResponse, error) {
	id := list.left[0]
	list.left = list.left[1:]
	var r *keystore.Credential
	err := op.a.cfg.Store.View(func(tx keystore.Tx) (err error) {
		r, err = keystore.FindCredential(tx, list.rpIDHash, id)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case r == nil: // nothing but this command has run since it was listed
		return nil, fmt.Errorf("credential %x is listed but not there", id)
	}
	return op.describe(r)
}

// describe opens one record: a key is made of its material only when it is told.
func (op *credentialManagement) describe(r *keystore.Credential) (*ctap.CredentialManagementResponse, error) {
	c, err := op.a.unwrapRecord(r)
	if err != nil {
		return nil, err
	}
	defer c.wipe()
	key, err := op.a.keyOf(c.alg, c.material)
	if err != nil {
		return nil, err
	}
	defer cose.Wipe(key)
	resp := &ctap.CredentialManagementResponse{
		User:         &ctap.User{ID: r.UserID, Name: r.UserName, DisplayName: r.UserDisplayName},
		CredentialID: &ctap.CredentialDescriptor{ID: r.ID, Type: ctap.PublicKey},
		PublicKey:    key.COSEKey(),
		CredProtect:  c.protection(),
		LargeBlobKey: r.LargeBlobKey,
	}
	if op.a.profile.extends("thirdPartyPayment") {
		payment := c.flags&flagThirdPartyPayment != 0
		resp.ThirdPartyPayment = &payment
	}
	return resp, nil
}

func (op *credentialManagement) command() ctap.Command { return ctap.Command(op.call.Data[0]) }

// goOn keeps what an enumeration has still to tell.
func (op *credentialManagement) goOn(rest any) { op.a.begin(op.call, op.command(), op.token, rest) }

func (op *credentialManagement) exhausted() error {
	op.a.sequence = nil
	return fmt.Errorf("no enumeration goes on for this host: %w", ctap.StatusNotAllowed)
}
