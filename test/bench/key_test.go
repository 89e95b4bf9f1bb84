package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/binary"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

const (
	rpID        = "example.com"
	pin         = "4711"
	credentials = 64 // that assertions take in turn: none is hot
)

// key is a device, and a host on its loopback.
type key struct {
	b      *testing.B
	device *device.Device
	host   *ctaphid.Host
}

// newKey makes the device of cfg, of the default profile, which agrees to
// everything. It is closed when the benchmark ends.
func newKey(b *testing.B, cfg device.Config) *key {
	b.Helper()
	if cfg.Profile.Name == "" {
		cfg.Profile, _ = authenticator.ProfileByName(authenticator.DefaultProfile)
	}
	cfg.Presence = authenticator.Approve{}
	d, err := device.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	return plugIn(b, d)
}

// plugIn opens the loopback of a device.
func plugIn(b *testing.B, d *device.Device) *key {
	b.Helper()
	return &key{b, d, newHost(b, ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))}
}

// durableKey keeps its state in a file.
func durableKey(b *testing.B) *key {
	b.Helper()
	return newKey(b, device.Config{Dir: b.TempDir(), PIN: pin})
}

func newHost(b *testing.B, t ctaphid.Transport) *ctaphid.Host {
	b.Helper()
	host, err := ctaphid.Open(context.Background(), t)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = host.Close() })
	return host
}

// certificate is that of the device's attestation key.
func (k *key) certificate() *x509.Certificate {
	chain, err := k.device.Chain()
	if err != nil {
		panic(err) // the store is in memory, or was written a moment ago
	}
	return chain[0]
}

// transact returns what the device answers.
func (k *key) transact(cmd ctaphid.Command, message []byte) []byte {
	answer, err := k.host.Transact(context.Background(), cmd, message, nil)
	if err != nil {
		k.b.Fatal(err)
	}
	return answer
}

// ctap2 returns what the device answers to a CTAP2 request, which must succeed.
func (k *key) ctap2(message []byte) []byte {
	answer := k.transact(ctaphid.CommandCBOR, message)
	if answer[0] != 0 {
		k.b.Fatalf("%v: %v", ctap.Command(message[0]), ctap.Status(answer[0]))
	}
	return answer[1:]
}

// u2f returns the data that the device answers to an APDU, which must succeed.
func (k *key) u2f(apdu []byte) []byte {
	data, err := ctap.ParseResponseAPDU(k.transact(ctaphid.CommandMsg, apdu))
	if err != nil {
		k.b.Fatal(err)
	}
	return data
}

func encode(id ctap.Command, parameters any) []byte {
	return append([]byte{byte(id)}, ctap.MustMarshal(parameters)...)
}

func decode[T any](b *testing.B, answer []byte) *T {
	b.Helper()
	v := new(T)
	if err := ctap.Unmarshal(answer, v); err != nil {
		b.Fatal(err)
	}
	return v
}

// A request is encoded once and sent many times, each time with other bytes in
// the places that vary: what the platform has to encode is not the key's cost,
// and nothing can be answered from memory.
type request struct {
	message []byte
	places  [][]byte
	sent    uint64
}

// newRequest returns the request in which all of varying, byte strings of 8
// bytes or more that occur once, are other ones each time.
func newRequest(message []byte, varying ...[]byte) *request {
	r := &request{message: message}
	for _, v := range varying {
		at := bytes.Index(message, v)
		r.places = append(r.places, message[at:at+len(v)])
	}
	return r
}

// next returns the request as it has not been sent before.
func (r *request) next() []byte {
	r.sent++
	for _, place := range r.places {
		binary.BigEndian.PutUint64(place, r.sent)
	}
	return r.message
}

// The bytes of a request that vary.
var (
	someHash = bytes.Repeat([]byte{0xaa}, 32)
	someUser = bytes.Repeat([]byte{0xbb}, 16)
)

// newCredential is a request for a credential. Its size is usual: a discoverable
// one's record takes 280 bytes.
func newCredential(alg cose.ID, discoverable bool) *request {
	req := &ctap.MakeCredentialRequest{
		ClientDataHash:   someHash,
		RP:               &ctap.RelyingParty{ID: rpID, Name: "Example"},
		User:             &ctap.User{ID: someUser, Name: "alice.liddell", DisplayName: "Alice"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(alg), Type: ctap.PublicKey}},
	}
	if discoverable {
		req.Options = &ctap.Options{RK: &discoverable}
	}
	return newRequest(encode(ctap.CommandMakeCredential, req), someHash, someUser)
}

// register makes n credentials.
func (k *key) register(alg cose.ID, n int) (all []*ctap.AttestedCredential) {
	req := newCredential(alg, false)
	for range n {
		resp := decode[ctap.MakeCredentialResponse](k.b, k.ctap2(req.next()))
		data, err := ctap.ParseAuthenticatorData(resp.AuthData)
		if err != nil {
			k.b.Fatal(err)
		}
		all = append(all, data.Credential)
	}
	return all
}

// descriptors returns an allowList.
func descriptors(all ...*ctap.AttestedCredential) (list []ctap.CredentialDescriptor) {
	for _, c := range all {
		list = append(list, ctap.CredentialDescriptor{ID: c.ID, Type: ctap.PublicKey})
	}
	return list
}

// assertions are assertions by the credentials of a key in turn.
type assertions struct {
	key      *key
	alg      cose.ID
	all      []*ctap.AttestedCredential
	requests []*request
	n        int
}

// assertions makes n credentials, and a request for each. Before it, the
// allowList has others that are not the key's.
func (k *key) assertions(alg cose.ID, n int, others ...*ctap.AttestedCredential) *assertions {
	a := &assertions{key: k, alg: alg, all: k.register(alg, n)}
	for _, c := range a.all {
		a.requests = append(a.requests, newRequest(encode(ctap.CommandGetAssertion, &ctap.GetAssertionRequest{
			RPID: rpID, ClientDataHash: someHash, AllowList: append(descriptors(others...), descriptors(c)...),
		}), someHash))
	}
	return a
}

// next makes an assertion.
func (a *assertions) next() []byte {
	a.n++
	return a.key.ctap2(a.requests[a.n%len(a.requests)].next())
}

// check makes an assertion and verifies it: what was measured is a signature.
func (a *assertions) check() {
	answer := a.next()
	i := a.n % len(a.requests)
	resp := decode[ctap.GetAssertionResponse](a.key.b, answer)
	message := append(resp.AuthData, a.requests[i].places[0]...)
	if err := cose.ByID(a.alg).Verify(a.all[i].PublicKey, message, resp.Signature); err != nil {
		a.key.b.Fatal(err)
	}
}
