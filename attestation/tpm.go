package attestation

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"

	"github.com/softkey-project/softkey/certs"
	"github.com/softkey-project/softkey/ctap/cose"
)

// tpm presents a credential as a key of a TPM 2.0 (WebAuthn §8.3): pubArea is
// the key as the TPM describes it, and certInfo, which the attester signs as the
// TPM's attestation identity key, says that the key is the TPM's and when.
type tpm struct{}

type tpmStatement struct {
	Version   string   `cbor:"ver"`
	Algorithm cose.ID  `cbor:"alg"` // of the signature
	X5C       [][]byte `cbor:"x5c"`
	Signature []byte   `cbor:"sig"` // in DER; see Statement
	CertInfo  []byte   `cbor:"certInfo"`
	PubArea   []byte   `cbor:"pubArea"`
}

func (tpm) Name() string { return "tpm" }

func (tpm) attestationTypes() []string { return []string{attCA} }

// Statement returns a signature as all other formats have it. §8.3 prescribes a
// TPMT_SIGNATURE, but no authenticator sends one and no relying party knows it.
func (tpm) Statement(in *Input) (any, error) {
	public, err := in.certifiable()
	if err != nil {
		return nil, err
	}
	aik, err := certs.NewAIK(in.Attester.issuer, in.Attester.leaf)
	if err != nil {
		return nil, err
	}
	area, err := pubArea(public)
	if err != nil {
		return nil, err
	}
	info := certInfo(in.signed(), area)
	sig, err := in.Attester.Sign(info)
	if err != nil {
		return nil, err
	}
	return tpmStatement{
		Version: "2.0", Algorithm: in.Attester.Algorithm(), X5C: in.Attester.path(aik),
		Signature: sig, CertInfo: info, PubArea: area,
	}, nil
}

// Constants of the TPM 2.0 library specification, part 2 (§6.2, §6.3, §6.4,
// §6.9, §8.3).
const (
	tpmGenerated     = 0xff544347 // TPM_GENERATED_VALUE, "\xffTCG"
	tpmAttestCertify = 0x8017     // TPM_ST_ATTEST_CERTIFY
	tpmSHA256        = 0x000b
	tpmNull          = 0x0010
	tpmECC           = 0x0023
	tpmP256          = 0x0003

	// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign:
	// the TPM made the key, which never leaves it and signs what it is asked to.
	tpmAttributes = 1<<1 | 1<<4 | 1<<5 | 1<<6 | 1<<10 | 1<<18
)

// pubArea returns a key on P-256 as a TPMT_PUBLIC (part 2, §12.2.4):
//
//	type (2) ‖ nameAlg (2) ‖ objectAttributes (4) ‖ authPolicy (2+0)
//	‖ symmetric (2) ‖ scheme (2) ‖ curveID (2) ‖ kdf (2) ‖ x (2+32) ‖ y (2+32)
func pubArea(public *ecdsa.PublicKey) ([]byte, error) {
	point, err := public.Bytes() // 04 ‖ X ‖ Y
	if err != nil {
		return nil, err
	}
	b := appendUint16(nil, tpmECC, tpmSHA256)
	b = binary.BigEndian.AppendUint32(b, tpmAttributes)
	b = appendSized(b, nil)
	b = appendUint16(b, tpmNull, tpmNull, tpmP256, tpmNull)
	b = appendSized(b, point[1:33])
	return appendSized(b, point[33:]), nil
}

// certInfo returns the TPMS_ATTEST (part 2, §10.12) by which a TPM certifies
// the key of pubArea for whoever asked with signed:
//
//	magic (4) ‖ type (2) ‖ qualifiedSigner (2+0) ‖ extraData (2+32)
//	‖ clock (8) ‖ resetCount (4) ‖ restartCount (4) ‖ safe (1) ‖ firmware (8)
//	‖ name (2+34) ‖ qualifiedName (2+34)
//
// A soft TPM has no clock. Its keys have no ancestors that a qualified name
// could tell of, so that it is the name.
func certInfo(signed, pubArea []byte) []byte {
	extraData := sha256.Sum256(signed)
	digest := sha256.Sum256(pubArea)
	name := append(appendUint16(nil, tpmSHA256), digest[:]...) // part 1, §16
	const yes = 1

	b := binary.BigEndian.AppendUint32(nil, tpmGenerated)
	b = appendUint16(b, tpmAttestCertify)
	b = appendSized(b, nil)
	b = appendSized(b, extraData[:])
	b = append(b, make([]byte, 8+4+4)...)
	b = append(b, yes)
	b = append(b, make([]byte, 8)...)
	b = appendSized(b, name)
	return appendSized(b, name)
}

func appendUint16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// appendSized appends a TPM2B: the length of value and value.
func appendSized(b, value []byte) []byte {
	return append(appendUint16(b, uint16(len(value))), value...)
}
