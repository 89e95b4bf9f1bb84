package interop

import (
	"bytes"
	"errors"
	"testing"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

const rpID = "example.com"

// account is a user of a site.
type account struct {
	id          []byte
	credentials []webauthn.Credential
}

func (a *account) WebAuthnID() []byte                         { return a.id }
func (a *account) WebAuthnName() string                       { return string(a.id) }
func (a *account) WebAuthnDisplayName() string                { return string(a.id) }
func (a *account) WebAuthnCredentials() []webauthn.Credential { return a.credentials }

// site is a relying party as go-webauthn makes one.
type site struct {
	*webauthn.WebAuthn
	accounts []*account
}

// newSite returns a site that trusts whom mds names; nil: everybody.
func newSite(t *testing.T, mds metadata.Provider) *site {
	t.Helper()
	w, err := webauthn.New(&webauthn.Config{
		RPID: rpID, RPDisplayName: "Example", RPOrigins: []string{"https://" + rpID},
		AttestationPreference: protocol.PreferDirectAttestation, MDS: mds,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &site{WebAuthn: w}
}

// page is what stands between a site and a key: JSON options in, JSON responses
// out, as navigator.credentials has them.
type page interface {
	Create(options any) []byte
	Get(options any) []byte
}

// register has the account make a credential and returns the site's judgement.
func (s *site) register(t *testing.T, p page, a *account, opts ...webauthn.RegistrationOption) (*webauthn.Credential, error) {
	t.Helper()
	creation, session, err := s.BeginRegistration(a, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s.finishRegistration(a, session, p.Create(creation))
}

func (s *site) finishRegistration(a *account, session *webauthn.SessionData, response []byte) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, err
	}
	return s.CreateCredential(a, *session, parsed)
}

// enrol registers a credential that the site must accept.
func (s *site) enrol(t *testing.T, p page, id string, opts ...webauthn.RegistrationOption) *account {
	t.Helper()
	a := &account{id: []byte(id)}
	credential, err := s.register(t, p, a, opts...)
	if err != nil {
		t.Fatalf("registration: %v", explain(err))
	}
	a.credentials = append(a.credentials, *credential)
	s.accounts = append(s.accounts, a)
	return a
}

// signIn signs the account in with one of its credentials.
func (s *site) signIn(t *testing.T, p page, a *account) *webauthn.Credential {
	t.Helper()
	assertion, session, err := s.BeginLogin(a)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := s.finishLogin(a, session, p.Get(assertion))
	if err != nil {
		t.Fatalf("sign-in: %v", explain(err))
	}
	return credential
}

func (s *site) finishLogin(a *account, session *webauthn.SessionData, response []byte) (*webauthn.Credential, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, err
	}
	return s.ValidateLogin(a, *session, parsed)
}

// signInUnnamed signs somebody in who did not say who they are.
func (s *site) signInUnnamed(t *testing.T, p page) *account {
	t.Helper()
	assertion, session, err := s.BeginDiscoverableLogin()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(p.Get(assertion))
	if err != nil {
		t.Fatal(err)
	}
	user, _, err := s.ValidatePasskeyLogin(s.byHandle, *session, parsed)
	if err != nil {
		t.Fatalf("sign-in: %v", explain(err))
	}
	return user.(*account)
}

func (s *site) byHandle(_, userHandle []byte) (webauthn.User, error) {
	for _, a := range s.accounts {
		if bytes.Equal(a.id, userHandle) {
			return a, nil
		}
	}
	return nil, errors.New("no such account")
}

// explain returns all that go-webauthn says about an error, and about those that
// it has from elsewhere.
func explain(err error) string {
	e, ok := errors.AsType[*protocol.Error](err)
	if !ok {
		return err.Error()
	}
	said := e.Details + ": " + e.DevInfo
	if cause := errors.Unwrap(e); cause != nil {
		said += ": " + explain(cause)
	}
	return said
}
