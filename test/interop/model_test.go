package interop

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	clientwebauthn "github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// model is a page with a key in this process.
type model struct {
	t      *testing.T
	device *device.Device
	client *clientwebauthn.Client
}

// chain returns the certificates that vouch for the key, its root last.
func (m *model) chain(t *testing.T) []*x509.Certificate {
	t.Helper()
	chain, err := m.device.Chain()
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// newModel plugs in a key of the profile full-policy, which attests in the
// format that a site asks for. Each of changes gives it something else.
func newModel(t *testing.T, changes ...func(*device.Config)) *model {
	t.Helper()
	profile, _ := authenticator.ProfileByName("full-policy")
	profile.AttestationFormats = nil
	for _, f := range formats {
		profile.AttestationFormats = append(profile.AttestationFormats, f.name)
	}
	cfg := device.Config{Profile: profile, Presence: authenticator.Approve{}}
	for _, change := range changes {
		change(&cfg)
	}
	d, err := device.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	c, err := client.Open(context.Background(), ctaphid.Loopback(d.Handler(), d.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	m := &model{t, d, &clientwebauthn.Client{Device: c, Origin: "https://" + rpID}}
	if cfg.PIN != "" {
		m.client.PIN = clientwebauthn.StaticPIN(cfg.PIN)
	}
	return m
}

func (m *model) Create(options any) []byte {
	m.t.Helper()
	return m.ask(m.client.Create, options)
}

func (m *model) Get(options any) []byte {
	m.t.Helper()
	return m.ask(m.client.Get, options)
}

func (m *model) ask(ceremony func(context.Context, []byte) ([]byte, error), options any) []byte {
	m.t.Helper()
	request, err := json.Marshal(options)
	if err != nil {
		m.t.Fatal(err)
	}
	response, err := ceremony(context.Background(), request)
	if err != nil {
		m.t.Fatal(err)
	}
	return response
}
