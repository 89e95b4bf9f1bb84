package certs

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
)

// oidKeyDescription is the key attestation extension of Android's key store.
var oidKeyDescription = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}

// keyDescription is what Android's key store says of a key (version 3 of the
// schema, which came with Keymaster 4).
type keyDescription struct {
	AttestationVersion       int
	AttestationSecurityLevel asn1.Enumerated
	KeymasterVersion         int
	KeymasterSecurityLevel   asn1.Enumerated
	AttestationChallenge     []byte
	UniqueID                 []byte
	SoftwareEnforced         struct{}
	TEEEnforced              authorizationList
}

// authorizationList is an AuthorizationList with the members that every EC key
// has, in the order of their tags. AllApplications [600] must be absent: a
// credential is for one relying party.
type authorizationList struct {
	Purpose   []int `asn1:"explicit,tag:1,set"`
	Algorithm int   `asn1:"explicit,tag:2"`
	KeySize   int   `asn1:"explicit,tag:3"`
	Digest    []int `asn1:"explicit,tag:5,set"`
	Curve     int   `asn1:"explicit,tag:10"`
	Origin    int   `asn1:"explicit,tag:702"`
}

// The values that the members above have here.
const (
	securityTEE     = 1 // TrustedEnvironment
	purposeSign     = 2
	algorithmEC     = 3
	digestSHA256    = 4
	curveP256       = 1
	originGenerated = 0
)

// NewAndroidKey certifies the public key of a credential, on P-256, as Android's
// key store does (WebAuthn §8.4.1). clientDataHash is that of the registration.
//
// It says that a trusted environment made the key, which is not so: relying
// parties read only what such an environment enforces. Who trusts the root knows
// what to think of it.
func NewAndroidKey(issuer Issuer, public *ecdsa.PublicKey, clientDataHash []byte) (*x509.Certificate, error) {
	return newCredential(issuer, public, "Soft Device Android Key", extensionValue{oidKeyDescription, keyDescription{
		AttestationVersion: 3, AttestationSecurityLevel: securityTEE,
		KeymasterVersion: 4, KeymasterSecurityLevel: securityTEE,
		AttestationChallenge: clientDataHash,
		TEEEnforced: authorizationList{
			Purpose: []int{purposeSign}, Algorithm: algorithmEC, KeySize: 256,
			Digest: []int{digestSHA256}, Curve: curveP256, Origin: originGenerated,
		},
	}})
}
