package webauthn

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

// Create makes a credential, as navigator.credentials.create does (§5.1.3). It
// takes PublicKeyCredentialCreationOptionsJSON, by itself or as the member
// publicKey, and returns RegistrationResponseJSON. Errors are of type [*Error].
//
// The user is verified by the key, or by [Client.PIN]: where that is required;
// where it is preferred and can be; and where the key wants it even though it is
// discouraged. In the last case a key that speaks U2F too is asked in U2F, as
// browsers do, if that can make such a credential.
//
// Of the extensions, appidExclude, credBlob, credentialProtectionPolicy,
// credProps, hmacCreateSecret, largeBlob, minPinLength, payment,
// pinComplexityPolicy and prf are processed; others are ignored.
func (c *Client) Create(ctx context.Context, optionsJSON []byte) (responseJSON []byte, err error) {
	op := &creation{}
	if err := parseOptions(optionsJSON, &op.opts); err != nil {
		return nil, err
	}
	if err := op.opts.check(); err != nil {
		return nil, err
	}
	if op.ceremony, err = c.begin(typeCreate, op.opts.RP.ID, *op.opts.Challenge); err != nil {
		return nil, err
	}
	err = run(ctx, op.opts.Timeout.lifetime(),
		op.meetKey, op.describe, op.chooseAlgorithms, op.checkAttachment, op.chooseResidentKey, op.chooseAttestation,
		op.checkExtensions, op.chooseProtocol, op.verifyUser, op.exclude, op.make, op.read, op.tell,
	)
	if err != nil {
		return nil, err
	}
	return json.Marshal(op.response)
}

// creation is one run of Create.
type creation struct {
	*ceremony
	opts creationOptions
	req  *ctap.MakeCredentialRequest
	rk   bool               // the credential is to be discoverable
	prf  *client.HMACSecret // nil: nothing is evaluated

	resp     *ctap.MakeCredentialResponse
	authData *ctap.AuthenticatorData
	outputs  outputs
	results  createResults
	response registrationJSON
}

// describe begins the request: for whom, and for which user.
func (op *creation) describe(context.Context) error {
	op.req = &ctap.MakeCredentialRequest{
		ClientDataHash: op.clientDataHash(),
		RP:             &ctap.RelyingParty{ID: op.rpID, Name: *op.opts.RP.Name},
		User:           &ctap.User{ID: ctap.Bytes(op.opts.User.ID), Name: *op.opts.User.Name, DisplayName: *op.opts.User.DisplayName},
	}
	return nil
}

func (op *creation) chooseAlgorithms(context.Context) (err error) {
	op.req.PubKeyCredParams, err = op.opts.algorithms()
	return err
}

// checkAttachment refuses a key that is attached in another way than asked for.
// Unknown ways are ignored, as browsers do.
func (op *creation) checkAttachment(context.Context) error {
	wanted := op.opts.AuthenticatorSelection.AuthenticatorAttachment
	if (wanted == "platform" || wanted == "cross-platform") && wanted != op.attachment() {
		return fail(NotAllowedError, "authenticatorAttachment is %s, and the key is %s", wanted, op.attachment())
	}
	return nil
}

// chooseResidentKey decides whether the credential is to be discoverable. One
// that is only preferred so is not, where the key is full.
func (op *creation) chooseResidentKey(context.Context) error {
	can := op.info.Options[ctap.OptionRK]
	left := op.info.RemainingDiscoverableCredentials
	switch op.opts.AuthenticatorSelection.residentKey() {
	case required:
		if !can {
			return fail(ConstraintError, "a discoverable credential is required, and the key cannot keep one")
		}
		op.rk = true
	case preferred:
		op.rk = can && (left == nil || *left > 0)
	}
	return nil
}

