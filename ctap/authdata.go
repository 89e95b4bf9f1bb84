package ctap

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Flags are the flags of authenticator data (WebAuthn §6.1).
type Flags byte

// The flags of authenticator data.
const (
	FlagUP Flags = 0x01 // user present
	FlagUV Flags = 0x04 // user verified
	FlagBE Flags = 0x08 // backup eligible
	FlagBS Flags = 0x10 // backed up
	FlagAT Flags = 0x40 // attested credential data follow
	FlagED Flags = 0x80 // extension data follow
)

// AuthenticatorData is the part of an answer that the authenticator signs:
//
//	rpIDHash (32) ‖ flags (1) ‖ signCount (4, big-endian)
//	‖ attested credential data, with FlagAT ‖ extensions, with FlagED
//
// Append sets FlagAT and FlagED by what is there.
type AuthenticatorData struct {
	RPIDHash   [32]byte
	Flags      Flags
	SignCount  uint32
	Credential *AttestedCredential // nil: none
	Extensions Raw                 // a CBOR map; empty: none
}

// AttestedCredential is the attested credential data of a new credential:
//
//	aaguid (16) ‖ length (2, big-endian) ‖ credentialID ‖ COSE_Key
type AttestedCredential struct {
	AAGUID    [16]byte
	ID        []byte
	PublicKey []byte // COSE_Key
}

// Size returns how many bytes d has.
func (d *AuthenticatorData) Size() int {
	size := len(d.RPIDHash) + 1 + 4 + len(d.Extensions)
	if c := d.Credential; c != nil {
		size += len(c.AAGUID) + 2 + len(c.ID) + len(c.PublicKey)
	}
	return size
}

// Append appends the bytes of d to b.
func (d *AuthenticatorData) Append(b []byte) []byte {
	flags := d.Flags &^ (FlagAT | FlagED)
	if d.Credential != nil {
		flags |= FlagAT
	}
	if len(d.Extensions) > 0 {
		flags |= FlagED
	}
	b = append(slices.Grow(b, d.Size()), d.RPIDHash[:]...)
	b = append(b, byte(flags))
	b = binary.BigEndian.AppendUint32(b, d.SignCount)
	if c := d.Credential; c != nil {
		b = append(b, c.AAGUID[:]...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(c.ID)))
		b = append(b, c.ID...)
		b = append(b, c.PublicKey...)
	}
	return append(b, d.Extensions...)
}

// ParseAuthenticatorData is the inverse of Append, for hosts. The slices of the
// result share b's memory.
func ParseAuthenticatorData(b []byte) (*AuthenticatorData, error) {
	const fixed = 32 + 1 + 4
	if len(b) < fixed {
		return nil, fmt.Errorf("ctap: authenticator data of %d bytes", len(b))
	}
	d := &AuthenticatorData{
		RPIDHash:  [32]byte(b),
		Flags:     Flags(b[32]),
		SignCount: binary.BigEndian.Uint32(b[33:]),
	}
	rest := b[fixed:]
	if d.Flags&FlagAT != 0 {
		var err error
		if d.Credential, rest, err = parseAttestedCredential(rest); err != nil {
			return nil, err
		}
	}
	if d.Flags&FlagED != 0 {
		end, err := unmarshalFirst(rest, &d.Extensions)
		if err != nil {
			return nil, fmt.Errorf("ctap: extensions of authenticator data: %w", err)
		}
		rest = end
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("ctap: %d bytes after authenticator data", len(rest))
	}
	return d, nil
}

func parseAttestedCredential(b []byte) (c *AttestedCredential, rest []byte, err error) {
	const fixed = 16 + 2
	if len(b) < fixed {
		return nil, nil, fmt.Errorf("ctap: attested credential data of %d bytes", len(b))
	}
	length := int(binary.BigEndian.Uint16(b[16:]))
	if len(b) < fixed+length {
		return nil, nil, fmt.Errorf("ctap: credential ID of %d bytes is cut", length)
	}
	c = &AttestedCredential{AAGUID: [16]byte(b), ID: b[fixed : fixed+length]}
	var key Raw
	if rest, err = unmarshalFirst(b[fixed+length:], &key); err != nil {
		return nil, nil, fmt.Errorf("ctap: public key of attested credential data: %w", err)
	}
	c.PublicKey = key
	return c, rest, nil
}
