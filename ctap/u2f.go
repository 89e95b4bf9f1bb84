package ctap

import (
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"slices"
)

// The instructions of U2F (U2F §3.1).
const (
	U2FRegister     byte = 0x01
	U2FAuthenticate byte = 0x02
	U2FVersion      byte = 0x03
)

// The control bytes of U2F authenticate, its P1 (U2F §5.1).
const (
	U2FCheckOnly      byte = 0x07 // is the key handle ours?
	U2FEnforceAndSign byte = 0x03 // sign if the user is present
	U2FSign           byte = 0x08 // sign, present or not
)

const (
	u2fParameter = 32   // bytes of a challenge or application parameter
	u2fPoint     = 65   // bytes of an uncompressed P-256 point
	u2fReserved  = 0x05 // first byte of a registration response
)

// U2FRegisterRequest is the data of U2F register:
//
//	challengeParameter (32) ‖ applicationParameter (32)
type U2FRegisterRequest struct {
	Challenge, Application [32]byte
}

// ParseU2FRegisterRequest reads the data of a register APDU; the error is
// [SWWrongLength].
func ParseU2FRegisterRequest(data []byte) (U2FRegisterRequest, error) {
	if len(data) != 2*u2fParameter {
		return U2FRegisterRequest{}, fmt.Errorf("U2F register with %d bytes: %w", len(data), SWWrongLength)
	}
	return U2FRegisterRequest{[32]byte(data), [32]byte(data[u2fParameter:])}, nil
}

// APDU returns the request as an APDU.
func (r U2FRegisterRequest) APDU() CommandAPDU {
	return CommandAPDU{INS: U2FRegister, P1: U2FEnforceAndSign, Data: slices.Concat(r.Challenge[:], r.Application[:])}
}

// U2FRegisterResponse is the answer to U2F register:
//
//	05 ‖ public key (65) ‖ length (1) ‖ key handle ‖ certificate (DER) ‖ signature (DER)
type U2FRegisterResponse struct {
	PublicKey   []byte // 04 ‖ X ‖ Y
	KeyHandle   []byte // at most 255 bytes
	Certificate []byte // of the attestation key
	Signature   []byte // by the attestation key
}

// Append appends the bytes of r to b, and leaves room for a status word.
func (r *U2FRegisterResponse) Append(b []byte) []byte {
	b = slices.Grow(b, 1+len(r.PublicKey)+1+len(r.KeyHandle)+len(r.Certificate)+len(r.Signature)+swSize)
	b = append(b, u2fReserved)
	b = append(b, r.PublicKey...)
	b = append(b, byte(len(r.KeyHandle)))
	b = append(b, r.KeyHandle...)
	b = append(b, r.Certificate...)
	return append(b, r.Signature...)
}

// ParseU2FRegisterResponse is the inverse of Append, for hosts. The slices of
// the result share b's memory.
func ParseU2FRegisterResponse(b []byte) (*U2FRegisterResponse, error) {
	const fixed = 1 + u2fPoint + 1
	if len(b) < fixed || b[0] != u2fReserved || len(b) < fixed+int(b[fixed-1]) {
		return nil, fmt.Errorf("ctap: U2F registration response of %d bytes is malformed", len(b))
	}
	handleEnd := fixed + int(b[fixed-1])
	var certificate asn1.RawValue
	signature, err := asn1.Unmarshal(b[handleEnd:], &certificate)
	if err != nil {
		return nil, fmt.Errorf("ctap: certificate in U2F registration response: %w", err)
	}
	return &U2FRegisterResponse{
		PublicKey: b[1 : 1+u2fPoint], KeyHandle: b[fixed:handleEnd],
		Certificate: certificate.FullBytes, Signature: signature,
	}, nil
}

// U2FAuthenticateRequest is the control byte and data of U2F authenticate:
//
//	challengeParameter (32) ‖ applicationParameter (32) ‖ length (1) ‖ key handle
type U2FAuthenticateRequest struct {
	Control                byte
	Challenge, Application [32]byte
	KeyHandle              []byte
}

// ParseU2FAuthenticateRequest reads an authenticate APDU; the error is
// [SWWrongLength]. The key handle shares the APDU's memory.
func ParseU2FAuthenticateRequest(apdu CommandAPDU) (U2FAuthenticateRequest, error) {
	const fixed = 2*u2fParameter + 1
	data := apdu.Data
	if len(data) <= fixed || len(data) != fixed+int(data[fixed-1]) {
		return U2FAuthenticateRequest{}, fmt.Errorf("U2F authenticate with %d bytes: %w", len(data), SWWrongLength)
	}
	return U2FAuthenticateRequest{
		Control: apdu.P1, Challenge: [32]byte(data), Application: [32]byte(data[u2fParameter:]), KeyHandle: data[fixed:],
	}, nil
}

// APDU returns the request as an APDU. The key handle has at most 255 bytes.
func (r U2FAuthenticateRequest) APDU() CommandAPDU {
	data := slices.Concat(r.Challenge[:], r.Application[:], []byte{byte(len(r.KeyHandle))}, r.KeyHandle)
	return CommandAPDU{INS: U2FAuthenticate, P1: r.Control, Data: data}
}

// U2FAuthenticateResponse is the answer to U2F authenticate:
//
//	flags (1) ‖ counter (4, big-endian) ‖ signature (DER)
type U2FAuthenticateResponse struct {
	Flags     Flags // FlagUP or none
	Counter   uint32
	Signature []byte // by the credential's key
}

// Append appends the bytes of r to b, and leaves room for a status word.
func (r *U2FAuthenticateResponse) Append(b []byte) []byte {
	b = slices.Grow(b, 1+4+len(r.Signature)+swSize)
	b = append(b, byte(r.Flags))
	b = binary.BigEndian.AppendUint32(b, r.Counter)
	return append(b, r.Signature...)
}

// ParseU2FAuthenticateResponse is the inverse of Append, for hosts. The
// signature shares b's memory.
func ParseU2FAuthenticateResponse(b []byte) (*U2FAuthenticateResponse, error) {
	const fixed = 1 + 4
	if len(b) <= fixed {
		return nil, fmt.Errorf("ctap: U2F authentication response of %d bytes", len(b))
	}
	return &U2FAuthenticateResponse{Flags(b[0]), binary.BigEndian.Uint32(b[1:]), b[fixed:]}, nil
}

// U2FSignedRegistration returns what the attestation key signs (U2F §4.3):
//
//	00 ‖ applicationParameter (32) ‖ challengeParameter (32) ‖ key handle ‖ public key (65)
func U2FSignedRegistration(application, challenge [32]byte, keyHandle, publicKey []byte) []byte {
	b := make([]byte, 0, 1+2*u2fParameter+len(keyHandle)+len(publicKey))
	b = append(b, 0)
	b = append(b, application[:]...)
	b = append(b, challenge[:]...)
	b = append(b, keyHandle...)
	return append(b, publicKey...)
}

// U2FSignedAuthentication returns what the credential's key signs (U2F §5.4):
//
//	applicationParameter (32) ‖ flags (1) ‖ counter (4) ‖ challengeParameter (32)
//
// It is authenticator data followed by a clientDataHash: one credential serves
// both protocols.
func U2FSignedAuthentication(application, challenge [32]byte, flags Flags, counter uint32) []byte {
	d := AuthenticatorData{RPIDHash: application, Flags: flags, SignCount: counter}
	return append(d.Append(make([]byte, 0, 2*u2fParameter+5)), challenge[:]...)
}
