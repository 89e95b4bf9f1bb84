package authenticator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/attestation"
	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/keystore"
	"github.com/softkey-project/softkey/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// key is an Authenticator under test, and a host on a channel of link 1.
type key struct {
	*Authenticator
	t       testing.TB
	channel uint32
}

// newKey returns a key of the default profile and a host on channel 1; change, if
// not nil, changes its configuration.
func newKey(t testing.TB, presence Presence, change func(*Config)) key {
	t.Helper()
	profile, _ := ProfileByName(DefaultProfile)
	cfg := Config{Profile: profile, Store: keystore.NewMemory(), Attester: always(newAttester(t, profile.AAGUID)), Presence: presence}
	if change != nil {
		change(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return key{a, t, 1}
}

// always is an attester that needs nothing.
func always(a *attestation.Attester) func() (*attestation.Attester, error) {
	return func() (*attestation.Attester, error) { return a, nil }
}

func newAttester(t testing.TB, aaguid AAGUID) *attestation.Attester {
	t.Helper()
	root, err := certs.NewRoot(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := certs.NewLeaf(root, certs.LeafSpec{AAGUID: aaguid}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return attestation.NewAttester(leaf, attestation.AttesterConfig{Issuer: root})
}

// in returns the key for a subtest, whose failures are then its own.
func (k key) in(t testing.TB) key {
	k.t = t
	return k
}

// on sends a message from a channel. Once it is answered its memory is the
// transport's again, which has something else to put there.
func (k key) on(ctx context.Context, channel uint32, p ctap.Protocol, data []byte) []byte {
	message := bytes.Clone(data)
	defer func() { copy(message, bytes.Repeat([]byte{0xee}, len(message))) }()
	return k.Handle(ctx, &ctap.Request{
		Protocol: p, Transport: "usb", Source: 1, Channel: channel, Data: message, Notify: func(ctap.KeepaliveStatus) {},
	})
}

// command sends a CTAP2 command and decodes its answer into resp, if not nil.
func (k key) command(id ctap.Command, parameters, resp any) error {
	k.t.Helper()
	return k.commandOn(context.Background(), k.channel, id, parameters, resp)
}

func (k key) commandOn(ctx context.Context, channel uint32, id ctap.Command, parameters, resp any) error {
	k.t.Helper()
	message := []byte{byte(id)}
	switch p := parameters.(type) {
	case nil:
	case []byte:
		message = append(message, p...)
	default:
		message = append(message, ctap.MustMarshal(p)...)
	}
	answer := k.on(ctx, channel, ctap.CTAP2, message)
	if len(answer) == 0 {
		k.t.Fatalf("%v: no answer", id)
	}
	if status := ctap.Status(answer[0]); status != ctap.StatusOK {
		if len(answer) != 1 {
			k.t.Errorf("%v: %d bytes follow %v, want none", id, len(answer)-1, status)
		}
		return status
	}
	if resp == nil {
		return nil
	}
	if err := ctap.Unmarshal(answer[1:], resp); err != nil {
		k.t.Fatalf("%v: answer %x: %v", id, answer, err)
	}
	return nil
}

// apdu sends a U2F command.
func (k key) apdu(apdu ctap.CommandAPDU) ([]byte, error) {
	return ctap.ParseResponseAPDU(k.on(context.Background(), 1, ctap.CTAP1, apdu.Append(nil)))
}

const testRPID = "example.com"

var (
	testRPIDHash       = sha256.Sum256([]byte(testRPID))
	testClientDataHash = sha256.Sum256([]byte("client data"))
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// creation is a valid request for a credential of a user.
func creation(user string, change func(*ctap.MakeCredentialRequest)) *ctap.MakeCredentialRequest {
	r := &ctap.MakeCredentialRequest{
		ClientDataHash:   testClientDataHash[:],
		RP:               &ctap.RelyingParty{ID: testRPID, Name: "Example"},
		User:             &ctap.User{ID: []byte(user), Name: user, DisplayName: "The user " + user},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(cose.ES256), Type: ctap.PublicKey}},
	}
	if change != nil {
		change(r)
	}
	return r
}

func discoverable(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{RK: yes()} }

// assertion is a valid request for an assertion by one of some credentials.
func assertionBy(ids ...[]byte) *ctap.GetAssertionRequest {
	r := &ctap.GetAssertionRequest{RPID: testRPID, ClientDataHash: testClientDataHash[:]}
	for _, id := range ids {
		r.AllowList = append(r.AllowList, ctap.CredentialDescriptor{ID: id, Type: ctap.PublicKey})
	}
	return r
}

// made is a new credential as a server keeps it.
type made struct {
	response *ctap.MakeCredentialResponse
	data     *ctap.AuthenticatorData
	id       []byte
}

func (k key) create(r *ctap.MakeCredentialRequest) made {
	k.t.Helper()
	var m made
	if err := k.command(ctap.CommandMakeCredential, r, &m.response); err != nil {
		k.t.Fatalf("makeCredential: %v", err)
	}
	data, err := ctap.ParseAuthenticatorData(m.response.AuthData)
	if err != nil {
		k.t.Fatal(err)
	}
	m.data, m.id = data, data.Credential.ID
	return m
}

// get asks for an assertion and verifies it with a credential's public key.
func (k key) get(r *ctap.GetAssertionRequest, by made) (*ctap.GetAssertionResponse, *ctap.AuthenticatorData) {
	k.t.Helper()
	var resp *ctap.GetAssertionResponse
	if err := k.command(ctap.CommandGetAssertion, r, &resp); err != nil {
		k.t.Fatalf("getAssertion: %v", err)
	}
	return resp, k.verify(resp, by)
}

func (k key) verify(resp *ctap.GetAssertionResponse, by made) *ctap.AuthenticatorData {
	k.t.Helper()
	data, err := ctap.ParseAuthenticatorData(resp.AuthData)
	if err != nil {
		k.t.Fatal(err)
	}
	if string(resp.Credential.ID) != string(by.id) {
		k.t.Errorf("credential %x, want %x", resp.Credential.ID, by.id)
	}
	var coseKey struct {
		Algorithm cose.ID `cbor:"3,keyasint"`
	}
	if err := ctap.UnmarshalLax(by.data.Credential.PublicKey, &coseKey); err != nil {
		k.t.Fatal(err)
	}
	signed := append(append([]byte{}, resp.AuthData...), testClientDataHash[:]...)
	if err := cose.ByID(coseKey.Algorithm).Verify(by.data.Credential.PublicKey, signed, resp.Signature); err != nil {
		k.t.Errorf("assertion: %v", err)
	}
	return data
}

// asks records the prompts that a Presence is asked, and answers them all.
type asks struct {
	prompts []Prompt
	answer  error
}

func (p *asks) Confirm(_ context.Context, prompt Prompt) error {
	p.prompts = append(p.prompts, prompt)
	return p.answer
}

func wantStatus(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// newProfileKey returns a key of a profile with all that it may need: attesters,
// and a finger that is always recognised.
func newProfileKey(t testing.TB, p Profile, presence Presence) key {
	t.Helper()
	return newKey(t, presence, func(c *Config) {
		c.Profile = p
		c.Attester, c.Enterprise = always(newAttester(t, p.AAGUID)), newAttester(t, p.AAGUID)
		c.Verification = VerificationFunc(recognise)
	})
}

// recognise is a [Verification] that knows everybody.
func recognise(context.Context, Prompt) (bool, error) { return true, nil }
