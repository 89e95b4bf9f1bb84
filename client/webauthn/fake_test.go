package webauthn_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// fakeKey is a small security key, with attestation: CTAP2 when it has an info,
// and U2F. It holds the client to the wire format of its requests, and keeps
// them.
type fakeKey struct {
	t    *testing.T
	info *ctap.GetInfoResponse
	err  error   // answers each request that asks the user
	errs []error // answer the first ones, nil for none
	wait bool    // instead of an answer, until the context ends

	credential *ctap.MakeCredentialResponse // answers MakeCredential, if not nil
	assertion  *ctap.GetAssertionResponse   // answers GetAssertion, if not nil
	point      []byte                       // is the public key of U2FRegister, if not nil

	outputs      map[string]any // what extensions say in authenticator data
	unsigned     map[string]any // and beside it
	largeBlobKey []byte

	pin     string
	retries client.PINRetries
	uvErrs  []error // answer UVToken, one after the other
	blobs   map[string][]byte
	blobErr error // answers LargeBlob and SetLargeBlob

	blobWait bool // instead, until the context ends

	blobToken *client.Token // that SetLargeBlob got

	accounts []account
	counter  uint32

	made     []*ctap.MakeCredentialRequest
	asked    []*ctap.GetAssertionRequest
	tokens   []grant
	register []ctap.U2FRegisterRequest
	checked  [][]byte
}

// grant is a token that was asked for.
type grant struct {
	pin         string // empty: by the key's own user verification
	permissions ctap.Permissions
	rpID        string
}

// account is a credential of the key, bound to a hash of a relying party ID.
type account struct {
	id       []byte
	rpIDHash [32]byte
	user     *ctap.User // nil: not discoverable
	key      cose.PrivateKey
}

// newKey returns a CTAP2 key that keeps discoverable credentials.
func newKey(t *testing.T) *fakeKey {
	return &fakeKey{t: t, info: &ctap.GetInfoResponse{
		Versions: []string{ctap.VersionFIDO20, ctap.VersionU2FV2}, AAGUID: bytes.Repeat([]byte{0xaa}, 16),
		Options: map[string]bool{ctap.OptionRK: true},
	}}
}

func newU2FKey(t *testing.T) *fakeKey { return &fakeKey{t: t} }

// attestation returns the key's attestation key and its certificate.
func (k *fakeKey) attestation() (key cose.PrivateKey, certificate []byte) {
	key = newPrivateKey(k.t, cose.ES256, 1)
	return key, selfSigned(k.t, key)
}

