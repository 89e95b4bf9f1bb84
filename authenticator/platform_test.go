package authenticator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// platform is a host's half of authenticatorClientPIN (§6.5.5), with one of the
// two protocols.
type platform struct {
	key
	protocol pinuv.Protocol
}

func (k key) speaking(protocol uint64) platform { return platform{k, pinuv.ByNumber(protocol)} }

// with returns a platform on another channel of the same link.
func (k key) onChannel(channel uint32) key {
	k.channel = channel
	return k
}

func ptr[T any](n T) *T { return &n }

// pin runs a subcommand of authenticatorClientPIN.
func (p platform) pin(req *ctap.ClientPINRequest) (*ctap.ClientPINResponse, error) {
	p.t.Helper()
	var resp ctap.ClientPINResponse
	switch req.Subcommand {
	case ctap.SetPIN, ctap.ChangePIN: // have nothing to answer
		return &resp, p.command(ctap.CommandClientPIN, req, nil)
	}
	return &resp, p.command(ctap.CommandClientPIN, req, &resp)
}

// agree returns the platform's public key for the key, and the secret that they
// share then.
func (p platform) agree() (public ctap.Raw, secret []byte) {
	p.t.Helper()
	resp, err := p.pin(&ctap.ClientPINRequest{
		Subcommand: ctap.GetKeyAgreement, PinUvAuthProtocol: ptr(p.protocol.Number()),
	})
	if err != nil {
		p.t.Fatalf("getKeyAgreement: %v", err)
	}
	var authenticator pinuv.COSEKey
	if err := ctap.Unmarshal(resp.KeyAgreement, &authenticator); err != nil {
		p.t.Fatal(err)
	}
	key, secret, err := pinuv.Encapsulate(p.protocol, authenticator, rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	return ctap.MustMarshal(key), secret
}

func (p platform) encrypt(secret, plaintext []byte) []byte {
	p.t.Helper()
	b, err := p.protocol.Encrypt(secret, plaintext, rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

func (p platform) request(sub ctap.ClientPINSubcommand) (req *ctap.ClientPINRequest, secret []byte) {
	p.t.Helper()
	public, secret := p.agree()
	return &ctap.ClientPINRequest{
		Subcommand: sub, PinUvAuthProtocol: ptr(p.protocol.Number()), KeyAgreement: public,
	}, secret
}

// padded is a PIN as newPinEnc carries it: in a block of 64 bytes, or of more
// where that is too small.
func padded(pin string) []byte {
	block := make([]byte, max(64, (len(pin)+15)/16*16))
	copy(block, pin)
	return block
}

// setPINRequest is a valid setPIN, of a block that is encrypted.
func (p platform) setPINRequest(block []byte) *ctap.ClientPINRequest {
	p.t.Helper()
	req, secret := p.request(ctap.SetPIN)
	req.NewPINEnc = p.encrypt(secret, block)
	req.PinUvAuthParam = p.protocol.Authenticate(secret, req.NewPINEnc)
	return req
}

func (p platform) setPIN(pin string) error {
	p.t.Helper()
	_, err := p.pin(p.setPINRequest(padded(pin)))
	return err
}

// mustSetPIN is a precondition of most tests.
func (p platform) mustSetPIN(pin string) {
	p.t.Helper()
	if err := p.setPIN(pin); err != nil {
		p.t.Fatalf("setPIN: %v", err)
	}
}

func (p platform) changePINRequest(old string, block []byte) *ctap.ClientPINRequest {
	p.t.Helper()
	req, secret := p.request(ctap.ChangePIN)
	req.NewPINEnc = p.encrypt(secret, block)
	req.PINHashEnc = p.encrypt(secret, hashPIN([]byte(old)))
	req.PinUvAuthParam = p.protocol.Authenticate(secret, slices.Concat(req.NewPINEnc, req.PINHashEnc))
	return req
}

func (p platform) changePIN(old, fresh string) error {
	p.t.Helper()
	_, err := p.pin(p.changePINRequest(old, padded(fresh)))
	return err
}

// retries returns what getPINRetries says.
func (p platform) retries() uint64 {
	p.t.Helper()
	resp, err := p.pin(&ctap.ClientPINRequest{Subcommand: ctap.GetPINRetries})
	if err != nil || resp.PINRetries == nil {
		p.t.Fatalf("getPINRetries: %+v, %v", resp, err)
	}
	return *resp.PINRetries
}

// hostToken is a pinUvAuthToken in the hands of a platform.
type hostToken struct {
	protocol pinuv.Protocol
	value    []byte
}

// sign returns the parameters that authenticate a message.
func (t *hostToken) sign(message ...[]byte) (protocol *uint64, param []byte) {
	if t == nil {
		return nil, nil
	}
	return ptr(t.protocol.Number()), t.protocol.Authenticate(t.value, slices.Concat(message...))
}

// tokenRequest asks for a token. pin and rpID may be empty, permissions 0.
func (p platform) tokenRequest(sub ctap.ClientPINSubcommand, pin string, permissions ctap.Permissions, rpID string) (*ctap.ClientPINRequest, []byte) {
	p.t.Helper()
	req, secret := p.request(sub)
	if pin != "" {
		req.PINHashEnc = p.encrypt(secret, hashPIN([]byte(pin)))
	}
	if permissions != 0 {
		req.Permissions = &permissions
	}
	if rpID != "" {
		req.RPID = &rpID
	}
	return req, secret
}

func (p platform) token(sub ctap.ClientPINSubcommand, pin string, permissions ctap.Permissions, rpID string) (*hostToken, error) {
	p.t.Helper()
	req, secret := p.tokenRequest(sub, pin, permissions, rpID)
	resp, err := p.pin(req)
	if err != nil {
		return nil, err
	}
	value, err := p.protocol.Decrypt(secret, resp.PinUvAuthToken)
	if err != nil || len(value) != pinuv.TokenSize {
		p.t.Fatalf("pinUvAuthToken %x, %v; want %d bytes", value, err, pinuv.TokenSize)
	}
	return &hostToken{p.protocol, value}, nil
}

// getPINToken is the token of CTAP 2.0.
func (p platform) getPINToken(pin string) (*hostToken, error) {
	p.t.Helper()
	return p.token(ctap.GetPINToken, pin, 0, "")
}

// tokenBy returns a token with permissions that must be given: by PIN, or
// without one by built-in user verification.
func (p platform) tokenBy(pin string, permissions ctap.Permissions, rpID string) *hostToken {
	p.t.Helper()
	sub := ctap.GetTokenUsingPINWithPermission
	if pin == "" {
		sub = ctap.GetTokenUsingUVWithPermission
	}
	t, err := p.token(sub, pin, permissions, rpID)
	if err != nil {
		p.t.Fatalf("token with permissions %02X: %v", uint64(permissions), err)
	}
	return t
}

const (
	mc   = ctap.PermissionMakeCredential
	ga   = ctap.PermissionGetAssertion
	cm   = ctap.PermissionCredentialMgmt
	be   = ctap.PermissionBioEnrollment
	lbw  = ctap.PermissionLargeBlobWrite
	acfg = ctap.PermissionAuthenticatorConfig
	pcmr = ctap.PermissionCredentialMgmtRO
)

// by authenticates a registration.
func by(t *hostToken) func(*ctap.MakeCredentialRequest) {
	return func(r *ctap.MakeCredentialRequest) {
		r.PinUvAuthProtocol, r.PinUvAuthParam = t.sign(r.ClientDataHash)
	}
}

// also makes one change of several.
func also(changes ...func(*ctap.MakeCredentialRequest)) func(*ctap.MakeCredentialRequest) {
	return func(r *ctap.MakeCredentialRequest) {
		for _, change := range changes {
			if change != nil {
				change(r)
			}
		}
	}
}

// assertedBy authenticates an assertion.
func assertedBy(t *hostToken, r *ctap.GetAssertionRequest) *ctap.GetAssertionRequest {
	r.PinUvAuthProtocol, r.PinUvAuthParam = t.sign(r.ClientDataHash)
	return r
}

// params are the parameters of a subcommand as messages carry them; nil: none.
func params(p any) ctap.Raw {
	if p == nil {
		return nil
	}
	return ctap.MustMarshal(p)
}

// manage runs a subcommand of authenticatorCredentialManagement, with a token or
// without.
func (k key) manage(t *hostToken, sub ctap.CredentialManagementSubcommand, p any) (*ctap.CredentialManagementResponse, error) {
	k.t.Helper()
	return k.manageBy(ctap.CommandCredentialManagement, t, sub, p)
}

func (k key) manageBy(id ctap.Command, t *hostToken, sub ctap.CredentialManagementSubcommand, p any) (*ctap.CredentialManagementResponse, error) {
	k.t.Helper()
	req := &ctap.CredentialManagementRequest{Subcommand: sub, Params: params(p)}
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.sign([]byte{byte(sub)}, req.Params)
	var resp ctap.CredentialManagementResponse
	switch sub {
	case ctap.DeleteCredential, ctap.UpdateUserInformation:
		return &resp, k.command(id, req, nil)
	}
	return &resp, k.command(id, req, &resp)
}

// configure runs a subcommand of authenticatorConfig, with a token or without.
func (k key) configure(t *hostToken, sub ctap.ConfigSubcommand, p any) error {
	k.t.Helper()
	req := &ctap.ConfigRequest{Subcommand: sub, Params: params(p)}
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.sign(ffs(), []byte{byte(ctap.CommandConfig), byte(sub)}, req.Params)
	return k.command(ctap.CommandConfig, req, nil)
}

func ffs() []byte { return slices.Repeat([]byte{0xff}, 32) }

// readBlobs gets a part of the large-blob array.
func (k key) readBlobs(get, offset uint64) ([]byte, error) {
	k.t.Helper()
	var resp ctap.LargeBlobsResponse
	err := k.command(ctap.CommandLargeBlobs, &ctap.LargeBlobsRequest{Get: &get, Offset: &offset}, &resp)
	if err == nil && resp.Config == nil {
		k.t.Error("largeBlobs get: no config")
	}
	return resp.Config, err
}

// writeBlobs sets a part of the large-blob array; length is 0 for the parts that
// follow the first.
func (k key) writeBlobs(t *hostToken, part []byte, offset, length uint64) error {
	k.t.Helper()
	return k.command(ctap.CommandLargeBlobs, k.writeBlobsRequest(t, part, offset, length), nil)
}

func (k key) writeBlobsRequest(t *hostToken, part []byte, offset, length uint64) *ctap.LargeBlobsRequest {
	req := &ctap.LargeBlobsRequest{Set: part, Offset: &offset}
	if length > 0 {
		req.Length = &length
	}
	sum := sha256.Sum256(part)
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.sign(
		ffs(), []byte{byte(ctap.CommandLargeBlobs), 0}, binary.LittleEndian.AppendUint32(nil, uint32(offset)), sum[:])
	return req
}

// bio runs a subcommand of authenticatorBioEnrollment, with a token or without.
func (k key) bio(t *hostToken, sub ctap.BioEnrollmentSubcommand, p any) (*ctap.BioEnrollmentResponse, error) {
	k.t.Helper()
	return k.bioBy(ctap.CommandBioEnrollment, t, sub, p)
}

func (k key) bioBy(id ctap.Command, t *hostToken, sub ctap.BioEnrollmentSubcommand, p any) (*ctap.BioEnrollmentResponse, error) {
	k.t.Helper()
	req := &ctap.BioEnrollmentRequest{Modality: ptr[uint64](ctap.ModalityFingerprint), Subcommand: sub, Params: params(p)}
	req.PinUvAuthProtocol, req.PinUvAuthParam = t.sign([]byte{ctap.ModalityFingerprint, byte(sub)}, req.Params)
	var resp ctap.BioEnrollmentResponse
	switch sub {
	case ctap.CancelCurrentEnrollment, ctap.SetFriendlyName, ctap.RemoveEnrollment:
		return &resp, k.command(id, req, nil)
	}
	return &resp, k.command(id, req, &resp)
}

// enroll enrols a finger by a token, on a key where each touch is a good sample.
func (k key) enroll(t *hostToken) (templateID []byte) {
	k.t.Helper()
	resp, err := k.bio(t, ctap.EnrollBegin, nil)
	for err == nil && *resp.RemainingSamples > 0 {
		id := resp.TemplateID
		if id == nil {
			id = templateID
		}
		templateID = id
		resp, err = k.bio(t, ctap.EnrollCaptureNextSample, &ctap.BioEnrollmentParams{TemplateID: id})
	}
	if err != nil {
		k.t.Fatalf("enrolment: %v", err)
	}
	return templateID
}

// info asks for authenticatorGetInfo.
func (k key) info() *ctap.GetInfoResponse {
	k.t.Helper()
	var info ctap.GetInfoResponse
	if err := k.command(ctap.CommandGetInfo, nil, &info); err != nil {
		k.t.Fatalf("getInfo: %v", err)
	}
	return &info
}

// options are the options of getInfo; a row of a test reads
// `k.option("clientPin") != "true"`.
func (k key) option(name string) string {
	k.t.Helper()
	value, ok := k.info().Options[name]
	switch {
	case !ok:
		return "absent"
	case value:
		return "true"
	}
	return "false"
}

const (
	testPIN  = "4711x"
	wrongPIN = "0000x"
)

// keyWithPIN is a key of the default profile whose PIN is testPIN, and a
// platform that speaks a protocol.
func keyWithPIN(t testing.TB, protocol uint64, change func(*Config)) platform {
	t.Helper()
	p := newKey(t, Approve{}, change).speaking(protocol)
	p.mustSetPIN(testPIN)
	return p
}
