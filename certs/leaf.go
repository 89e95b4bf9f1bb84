package certs

import (
	"cmp"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/bits"
)

// attestationUnit is the organizational unit of every attestation leaf, as
// WebAuthn §8.2.1 spells it.
const attestationUnit = "Authenticator Attestation"

var (
	oidAAGUID       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4} // id-fido-gen-ce-aaguid
	oidSerialNumber = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 2} // id-fido-gen-ce-sernum
	oidTransports   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 2, 1, 1} // id-fido-u2f-transports
)

// Transports is a set of ways to reach a security key, as the FIDO U2F transports
// extension has it: bit 0 of its BIT STRING is the highest bit here.
type Transports uint8

// The members of [Transports].
const (
	TransportBluetooth   Transports = 0x80 >> iota // Bluetooth Classic
	TransportBLE                                   // Bluetooth Low Energy
	TransportUSB                                   // plugged in
	TransportNFC                                   // held near
	TransportUSBInternal                           // built in
	TransportLightning                             // Apple's connector
)

// LeafSpec says what is special about an attestation leaf.
type LeafSpec struct {
	AAGUID     [16]byte   // zero: no AAGUID extension, as for U2F
	CommonName string     // empty: "Soft Device"; at most 64 characters
	Transports Transports // zero: TransportUSB

	// SerialNumber tells the device from others of its model, for enterprise
	// attestation and for nothing else (WebAuthn §8.2.2). Empty: no serial
	// number extension, so that the leaf is the same for the whole model.
	SerialNumber []byte
}

// NewLeaf makes an attestation certificate, signed by issuer (WebAuthn §8.2.1).
//
// Everything random comes from random; nil is crypto/rand.Reader.
func NewLeaf(issuer Issuer, spec LeafSpec, random io.Reader) (*Identity, error) {
	d, err := newDraft(random)
	if err != nil {
		return nil, err
	}
	d.template.RawSubject, err = subject(attestationUnit, cmp.Or(spec.CommonName, "Soft Device"))
	if err != nil {
		return nil, err
	}
	d.template.ExtraExtensions, err = spec.extensions()
	if err != nil {
		return nil, err
	}
	return d.issuedBy(issuer)
}

// extensions returns the extensions that FIDO defines. None may be critical:
// relying parties that do not know them have to go on.
func (s LeafSpec) extensions() ([]pkix.Extension, error) {
	transports := cmp.Or(s.Transports, TransportUSB)
	values := []extensionValue{
		// DER has no trailing zeros in a list of named bits (X.690 §11.2.2).
		{oidTransports, asn1.BitString{
			Bytes:     []byte{byte(transports)},
			BitLength: 8 - bits.TrailingZeros8(uint8(transports)),
		}},
	}
	if s.AAGUID != [16]byte{} {
		values = append(values, extensionValue{oidAAGUID, s.AAGUID[:]})
	}
	if len(s.SerialNumber) > 0 {
		values = append(values, extensionValue{oidSerialNumber, s.SerialNumber})
	}
	return marshalExtensions(values...)
}
