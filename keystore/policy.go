package keystore

import (
	"bytes"

	"github.com/softkey-project/softkey/ctap"
)

const (
	keyPolicy     = "policy"
	keyLargeBlobs = "large-blobs"
	keyTemplates  = "templates"
)

// Policy is how a user and their platforms have set up the key, and what it
// counts: all that is small, is read often, and goes back to its factory value,
// which is the zero value, with a reset.
type Policy struct {
	PINHash        []byte `cbor:"1,keyasint,omitempty"` // LEFT(SHA-256(PIN), 16); empty: no PIN is set
	PINLength      uint64 `cbor:"2,keyasint,omitempty"` // in code points
	PINFailures    uint64 `cbor:"3,keyasint,omitempty"` // wrong PINs since the last right one
	ForcePINChange bool   `cbor:"4,keyasint,omitempty"`

	UVFailures uint64 `cbor:"5,keyasint,omitempty"` // built-in user verifications that failed since the last that did not
	UVSincePIN uint64 `cbor:"6,keyasint,omitempty"` // all of them since the last right PIN

	MinPINLength          uint64   `cbor:"7,keyasint,omitempty"` // in code points; 0: the profile's
	MinPINLengthRPIDs     []string `cbor:"8,keyasint,omitempty"` // who may ask for the minimum
	PINComplexity         bool     `cbor:"9,keyasint,omitempty"`
	ToggledAlwaysUv       bool     `cbor:"10,keyasint,omitempty"` // alwaysUv is not the profile's, but the opposite
	EnterpriseAttestation bool     `cbor:"11,keyasint,omitempty"`
	LongTouchForReset     bool     `cbor:"12,keyasint,omitempty"`

	PersistentToken        []byte `cbor:"13,keyasint,omitempty"` // 32 random bytes
	PersistentTokenGranted bool   `cbor:"14,keyasint,omitempty"` // it has the permission pcmr
	DeviceIdentifier       []byte `cbor:"15,keyasint,omitempty"` // 16 random bytes, encIdentifier's
	CredStoreState         []byte `cbor:"16,keyasint,omitempty"` // 16 random bytes, encCredStoreState's
}

// GetPolicy returns the policy of the key, the zero value if none was put.
func GetPolicy(tx Tx) (Policy, error) {
	var p Policy
	stored := tx.Get(bucketSettings, []byte(keyPolicy))
	if stored == nil {
		return p, checkVital(tx, bucketSettings, keyPolicy)
	}
	return p, ctap.Unmarshal(stored, &p)
}

// PutPolicy keeps p as the policy of the key.
func PutPolicy(tx Tx, p Policy) error {
	b, err := ctap.Marshal(p)
	if err != nil {
		return err
	}
	return putVital(tx, bucketSettings, keyPolicy, b)
}

// LargeBlobArray returns the serialized large-blob array, or nil if none was
// put.
func LargeBlobArray(tx Tx) []byte {
	return bytes.Clone(tx.Get(bucketSettings, []byte(keyLargeBlobs)))
}

// PutLargeBlobArray keeps the serialized large-blob array.
func PutLargeBlobArray(tx Tx, array []byte) error {
	return tx.Put(bucketSettings, []byte(keyLargeBlobs), array)
}

// Template is an enrolled fingerprint: an ID and a name. What the finger looks
// like is the sensor's business.
type Template struct {
	ID   []byte `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint,omitempty"`
}

// Templates returns the enrolled fingerprints, oldest first.
func Templates(tx Tx) ([]Template, error) {
	stored := tx.Get(bucketSettings, []byte(keyTemplates))
	if stored == nil {
		return nil, nil
	}
	var list []Template
	return list, ctap.Unmarshal(stored, &list)
}

// PutTemplates keeps the enrolled fingerprints.
func PutTemplates(tx Tx, list []Template) error {
	b, err := ctap.Marshal(list)
	if err != nil {
		return err
	}
	return tx.Put(bucketSettings, []byte(keyTemplates), b)
}
