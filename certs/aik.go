package certs

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

var (
	oidSubjectAltName  = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidTPMManufacturer = asn1.ObjectIdentifier{2, 23, 133, 2, 1}
	oidTPMModel        = asn1.ObjectIdentifier{2, 23, 133, 2, 2}
	oidTPMVersion      = asn1.ObjectIdentifier{2, 23, 133, 2, 3}
	oidAIK             = asn1.ObjectIdentifier{2, 23, 133, 8, 3} // tcg-kp-AIKCertificate
)

// tpmManufacturer is the identifier that FIDO's conformance tests have for a TPM
// which does not exist. Relying parties accept it if they are made for tests;
// others want one that the TCG assigned, which is not ours to claim.
const tpmManufacturer = "id:FFFFF1D0"

// NewAIK certifies the key of leaf as the attestation identity key of a TPM
// (WebAuthn §8.3.1). The key is the same because a soft device has one; the
// certificate is another because its subject must be empty. It holds the AAGUID
// of leaf, and nothing random: equal leaves have equal certificates.
func NewAIK(issuer Issuer, leaf *Identity) (*x509.Certificate, error) {
	public := &leaf.Key.PublicKey
	template, err := newFixedTemplate(public, nil)
	if err != nil {
		return nil, err
	}
	name, err := tpmName()
	if err != nil {
		return nil, err
	}
	template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{oidAIK}
	template.ExtraExtensions = []pkix.Extension{name}
	for _, e := range leaf.Certificate.Extensions {
		if e.Id.Equal(oidAAGUID) {
			template.ExtraExtensions = append(template.ExtraExtensions, e)
		}
	}
	return issue(issuer, template, public)
}

// tpmName returns the subject alternative name that describes the TPM (TCG EK
// Credential Profile §3.2.9): one directoryName with three attributes. It is
// critical, since there is no other name (RFC 5280 §4.2.1.6).
func tpmName() (pkix.Extension, error) {
	name, err := asn1.Marshal(pkix.RDNSequence{
		attribute(oidTPMManufacturer, asn1.TagUTF8String, tpmManufacturer),
		attribute(oidTPMModel, asn1.TagUTF8String, "softkey"),
		attribute(oidTPMVersion, asn1.TagUTF8String, "id:00000001"),
	})
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("certs: TPM name: %w", err)
	}
	const directoryName = 4
	value, err := asn1.Marshal([]asn1.RawValue{
		{Class: asn1.ClassContextSpecific, Tag: directoryName, IsCompound: true, Bytes: name},
	})
	if err != nil {
		return pkix.Extension{}, fmt.Errorf("certs: TPM name: %w", err)
	}
	return pkix.Extension{Id: oidSubjectAltName, Critical: true, Value: value}, nil
}
