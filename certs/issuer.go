package certs

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"time"
)

// An Issuer signs certificates: a root of this package, which is an [Identity],
// or a [CA] that the user has.
type Issuer interface {
	// Chain returns the issuer's certificate, that of its own issuer, and so
	// on; the root is the last. The caller must not change it.
	Chain() []*x509.Certificate

	signer() crypto.Signer
}

// Chain returns the certificate alone: an identity that issues is a root.
func (id *Identity) Chain() []*x509.Certificate { return []*x509.Certificate{id.Certificate} }

func (id *Identity) signer() crypto.Signer { return id.Key }

// issue has issuer sign template for the key public. The certificate does not
// outlive the issuer's.
func issue(issuer Issuer, template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	parent := issuer.Chain()[0]
	if !parent.IsCA {
		return nil, fmt.Errorf("certs: issuer %q is not a CA", parent.Subject)
	}
	if parent.NotBefore.After(template.NotBefore) {
		template.NotBefore = parent.NotBefore
	}
	if parent.NotAfter.Before(template.NotAfter) {
		template.NotAfter = parent.NotAfter
	}
	return sign(template, public, parent, issuer.signer())
}

// CheckLeaf says why relying parties would refuse leaf at the time now although
// they trust the root of issuer; nil if they would not. A leaf from the store
// has to be checked where the user may have changed the CA.
func CheckLeaf(leaf *Identity, issuer Issuer, now time.Time) error {
	c := leaf.Certificate
	if err := checkKey(leaf.Key); err != nil {
		return fmt.Errorf("certs: leaf %q: %w", c.Subject, err)
	}
	if c.Version != 3 || !c.BasicConstraintsValid || c.IsCA {
		return fmt.Errorf("certs: leaf %q: not of version 3, or a CA (WebAuthn §8.2.1)", c.Subject)
	}
	chain := issuer.Chain()
	last := len(chain) - 1
	options := x509.VerifyOptions{
		Roots: pool(chain[last:]), Intermediates: pool(chain[:last]), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	if _, err := c.Verify(options); err != nil {
		return fmt.Errorf("certs: leaf %q with root %q: %w", c.Subject, chain[last].Subject, err)
	}
	return nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p
}