// chooseAttestation says what the key is to tell of itself (§5.1.3, step 13):
// which it is, to enterprises, and in which format, where the key gives a choice.
func (op *creation) chooseAttestation(context.Context) error {
	formats := op.opts.AttestationFormats
	if !isConveyed(op.opts.Attestation) {
		formats = []string{"none"}
	}
	if len(op.info.AttestationFormats) > 0 {
		op.req.AttestationFormatsPreference = formats
	}
	if op.opts.Attestation == "enterprise" && op.info.Options[ctap.OptionEP] {
		way := uint64(vendorFacilitated)
		if slices.Contains(op.client.EnterpriseRPIDs, op.rpID) {
			way = platformManaged
		}
		op.req.EnterpriseAttestation = &way
	}
	return nil
}

// The ways of enterprise attestation (§7.1 of CTAP).
const (
	vendorFacilitated = 1 // the key knows the relying party
	platformManaged   = 2 // we do
)

func (op *creation) checkExtensions(ctx context.Context) error {
	return createExtensions.check(ctx, op)
}

// insists tells whether the key wants user verification for this credential
// whatever the relying party says (§6.1.2 of CTAP, steps 6 to 8).
func (op *creation) insists() bool {
	o := op.info.Options
	if o[ctap.OptionAlwaysUv] {
		return true
	}
	return op.isProtected() && (op.rk || !o[ctap.OptionMakeCredUvNotRqd])
}

// chooseProtocol spares the user a PIN that nobody but a key of CTAP 2.0 wants:
// U2F knows none.
func (op *creation) chooseProtocol(context.Context) error {
	discouraged := op.opts.AuthenticatorSelection.UserVerification == discouraged
	if discouraged && op.insists() && !op.rk && speaksU2F(op.info) && !op.needsCTAP2() &&
		slices.ContainsFunc(op.req.PubKeyCredParams, isES256) {
		op.key, op.info = u2fKey{op.client.Device}, u2fInfo()
	}
	return nil
}

// needsCTAP2 tells whether an extension is asked for that a U2F credential
// would quietly lack.
func (op *creation) needsCTAP2() bool {
	in := &op.opts.Extensions
	return in.PRF != nil || in.HMACCreateSecret || protectionPolicies[in.CredentialProtectionPolicy] > 1
}

func (op *creation) verifyUser(ctx context.Context) error {
	requirement := op.opts.AuthenticatorSelection.UserVerification
	prf := op.opts.Extensions.PRF != nil && op.extends(hmacSecret)
	return op.verify(ctx, wish{
		required:    requirement == required,
		wanted:      requirement != discouraged || prf || op.insists(),
		permissions: forSites, // getAssertion to find excluded credentials
		rpID:        op.rpID,
		failure:     ConstraintError,
	})
}

// exclude gives the key the part of the list of excluded credentials that it is
// to see. Where it cannot take all at once, that is the part with a credential
// of its own.
func (op *creation) exclude(ctx context.Context) error {
	list := descriptors(op.opts.ExcludeCredentials)
	if err := op.excludeAppID(ctx, list); err != nil {
		return err
	}
	batches := op.batches(list)
	if len(batches) == 1 {
		op.req.ExcludeList = batches[0]
		return nil
	}
	for _, batch := range batches {
		held, err := op.key.find(ctx, op.rpID, batch, op.token)
		if err != nil {
			return err
		}
		if held != nil {
			op.req.ExcludeList = batch
			return nil
		}
	}
	return nil
}

// make has the key make the credential.
func (op *creation) make(ctx context.Context) error {
	return op.withPIN(ctx, func(ctx context.Context) (err error) {
		if err := createExtensions.ask(ctx, op); err != nil {
			return err
		}
		uv, protocol, param := op.authorize()
		op.req.PinUvAuthProtocol, op.req.PinUvAuthParam = protocol, param
		op.req.Options = options(op.rk, uv)
		op.resp, err = op.key.makeCredential(ctx, op.req)
		return err
	})
}

// extend asks the key for an extension.
func (op *creation) extend(name string, input any) (err error) {
	op.req.Extensions, err = extension(op.req.Extensions, name, input)
	return err
}

// options returns request options, nil if there are none: keys of CTAP 2.0
// refuse some that have no effect.
func options(rk bool, uv *bool) *ctap.Options {
	if !rk && uv == nil {
		return nil
	}
	o := &ctap.Options{UV: uv}
	if rk {
		o.RK = &rk
	}
	return o
}
