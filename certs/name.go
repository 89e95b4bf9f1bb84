package certs

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"unicode/utf8"
)

// What the names of all certificates begin with. Relying parties want a country
// that ISO 3166 lists; this one says nothing about the user.
const (
	country      = "US"
	organization = "softkey"
)

// maxCommonName is ub-common-name, in characters (RFC 5280 §A.1).
const maxCommonName = 64

var (
	oidCommonName         = asn1.ObjectIdentifier{2, 5, 4, 3}
	oidCountry            = asn1.ObjectIdentifier{2, 5, 4, 6}
	oidOrganization       = asn1.ObjectIdentifier{2, 5, 4, 10}
	oidOrganizationalUnit = asn1.ObjectIdentifier{2, 5, 4, 11}
)

// subject returns the DER of the name C, O, OU, CN; an empty unit is left out.
//
// crypto/x509 would write a PrintableString wherever the characters allow one,
// where WebAuthn §8.2.1 prescribes the string types: PrintableString for the
// country, UTF8String for the others.
func subject(unit, commonName string) ([]byte, error) {
	if n := utf8.RuneCountInString(commonName); n > maxCommonName {
		return nil, fmt.Errorf("certs: common name of %d characters, more than %d", n, maxCommonName)
	}
	name := pkix.RDNSequence{
		attribute(oidCountry, asn1.TagPrintableString, country),
		attribute(oidOrganization, asn1.TagUTF8String, organization),
	}
	if unit != "" {
		name = append(name, attribute(oidOrganizationalUnit, asn1.TagUTF8String, unit))
	}
	name = append(name, attribute(oidCommonName, asn1.TagUTF8String, commonName))
	der, err := asn1.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("certs: subject: %w", err)
	}
	return der, nil
}

func attribute(oid asn1.ObjectIdentifier, tag int, value string) pkix.RelativeDistinguishedNameSET {
	return pkix.RelativeDistinguishedNameSET{{
		Type: oid, Value: asn1.RawValue{Tag: tag, Bytes: []byte(value)},
	}}
}
