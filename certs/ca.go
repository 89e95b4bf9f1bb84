package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A CA is an issuer that the user has, in place of a root of our own. Its key
// may be of any size, ECDSA or RSA. It is not changed once made and may be used
// by several goroutines.
type CA struct {
	chain []*x509.Certificate // the CA's first, the root last
	key   crypto.Signer
}

// Chain returns the certificates of the file that the CA was read from.
func (ca *CA) Chain() []*x509.Certificate { return ca.chain }

func (ca *CA) signer() crypto.Signer { return ca.key }

// ParseCA returns the CA of two PEM files. certificates begins with the CA's
// own, each other is the issuer of the one before it, and the last is a root.
// privateKey holds the CA's key, as PKCS #8 or SEC 1 and not encrypted.
//
// The error says which certificate could not issue a leaf at the time now, and
// why.
func ParseCA(certificates, privateKey []byte, now time.Time) (*CA, error) {
	chain, err := ParsePEM(certificates)
	if err != nil {
		return nil, err
	}
	key, err := parseCAKey(privateKey)
	if err != nil {
		return nil, err
	}
	if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(chain[0].PublicKey) {
		return nil, fmt.Errorf("certs: the private key is not that of the CA certificate %q", chain[0].Subject)
	}
	if err := checkChain(chain, now); err != nil {
		return nil, err
	}
	return &CA{chain, key}, nil
}

// parseCAKey returns the one private key of a PEM file. OpenSSL may write the
// parameters of the curve before it.
func parseCAKey(data []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "PRIVATE KEY":
			return signerOf(x509.ParsePKCS8PrivateKey(block.Bytes))
		case block.Type == "EC PRIVATE KEY" && block.Headers["DEK-Info"] == "":
			return signerOf(x509.ParseECPrivateKey(block.Bytes))
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return nil, fmt.Errorf("certs: CA key: neither PKCS #8 nor SEC 1, or encrypted: %q", block.Type)
		}
	}
	return nil, errors.New("certs: CA key: no private key in PEM")
}

// signerOf returns the parsed key if relying parties verify its signatures.
func signerOf(parsed any, err error) (crypto.Signer, error) {
	if err != nil {
		return nil, fmt.Errorf("certs: CA key: %w", err)
	}
	switch key := parsed.(type) {
	case *ecdsa.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("certs: CA key: %T is neither ECDSA nor RSA", parsed)
}

// checkChain does what x509.Certificate.Verify would, and says which
// certificate is to blame.
func checkChain(chain []*x509.Certificate, now time.Time) error {
	for i, c := range chain {
		if err := checkCA(c, i, now); err != nil {
			return fmt.Errorf("certs: CA certificate %q: %w", c.Subject, err)
		}
		issuer := c
		if i+1 < len(chain) {
			issuer = chain[i+1]
		} else if !bytes.Equal(c.RawIssuer, c.RawSubject) {
			return fmt.Errorf("certs: CA certificate %q is the last and not a root: that of %q is missing", c.Subject, c.Issuer)
		}
		if err := checkIssued(c, issuer); err != nil {
			return fmt.Errorf("certs: CA certificate %q is not issued by %q: %w", c.Subject, issuer.Subject, err)
		}
	}
	return nil
}

// checkCA says why c cannot issue at the time now, below it being that many
// other CAs.
func checkCA(c *x509.Certificate, below int, now time.Time) error {
	switch {
	case now.After(c.NotAfter):
		return fmt.Errorf("expired on %s", c.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(c.NotBefore):
		return fmt.Errorf("not valid before %s", c.NotBefore.UTC().Format(time.DateOnly))
	case !c.BasicConstraintsValid || !c.IsCA:
		return errors.New("not a CA (basic constraints)")
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return errors.New("may not sign certificates (key usage)")
	case c.MaxPathLen >= 0 && below > c.MaxPathLen:
		return fmt.Errorf("may have %d CAs below it, has %d (path length)", c.MaxPathLen, below)
	case len(c.UnhandledCriticalExtensions) > 0:
		return fmt.Errorf("critical extension %v is not known", c.UnhandledCriticalExtensions[0])
	}
	return nil
}

func checkIssued(c, issuer *x509.Certificate) error {
	if !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
		return fmt.Errorf("its issuer is %q", c.Issuer)
	}
	return c.CheckSignatureFrom(issuer)
}
