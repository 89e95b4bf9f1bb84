package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// user is an account of the site.
type user struct {
	name        string
	credentials []webauthn.Credential
}

func (u *user) WebAuthnID() []byte                         { return []byte("id of " + u.name) }
func (u *user) WebAuthnName() string                       { return u.name }
func (u *user) WebAuthnDisplayName() string                { return u.name }
func (u *user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

// site is a relying party: go-webauthn behind a page.
type site struct {
	*webauthn.WebAuthn
	*page
	users []*user
}

func newSite(p *page) (*site, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: "localhost", RPDisplayName: "softkey", RPOrigins: []string{p.origin},
		AttestationPreference: protocol.PreferDirectAttestation,
	})
	return &site{WebAuthn: w, page: p}, err
}

// newUser returns an account without credentials.
func (s *site) newUser(name string) *user {
	u := &user{name: name}
	s.users = append(s.users, u)
	return u
}

// register has the page make a credential for the user, which the site must accept;
// it returns what the browser says of extensions. A browser's refusal is an
// *exception.
func (s *site) register(ctx context.Context, u *user, options ...webauthn.RegistrationOption) (*protocol.AuthenticationExtensionsClientOutputs, error) {
	options = append([]webauthn.RegistrationOption{webauthn.WithAuthenticatorSelection(secondFactor)}, options...)
	creation, session, err := s.BeginRegistration(u, options...)
	if err != nil {
		return nil, err
	}
	response, err := s.Do(ctx, "create", creation)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, explain(err)
	}
	credential, err := s.CreateCredential(u, *session, parsed)
	if err != nil {
		return nil, explain(err)
	}
	u.credentials = append(u.credentials, *credential)
	return &parsed.ClientExtensionResults, nil
}

// signIn signs the user in with a credential that the site names.
func (s *site) signIn(ctx context.Context, u *user, options ...webauthn.LoginOption) (*protocol.AuthenticationExtensionsClientOutputs, error) {
	assertion, session, err := s.BeginLogin(u, options...)
	if err != nil {
		return nil, err
	}
	parsed, err := s.get(ctx, assertion)
	if err != nil {
		return nil, err
	}
	credential, err := s.ValidateLogin(u, *session, parsed)
	if err != nil {
		return nil, explain(err)
	}
	if credential.Authenticator.CloneWarning {
		return nil, errors.New("the signature counter does not rise")
	}
	return &parsed.ClientExtensionResults, nil
}

// signInUnnamed signs in somebody of whom the site does not know who they are.
func (s *site) signInUnnamed(ctx context.Context) (*user, error) {
	assertion, session, err := s.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, err
	}
	parsed, err := s.get(ctx, assertion)
	if err != nil {
		return nil, err
	}
	u, _, err := s.ValidatePasskeyLogin(s.byID, *session, parsed)
	if err != nil {
		return nil, explain(err)
	}
	return u.(*user), nil
}

func (s *site) get(ctx context.Context, assertion *protocol.CredentialAssertion) (*protocol.ParsedCredentialAssertionData, error) {
	response, err := s.Do(ctx, "get", assertion)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	return parsed, explain(err)
}

func (s *site) byID(_, userHandle []byte) (webauthn.User, error) {
	for _, u := range s.users {
		if bytes.Equal(u.WebAuthnID(), userHandle) {
			return u, nil
		}
	}
	return nil, errors.New("no such user")
}

// explain returns err with all that go-webauthn says about it.
func explain(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return errors.New(e.Details + ": " + e.DevInfo)
	}
	return err
}
