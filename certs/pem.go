package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const pemCertificate = "CERTIFICATE"

// EncodePEM returns the certificates in PEM, in the order given. Private keys
// have no PEM form here.
func EncodePEM(certificates ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: c.Raw})...)
	}
	return out
}

// ParsePEM returns the certificates of a PEM file, at least one, in the order of
// the file. Text between the blocks is passed over; a block of another kind, or
// one that is malformed, is an error.
func ParsePEM(data []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != pemCertificate {
			return nil, fmt.Errorf("certs: PEM block of type %q among certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certs: PEM certificate %d: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, c)
	}
	// Decode passes over what it cannot read, such as a block cut short.
	if begun := bytes.Count(data, []byte("-----BEGIN")); begun != len(certificates) {
		return nil, fmt.Errorf("certs: %d PEM blocks begin, %d are well formed", begun, len(certificates))
	}
	if len(certificates) == 0 {
		return nil, errors.New("certs: no PEM certificate")
	}
	return certificates, nil
}
