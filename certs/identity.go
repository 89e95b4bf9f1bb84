package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
)

// An Identity is a certificate with its private key. It is not changed once
// made and may be used by several goroutines.
type Identity struct {
	Certificate *x509.Certificate // Raw is its DER
	Key         *ecdsa.PrivateKey // on P-256
}

// container is an Identity at rest, in DER:
//
//	SEQUENCE { Certificate (X.509), OneAsymmetricKey (PKCS #8) }
type container struct {
	Certificate, Key asn1.RawValue
}

// MarshalBinary returns the identity as bytes for a store. They hold the
// private key in the clear. An identity has one such form.
func (id *Identity) MarshalBinary() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		return nil, fmt.Errorf("certs: private key: %w", err)
	}
	return asn1.Marshal(container{
		Certificate: asn1.RawValue{FullBytes: id.Certificate.Raw},
		Key:         asn1.RawValue{FullBytes: key},
	})
}

// Parse returns the identity that MarshalBinary made data of. Any other bytes
// are an error, also those with a key that is not the certificate's. The
// identity shares no memory with data.
func Parse(data []byte) (*Identity, error) {
	id, err := parse(bytes.Clone(data))
	if err != nil {
		return nil, fmt.Errorf("certs: stored identity: %w", err)
	}
	return id, nil
}

func parse(data []byte) (*Identity, error) {
	var c container
	if _, err := asn1.Unmarshal(data, &c); err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(c.Certificate.FullBytes)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(c.Key.FullBytes)
	if err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return nil, errors.New("the key is not the certificate's")
	}
	id := &Identity{certificate, key}
	// Trailing bytes, and members that the parsers above overlook.
	if again, err := id.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
		return nil, errors.New("not in its one form")
	}
	return id, nil
}

func parseKey(pkcs8 []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errNotP256
	}
	return key, checkKey(key)
}

var errNotP256 = errors.New("the key is not on P-256")

func checkKey(key *ecdsa.PrivateKey) error {
	if key.Curve != elliptic.P256() {
		return errNotP256
	}
	return nil
}
