package certs

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
)

// oidAppleNonce is the extension of Apple's anonymous attestation.
var oidAppleNonce = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 8, 2}

// NewApple certifies the public key of a credential, on P-256, as Apple's
// anonymization CA does (WebAuthn §8.8). nonce is the SHA-256 of
// authData ‖ clientDataHash.
func NewApple(issuer Issuer, public *ecdsa.PublicKey, nonce [32]byte) (*x509.Certificate, error) {
	type appleNonce struct {
		Nonce []byte `asn1:"explicit,tag:1"`
	}
	return newCredential(issuer, public, "Soft Device Credential", extensionValue{oidAppleNonce, appleNonce{nonce[:]}})
}
