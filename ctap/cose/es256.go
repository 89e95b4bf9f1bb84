package cose

import "crypto/ecdsa"

// ParseES256 returns the public key of an ES256 COSE_Key.
func ParseES256(coseKey []byte) (*ecdsa.PublicKey, error) { return p256.parse(ES256, coseKey) }

// MarshalES256 returns the COSE_Key of an uncompressed point 04 ‖ X ‖ Y, as
// U2F has public keys; nil if the length is another.
func MarshalES256(point []byte) []byte {
	if len(point) != 1+2*p256.size || point[0] != 4 {
		return nil
	}
	return marshalEC2(ES256, curveP256, point[1:])
}

// PointOf returns the public key of a key on P-256, P-384 or P-521 that this
// package made, as U2F has it: 04 ‖ X ‖ Y; nil for any other.
func PointOf(key PrivateKey) []byte {
	if k, ok := key.(*ecdsaKey); ok {
		return k.point()
	}
	return nil
}

// PointES256 returns the public key of an ES256 COSE_Key as U2F has it,
// 04 ‖ X ‖ Y. That it lies on the curve is not checked.
func PointES256(coseKey []byte) ([]byte, error) {
	return parseEC2(coseKey, ES256, curveP256, p256.size)
}
