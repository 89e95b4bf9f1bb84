package cose

import "github.com/softkey-project/softkey/ctap"

// COSE key types and curves (RFC 9053 §7, RFC 8230 §4, RFC 8812 §3.1, RFC 9964).
const (
	typeOKP = 1
	typeEC2 = 2
	typeRSA = 3
	typeAKP = 7

	curveP256      = 1
	curveP384      = 2
	curveP521      = 3
	curveEd25519   = 6
	curveEd448     = 7
	curveSecp256k1 = 8
)

// ec2Key is a COSE_Key on a curve with two coordinates, fixed in length.
type ec2Key struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm ID     `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
	Y         []byte `cbor:"-3,keyasint"`
}

// marshalEC2 returns the COSE_Key of a point X ‖ Y.
func marshalEC2(id ID, curve int, point []byte) []byte {
	const others = 20 // bytes beside the coordinates, at most
	size := len(point) / 2
	b := ctap.AppendMap(make([]byte, 0, 2*size+others), 5)
	for _, member := range [][2]int64{{1, typeEC2}, {3, int64(id)}, {-1, int64(curve)}} {
		b = ctap.AppendInt(ctap.AppendInt(b, member[0]), member[1])
	}
	b = ctap.AppendBytes(ctap.AppendInt(b, -2), point[:size])
	return ctap.AppendBytes(ctap.AppendInt(b, -3), point[size:])
}

// parseEC2 returns the uncompressed point of a COSE_Key whose coordinates have
// size bytes. That it lies on the curve is not checked.
func parseEC2(coseKey []byte, id ID, curve, size int) (point []byte, err error) {
	var k ec2Key
	if err := ctap.UnmarshalLax(coseKey, &k); err != nil {
		return nil, ErrKey
	}
	if k.Type != typeEC2 || k.Algorithm != id || k.Curve != curve || len(k.X) != size || len(k.Y) != size {
		return nil, ErrKey
	}
	return append(append([]byte{4}, k.X...), k.Y...), nil
}

// okpKey is a COSE_Key of an octet key pair.
type okpKey struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm ID     `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
}

// rsaKey is a COSE_Key of RSA: modulus and exponent, big-endian in the fewest
// bytes.
type rsaKey struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm ID     `cbor:"3,keyasint"`
	N         []byte `cbor:"-1,keyasint"`
	E         []byte `cbor:"-2,keyasint"`
}

// akpKey is a COSE_Key that its algorithm alone describes.
type akpKey struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm ID     `cbor:"3,keyasint"`
	Public    []byte `cbor:"-1,keyasint"`
}
