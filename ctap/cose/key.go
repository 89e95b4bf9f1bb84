package cose

// COSE key types and curves (RFC 9053 §7).
const (
	typeOKP = 1
	typeEC2 = 2

	curveP256    = 1
	curveEd25519 = 6
)

// ec2Key is a COSE_Key on a curve with two coordinates, fixed in length.
type ec2Key struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm ID     `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
	Y         []byte `cbor:"-3,keyasint"`
}

// okpKey is a COSE_Key of an octet key pair.
type okpKey struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm ID     `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
}