// newPrivateKey returns the key whose seed is n everywhere.
func newPrivateKey(t *testing.T, alg cose.ID, n byte) cose.PrivateKey {
	t.Helper()
	a := cose.ByID(alg)
	material, err := a.New(bytes.Repeat([]byte{n}, a.SeedSize()))
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.Key(material)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// selfSigned returns a certificate for the public key of key; nobody looks at
// its signature.
func selfSigned(t *testing.T, key cose.PrivateKey) []byte {
	t.Helper()
	public, err := cose.ParseES256(key.COSEKey())
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Fake"}, NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(nil, template, template, public, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// add gives the key a credential, as if it had been made before.
func (k *fakeKey) add(rpID, id string, user *ctap.User) {
	n := byte(len(k.accounts) + 10)
	k.accounts = append(k.accounts, account{[]byte(id), sha256.Sum256([]byte(rpID)), user, newPrivateKey(k.t, cose.ES256, n)})
}

// ask is where a key waits for the user.
func (k *fakeKey) ask(ctx context.Context) error {
	if k.wait {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if len(k.errs) > 0 {
		err := k.errs[0]
		k.errs = k.errs[1:]
		return err
	}
	return k.err
}

func (k *fakeKey) Info() *ctap.GetInfoResponse { return k.info }

func (k *fakeKey) GetInfo(context.Context) (*ctap.GetInfoResponse, error) { return k.info, nil }

func (k *fakeKey) PINRetries(context.Context) (client.PINRetries, error) { return k.retries, nil }

// PINToken takes the PIN as a key does: three wrong ones in a row are too many.
func (k *fakeKey) PINToken(_ context.Context, pin string, permissions ctap.Permissions, rpID string) (*client.Token, error) {
	k.tokens = append(k.tokens, grant{pin, permissions, rpID})
	if pin == k.pin {
		return k.token(1)
	}
	k.retries.Left--
	return nil, &client.PINError{Retries: k.retries, Err: ctap.StatusPINInvalid}
}

// UVToken recognises the user, unless it has a reason not to.
func (k *fakeKey) UVToken(_ context.Context, permissions ctap.Permissions, rpID string) (*client.Token, error) {
	k.tokens = append(k.tokens, grant{"", permissions, rpID})
	if len(k.uvErrs) == 0 {
		return k.token(2)
	}
	err := k.uvErrs[0]
	k.uvErrs = k.uvErrs[1:]
	return nil, err
}

// token returns a token: of protocol 1 by PIN, of protocol 2 by the key itself.
func (k *fakeKey) token(protocol uint64) (*client.Token, error) {
	return client.NewToken(protocol, make([]byte, 32))
}

func (k *fakeKey) HMACSecret(context.Context, ...[32]byte) (*client.HMACSecret, error) {
	return nil, errors.New("the key has no hmac-secret")
}

func (k *fakeKey) LargeBlob(ctx context.Context, key []byte) ([]byte, error) {
	if k.blobWait {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if blob, ok := k.blobs[string(key)]; ok {
		return blob, k.blobErr
	}
	return nil, client.ErrNoLargeBlob
}

func (k *fakeKey) SetLargeBlob(ctx context.Context, t *client.Token, key, blob []byte) error {
	if k.blobWait {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if k.blobErr != nil {
		return k.blobErr
	}
	k.blobs[string(key)], k.blobToken = blob, t
	return nil
}

func (k *fakeKey) MakeCredential(ctx context.Context, req *ctap.MakeCredentialRequest) (*ctap.MakeCredentialResponse, error) {
	parsed, err := ctap.ParseMakeCredentialRequest(ctap.MustMarshal(req))
	if err != nil {
		k.t.Errorf("the key refuses %+v: %v", req, err)
		return nil, err
	}
	k.made = append(k.made, parsed)
	rpIDHash := sha256.Sum256([]byte(parsed.RP.ID))
	if err := k.ask(ctx); err != nil {
		return nil, err
	}
	if k.find(rpIDHash, parsed.ExcludeList) != nil {
		return nil, ctap.StatusCredentialExcluded
	}
	if k.credential != nil {
		return k.credential, nil
	}
	alg := cose.ByID(cose.ID(parsed.PubKeyCredParams[0].Algorithm))
	if alg == nil {
		return nil, ctap.StatusUnsupportedAlgorithm
	}
	a := account{[]byte("new"), rpIDHash, parsed.User, newPrivateKey(k.t, alg.ID(), byte(len(k.accounts)+10))}
	k.accounts = append(k.accounts, a)
	authData := ctap.AuthenticatorData{RPIDHash: rpIDHash, Flags: ctap.FlagUP, Credential: &ctap.AttestedCredential{
		AAGUID: [16]byte(k.info.AAGUID), ID: a.id, PublicKey: a.key.COSEKey(),
	}, Extensions: k.extensions()}
	return k.attest(authData.Append(nil), parsed.ClientDataHash), nil
}

// attest returns the answer to makeCredential, after a journey as CBOR.
func (k *fakeKey) attest(authData, clientDataHash []byte) *ctap.MakeCredentialResponse {
	key, certificate := k.attestation()
	statement := map[string]any{
		"alg": int64(cose.ES256), "sig": k.sign(key, append(slices.Clone(authData), clientDataHash...)), "x5c": [][]byte{certificate},
	}
	encoded := ctap.MustMarshal(ctap.MakeCredentialResponse{
		Format: "packed", AuthData: authData, AttStmt: statement, LargeBlobKey: k.largeBlobKey, UnsignedExtensionOutputs: k.unsigned,
	})
	var resp ctap.MakeCredentialResponse
	if err := ctap.Unmarshal(encoded, &resp); err != nil {
		k.t.Fatal(err)
	}
	return &resp
}

// extensions returns the extensions of authenticator data.
func (k *fakeKey) extensions() ctap.Raw {
	if k.outputs == nil {
		return nil
	}
	return ctap.MustMarshal(k.outputs)
}

func (k *fakeKey) sign(key cose.PrivateKey, message []byte) []byte {
	sig, err := key.Sign(message)
	if err != nil {
		k.t.Fatal(err)
	}
	return sig
}

// find returns the first account of list, or nil.
func (k *fakeKey) find(rpIDHash [32]byte, list []ctap.CredentialDescriptor) *account {
	for _, d := range list {
		for i, a := range k.accounts {
			if a.rpIDHash == rpIDHash && bytes.Equal(a.id, d.ID) {
				return &k.accounts[i]
			}
		}
	}
	return nil
}

func (k *fakeKey) GetAssertion(ctx context.Context, req *ctap.GetAssertionRequest) (*ctap.GetAssertionResponse, error) {
	all, err := k.Assertions(ctx, req)
	switch {
	case err != nil:
		return nil, err
	case k.assertion != nil:
		return k.assertion, nil
	}
	return all[0], nil
}

func (k *fakeKey) Assertions(ctx context.Context, req *ctap.GetAssertionRequest) ([]*ctap.GetAssertionResponse, error) {
	parsed, err := ctap.ParseGetAssertionRequest(ctap.MustMarshal(req))
	if err != nil {
		k.t.Errorf("the key refuses %+v: %v", req, err)
		return nil, err
	}
	k.asked = append(k.asked, parsed)
	silent := parsed.Options != nil && parsed.Options.UP != nil && !*parsed.Options.UP
	if !silent {
		if err := k.ask(ctx); err != nil {
			return nil, err
		}
	}
	var all []*ctap.GetAssertionResponse
	for _, a := range k.applicable(parsed) {
		all = append(all, k.assert(a, parsed, silent))
	}
	if all == nil {
		return nil, ctap.StatusNoCredentials
	}
	return all, nil
}

// applicable returns the accounts that a request may use, the latest first.
func (k *fakeKey) applicable(req *ctap.GetAssertionRequest) []account {
	rpIDHash := sha256.Sum256([]byte(req.RPID))
	if len(req.AllowList) > 0 {
		if a := k.find(rpIDHash, req.AllowList); a != nil {
			return []account{*a}
		}
		return nil
	}
	var list []account
	for _, a := range slices.Backward(k.accounts) {
		if a.rpIDHash == rpIDHash && a.user != nil {
			list = append(list, a)
		}
	}
	return list
}

func (k *fakeKey) assert(a account, req *ctap.GetAssertionRequest, silent bool) *ctap.GetAssertionResponse {
	k.counter++
	authData := ctap.AuthenticatorData{RPIDHash: a.rpIDHash, SignCount: k.counter}
	if !silent {
		authData.Flags, authData.Extensions = ctap.FlagUP, k.extensions()
	}
	encoded := authData.Append(nil)
	resp := &ctap.GetAssertionResponse{
		AuthData: encoded, Signature: k.sign(a.key, append(slices.Clone(encoded), req.ClientDataHash...)), User: a.user,
		LargeBlobKey: k.largeBlobKey, UnsignedExtensionOutputs: k.unsigned,
	}
	if len(req.AllowList) != 1 {
		resp.Credential = &ctap.CredentialDescriptor{ID: a.id, Type: ctap.PublicKey}
	}
	return resp
}

func (k *fakeKey) U2FRegister(ctx context.Context, req ctap.U2FRegisterRequest) (*ctap.U2FRegisterResponse, error) {
	k.register = append(k.register, req)
	if err := k.ask(ctx); err != nil {
		return nil, err
	}
	a := account{id: []byte("new"), rpIDHash: req.Application, key: newPrivateKey(k.t, cose.ES256, byte(len(k.accounts)+10))}
	k.accounts = append(k.accounts, a)
	point, err := cose.PointES256(a.key.COSEKey())
	if err != nil {
		k.t.Fatal(err)
	}
	if k.point != nil {
		point = k.point
	}
	key, certificate := k.attestation()
	return &ctap.U2FRegisterResponse{
		PublicKey: point, KeyHandle: a.id, Certificate: certificate,
		Signature: k.sign(key, ctap.U2FSignedRegistration(req.Application, req.Challenge, a.id, point)),
	}, nil
}

func (k *fakeKey) U2FAuthenticate(ctx context.Context, req ctap.U2FAuthenticateRequest) (*ctap.U2FAuthenticateResponse, error) {
	if req.Control != ctap.U2FEnforceAndSign {
		k.t.Errorf("got control byte %#x, want %#x", req.Control, ctap.U2FEnforceAndSign)
	}
	if err := k.ask(ctx); err != nil {
		return nil, err
	}
	a := k.find(req.Application, []ctap.CredentialDescriptor{{ID: req.KeyHandle}})
	if a == nil {
		return nil, ctap.SWWrongData
	}
	k.counter++
	signed := ctap.U2FSignedAuthentication(req.Application, req.Challenge, ctap.FlagUP, k.counter)
	return &ctap.U2FAuthenticateResponse{Flags: ctap.FlagUP, Counter: k.counter, Signature: k.sign(a.key, signed)}, nil
}

func (k *fakeKey) U2FCheck(_ context.Context, application [32]byte, keyHandle []byte) (bool, error) {
	k.checked = append(k.checked, keyHandle)
	if errors.Is(k.err, ctap.SWCommandNotAllowed) {
		return false, k.err
	}
	return k.find(application, []ctap.CredentialDescriptor{{ID: keyHandle}}) != nil, nil
}
