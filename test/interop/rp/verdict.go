package main

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"
)

// verdict tells what was verified.
type verdict struct {
	Verified     bool            `json:"verified"`
	Account      string          `json:"account"`
	CredentialID string          `json:"credentialId"`
	Counter      uint32          `json:"counter"`
	Flags        map[string]bool `json:"flags"`

	Format  string   `json:"format,omitempty"`          // of the attestation, in a registration
	Type    string   `json:"attestationType,omitempty"` // such as basic_full
	AAGUID  string   `json:"aaguid,omitempty"`
	Chain   []string `json:"chain,omitempty"`   // subjects, the leaf first
	Trusted *bool    `json:"trusted,omitempty"` // the chain ends in a root of --root
}

// judge describes a credential that was verified. It refuses one whose attestation
// does not chain to the roots, if there are any; a sign-in has no statement.
func (s *site) judge(name string, c *webauthn.Credential, statement map[string]any) (*verdict, error) {
	v := &verdict{
		Verified: true, Account: name, Counter: c.Authenticator.SignCount,
		CredentialID: base64.RawURLEncoding.EncodeToString(c.ID),
		Flags: map[string]bool{
			"up": c.Flags.UserPresent, "uv": c.Flags.UserVerified,
			"be": c.Flags.BackupEligible, "bs": c.Flags.BackupState,
		},
	}
	if statement == nil {
		return v, nil
	}
	v.Format, v.Type = c.AttestationFormat, c.AttestationType
	aaguid, err := uuid.FromBytes(c.Authenticator.AAGUID)
	if err != nil {
		return nil, err
	}
	v.AAGUID = aaguid.String()
	chain, err := certificates(statement)
	if err != nil {
		return nil, err
	}
	for _, cert := range chain {
		v.Chain = append(v.Chain, cert.Subject.String())
	}
	return v, s.trust(v, chain)
}

func (s *site) trust(v *verdict, chain []*x509.Certificate) error {
	if s.roots == nil {
		return nil
	}
	if err := verifyChain(chain, s.roots); err != nil {
		return fmt.Errorf("the key is of nobody we trust: %w", err)
	}
	trusted := true
	v.Trusted = &trusted
	return nil
}

// certificates returns the chain of an attestation statement, if it has one.
func certificates(statement map[string]any) ([]*x509.Certificate, error) {
	x5c, _ := statement["x5c"].([]any)
	var chain []*x509.Certificate
	for _, item := range x5c {
		der, ok := item.([]byte)
		if !ok {
			return nil, errors.New("x5c is no list of certificates")
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, cert)
	}
	return chain, nil
}

func verifyChain(chain []*x509.Certificate, roots *x509.CertPool) error {
	if len(chain) == 0 {
		return errors.New("its attestation has no certificate")
	}
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}
