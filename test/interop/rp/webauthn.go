package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// account is a user of the site.
type account struct {
	name        string
	id          []byte
	credentials []webauthn.Credential
}

func (a *account) WebAuthnID() []byte                         { return a.id }
func (a *account) WebAuthnName() string                       { return a.name }
func (a *account) WebAuthnDisplayName() string                { return a.name }
func (a *account) WebAuthnCredentials() []webauthn.Credential { return a.credentials }

// wish is what a page asks options for.
type wish struct {
	Name             string `json:"name"`             // of the account; empty to sign in with whatever the key has
	ResidentKey      string `json:"residentKey"`      // discouraged, preferred or required
	UserVerification string `json:"userVerification"` // likewise
}

func readWish(r *http.Request) (wish, error) {
	w := wish{ResidentKey: "preferred", UserVerification: "preferred"}
	err := json.NewDecoder(r.Body).Decode(&w)
	return w, err
}

// registerOptions begins a registration. The account is made if it is new; a key
// that it has already is excluded.
func (s *site) registerOptions(r *http.Request) (any, error) {
	wish, err := readWish(r)
	if err != nil {
		return nil, err
	}
	if wish.Name == "" {
		return nil, errors.New("the account needs a name")
	}
	a := s.account(wish.Name)
	options, session, err := s.webauthn.BeginRegistration(a,
		webauthn.WithExclusions(webauthn.Credentials(a.credentials).CredentialDescriptors()),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey:      protocol.ResidentKeyRequirement(wish.ResidentKey),
			UserVerification: protocol.UserVerificationRequirement(wish.UserVerification),
		}),
		webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
	if err != nil {
		return nil, err
	}
	s.sessions[session.Challenge] = *session
	return options, nil
}

// register ends a registration. It answers with the verdict.
func (s *site) register(r *http.Request) (any, error) {
	parsed, err := protocol.ParseCredentialCreationResponse(r)
	if err != nil {
		return nil, err
	}
	session, err := s.take(parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil, err
	}
	a, err := s.accountByID(session.UserID)
	if err != nil {
		return nil, err
	}
	credential, err := s.webauthn.CreateCredential(a, session, parsed)
	if err != nil {
		return nil, err
	}
	verdict, err := s.judge(a.name, credential, parsed.Response.AttestationObject.AttStatement)
	if err != nil {
		return nil, err
	}
	a.credentials = append(a.credentials, *credential)
	return verdict, nil
}

// loginOptions begins to sign in: an account that says its name, or whoever the
// key knows.
func (s *site) loginOptions(r *http.Request) (any, error) {
	wish, err := readWish(r)
	if err != nil {
		return nil, err
	}
	verification := webauthn.WithUserVerification(protocol.UserVerificationRequirement(wish.UserVerification))
	begin := func() (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
		return s.webauthn.BeginDiscoverableLogin(verification)
	}
	if wish.Name != "" {
		a, ok := s.accounts[wish.Name]
		if !ok {
			return nil, fmt.Errorf("there is no account %q", wish.Name)
		}
		begin = func() (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
			return s.webauthn.BeginLogin(a, verification)
		}
	}
	options, session, err := begin()
	if err != nil {
		return nil, err
	}
	s.sessions[session.Challenge] = *session
	return options, nil
}

// login ends it. A counter that has not grown is an error.
func (s *site) login(r *http.Request) (any, error) {
	parsed, err := protocol.ParseCredentialRequestResponse(r)
	if err != nil {
		return nil, err
	}
	session, err := s.take(parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil, err
	}
	var user webauthn.User
	var credential *webauthn.Credential
	if len(session.UserID) == 0 {
		user, credential, err = s.webauthn.ValidatePasskeyLogin(s.byHandle, session, parsed)
	} else if user, err = s.byHandle(nil, session.UserID); err == nil {
		credential, err = s.webauthn.ValidateLogin(user, session, parsed)
	}
	if err != nil {
		return nil, err
	}
	if credential.Authenticator.CloneWarning {
		return nil, fmt.Errorf("the signature counter is %d, not more than before: the key may be a copy", parsed.Response.AuthenticatorData.Counter)
	}
	a := user.(*account)
	a.update(credential)
	return s.judge(a.name, credential, nil)
}

// take returns the session of a challenge, which is then used up.
func (s *site) take(challenge string) (webauthn.SessionData, error) {
	session, ok := s.sessions[challenge]
	if !ok {
		return session, errors.New("the challenge is unknown, or was used before")
	}
	delete(s.sessions, challenge)
	return session, nil
}

func (s *site) account(name string) *account {
	if s.accounts[name] == nil {
		id := make([]byte, 16)
		_, _ = rand.Read(id) // never fails
		s.accounts[name] = &account{name: name, id: id}
	}
	return s.accounts[name]
}

func (s *site) accountByID(id []byte) (*account, error) {
	for _, a := range s.accounts {
		if string(a.id) == string(id) {
			return a, nil
		}
	}
	return nil, errors.New("there is no such account")
}

func (s *site) byHandle(_, userHandle []byte) (webauthn.User, error) {
	return s.accountByID(userHandle)
}

// update keeps what a sign-in told about a credential.
func (a *account) update(c *webauthn.Credential) {
	for i := range a.credentials {
		if string(a.credentials[i].ID) == string(c.ID) {
			a.credentials[i] = *c
		}
	}
}
