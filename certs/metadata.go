package certs

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
)

// NewMetadataRoot makes the root of the signers of metadata BLOBs: another than
// that of attestation, since trusting what a BLOB says is another decision.
//
//	softkey 5B07D3E1 Metadata Root CA    kept; relying parties are told of it
//	          │
//	          └── softkey Metadata CA    its key is forgotten at once
//	                    │
//	                    └── softkey Metadata      RSA: signs BLOBs
//
// Everything random comes from random; nil is crypto/rand.Reader.
func NewMetadataRoot(random io.Reader) (*Identity, error) {
	return makeRoot("softkey %X Metadata Root CA", 1, random)
}

// A MetadataSigner is an RSA key with the certificates that let it sign
// metadata BLOBs.
type MetadataSigner struct {
	Key *rsa.PrivateKey
	X5C []*x509.Certificate // of Key, then of its issuer; the root is not among them
}

// NewMetadataSigner makes a signer below root, with nothing but fresh
// randomness: RSA keys cannot come from a reader of ours. A signer is cheap
// enough to be made for each BLOB (some 0.2 s).
//
// There is a CA between, as in the BLOB of the FIDO Alliance: some relying
// parties refuse an x5c of one certificate, others one that holds their root.
func NewMetadataSigner(root *Identity) (*MetadataSigner, error) {
	ca, err := newDraft(nil)
	if err != nil {
		return nil, err
	}
	if err := ca.makeCA("softkey Metadata CA", 0); err != nil {
		return nil, err
	}
	issuer, err := ca.issuedBy(root)
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("certs: RSA key: %w", err)
	}
	certificate, err := certifySigner(issuer, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &MetadataSigner{key, []*x509.Certificate{certificate, issuer.Certificate}}, nil
}

func certifySigner(issuer *Identity, public *rsa.PublicKey) (*x509.Certificate, error) {
	template, err := newFixedTemplate(public, nil)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if template.RawSubject, err = subject("", "softkey Metadata"); err != nil {
		return nil, err
	}
	return issue(issuer, template, public)
}
