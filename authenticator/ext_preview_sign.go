package authenticator

import (
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
)

// previewSign is version 4 of a draft, no part of CTAP: with a credential the
// site gets a second key, which signs whatever the site likes and not only
// assertions. Its messages are maps:
//
//	makeCredential  in        {3: algorithms, 4: flags}
//	                out       {3: algorithm}
//	                unsigned  {7: attestation object of the signing key}
//	getAssertion    in        {2: key handle, 6: to be signed, 7: arguments}
//	                out       {6: signature}
//
// The signing key is the credential ID and public key of its attestation object,
// whose own output is {4: flags}.
var previewSign = extension{name: "previewSign", create: createSigningKey, get: signWithSigningKey}

// Members of the maps.
const (
	signAlgorithm   = 3
	signFlags       = 4
	signSignature   = 6
	signAttestation = 7
)

// What a signature takes.
const (
	signUnattended    = 0b000
	signNeedsPresence = 0b001
	signNeedsUser     = 0b100 // verified; always with signNeedsPresence
)

// purposeSigningKeys makes the key handle of a signing key one that is useless
// without its credential, and no credential.
const purposeSigningKeys = "softkey previewSign key handles"

type previewSignInput struct {
	KeyHandle  byteString `cbor:"2,keyasint"`
	Algorithms []cose.ID  `cbor:"3,keyasint"`
	Flags      uint64     `cbor:"4,keyasint"`
	ToBeSigned byteString `cbor:"6,keyasint"`
	Arguments  byteString `cbor:"7,keyasint"`
}

func createSigningKey(op *makeCredential, input ctap.Raw) error {
	alg, flags, err := chooseSigningKey(input)
	if err != nil {
		return err
	}
	key, err := alg.generate(op.a)
	if err != nil {
		return err
	}
	defer clear(key.material)
	object, err := op.attestSigningKey(alg, key, flags)
	if err != nil {
		return err
	}
	op.outputs.sign("previewSign", map[int]cose.ID{signAlgorithm: alg.id})
	op.outputs.tell("previewSign", map[int][]byte{signAttestation: object})
	return nil
}

// chooseSigningKey returns what a new signing key is to be.
func chooseSigningKey(input ctap.Raw) (alg *signingAlg, flags byte, err error) {
	in := previewSignInput{Flags: signNeedsPresence}
	if err := ctap.UnmarshalLax(input, &in); err != nil {
		return nil, 0, err
	}
	switch in.Flags {
	case signUnattended, signNeedsPresence, signNeedsPresence | signNeedsUser:
	default:
		return nil, 0, fmt.Errorf("flags %X: %w", in.Flags, ctap.StatusInvalidOption)
	}
	if in.Algorithms == nil {
		return nil, 0, fmt.Errorf("no algorithms: %w", ctap.StatusInvalidOption)
	}
	if alg = chooseSigningAlg(in.Algorithms); alg == nil {
		return nil, 0, fmt.Errorf("none of %d algorithms: %w", len(in.Algorithms), ctap.StatusUnsupportedAlgorithm)
	}
	return alg, byte(in.Flags), nil
}

// attestSigningKey returns the attestation object of a signing key, as a response
// of makeCredential: signed by the attester, or by the key itself if it can.
func (op *makeCredential) attestSigningKey(alg *signingAlg, key signingKey, flags byte) ([]byte, error) {
	handle, err := op.a.wrapSigningKey(op.created.material, alg.code, flags, key.material)
	if err != nil {
		return nil, err
	}
	data := ctap.AuthenticatorData{
		RPIDHash: op.rpIDHash, Flags: op.flags | op.a.profile.backupFlags(),
		Credential: &ctap.AttestedCredential{AAGUID: op.a.profile.AAGUID, ID: handle, PublicKey: key.public},
		Extensions: ctap.MustMarshal(map[string]map[int]byte{"previewSign": {signFlags: flags}}),
	}
	authData := data.Append(nil)
	format := attestation.Choose(op.req.AttestationFormatsPreference, []string{"packed"})
	if op.attester == nil && key.private == nil {
		format = attestation.ByName("none")
	}
	statement, err := format.Statement(&attestation.Input{
		AuthData: authData, ClientDataHash: op.req.ClientDataHash, RPIDHash: op.rpIDHash,
		CredentialID: handle, PublicKey: key.public,
		Algorithm: key.alg, Key: key.private, Attester: op.attester,
	})
	if err != nil {
		return nil, fmt.Errorf("%s attestation: %w", format.Name(), err)
	}
	return ctap.Marshal(&ctap.MakeCredentialResponse{Format: format.Name(), AuthData: authData, AttStmt: statement})
}

func signWithSigningKey(op *getAssertion, input ctap.Raw) error {
	var in previewSignInput
	if err := ctap.UnmarshalLax(input, &in); err != nil {
		return err
	}
	if len(op.req.AllowList) == 0 || in.KeyHandle == nil || in.ToBeSigned == nil {
		return fmt.Errorf("no allowList, key handle or tbs: %w", ctap.StatusInvalidOption)
	}
	code, flags, material, err := op.a.unwrapSigningKey(op.cred.material, in.KeyHandle)
	if err != nil {
		return err
	}
	defer clear(material)
	if err := op.checkSigningFlags(flags); err != nil {
		return err
	}
	alg := signingAlgByCode(code)
	if alg == nil {
		return fmt.Errorf("signing key with algorithm code %d", code)
	}
	signature, err := alg.sign(op.a, material, in.ToBeSigned, in.Arguments)
	if err != nil {
		return err
	}
	op.outputs.sign("previewSign", map[int][]byte{signSignature: signature})
	return nil
}

// checkSigningFlags holds an assertion to what its signing key was made with.
func (op *getAssertion) checkSigningFlags(flags byte) error {
	switch {
	case flags&signNeedsPresence != 0 && op.flags&ctap.FlagUP == 0:
		return fmt.Errorf("the signing key: %w", ctap.StatusUPRequired)
	case flags&signNeedsUser != 0 && op.flags&ctap.FlagUV == 0:
		return fmt.Errorf("the signing key: %w", ctap.StatusPUATRequired)
	}
	return nil
}

// wrapSigningKey returns the key handle of a signing key, for the credential with
// the given key material. Inside is
//
//	alg code (1) ‖ flags (1) ‖ material of the signing key
func (a *Authenticator) wrapSigningKey(credential []byte, code, flags byte, material []byte) ([]byte, error) {
	context, err := deriveSecret(credential, purposeSigningKeys)
	if err != nil {
		return nil, err
	}
	secret := append([]byte{code, flags}, material...)
	defer clear(secret)
	return a.keys.Wrap(context, secret)
}

// unwrapSigningKey is the inverse of wrapSigningKey.
func (a *Authenticator) unwrapSigningKey(credential, handle []byte) (code, flags byte, material []byte, err error) {
	context, err := deriveSecret(credential, purposeSigningKeys)
	if err != nil {
		return 0, 0, nil, err
	}
	secret, err := a.keys.Unwrap(context, handle)
	switch {
	case errors.Is(err, keystore.ErrNotOurs):
		return 0, 0, nil, fmt.Errorf("the signing key's handle: %w", ctap.StatusInvalidCredential)
	case err != nil:
		return 0, 0, nil, err
	case len(secret) < 2:
		return 0, 0, nil, fmt.Errorf("key handle of %d bytes inside", len(secret))
	}
	return secret[0], secret[1], secret[2:], nil
}
