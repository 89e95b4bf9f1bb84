package authenticator

import (
	"errors"
	"fmt"

	"github.com/softkey-project/softkey/ctap"
)

// A Model is a [Profile] that was found valid. Any number of authenticators can
// share one; it does not change.
type Model struct{ profile Profile }

// NewModel returns the model of a profile, which must not be changed any more.
// Without a [Verification] its keys promise no built-in user verification.
func NewModel(p Profile, verification bool) (*Model, error) {
	if !verification {
		p = p.WithoutBuiltInUV()
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("authenticator: %w", err)
	}
	return &Model{p}, nil
}

// check tells whether cfg has what the keys of the model need.
func (m *Model) check(cfg *Config) error {
	switch p := &m.profile; {
	case p.U2F() && cfg.Attester == nil:
		return errors.New("authenticator: U2F needs an Attester")
	case p.has(ctap.OptionEP) && cfg.Enterprise == nil:
		return errors.New("authenticator: enterprise attestation needs an Attester of its own")
	case p.has(ctap.OptionUV) && cfg.Verification == nil:
		return errors.New("authenticator: built-in user verification needs a Verification")
	}
	return nil
}
