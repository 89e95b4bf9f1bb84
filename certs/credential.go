package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
)

// newCredential certifies the public key of a credential: a certificate that is
// made for one registration and never again. value ties it to the registration.
func newCredential(issuer Issuer, public *ecdsa.PublicKey, commonName string, value extensionValue) (*x509.Certificate, error) {
	if public.Curve != elliptic.P256() {
		return nil, fmt.Errorf("certs: %s: %w", commonName, errNotP256)
	}
	extensions, err := marshalExtensions(value)
	if err != nil {
		return nil, err
	}
	template, err := newFixedTemplate(public, extensions[0].Value)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtraExtensions = extensions
	if template.RawSubject, err = subject("", commonName); err != nil {
		return nil, err
	}
	return issue(issuer, template, public)
}

// newFixedTemplate is newTemplate without randomness: the serial number is a
// hash of the key and of what the certificate says of it. So the same
// registration gives the same certificate, and another gives another.
func newFixedTemplate(public crypto.PublicKey, says []byte) (*x509.Certificate, error) {
	template, err := newTemplate(public)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(slices.Concat(template.SubjectKeyId, says))
	template.SerialNumber = serialOf(sum[:serialSize])
	return template, nil
}
