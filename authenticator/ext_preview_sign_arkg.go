package authenticator

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// arkgScheme is ESP256-split-ARKG: of one public key the platform derives others
// (ARKG-P256 of draft-bradleylundberg-cfrg-arkg-08), and with each a handle, of
// which the private key is derived here. The material is two seeds.
type arkgScheme struct{}

// Members of COSE_Key; the first two numbers are placeholders of the draft.
const (
	keyTypeARKG = -65537
	algARKGP256 = -65700
	keyTypeEC2  = 2
	algECDHES   = -25
	curveP256   = 1
)

func (arkgScheme) generate(a *Authenticator) (signingKey, error) {
	material, err := a.random(2 * arkgSeed)
	if err != nil {
		return signingKey{}, err
	}
	key, err := newARKGKey(material)
	if err != nil {
		return signingKey{}, err
	}
	return signingKey{material: material, public: ctap.MustMarshal(struct {
		Type             int           `cbor:"1,keyasint"`
		Algorithm        int           `cbor:"3,keyasint"`
		Blinding         pinuv.COSEKey `cbor:"-1,keyasint"`
		KEM              pinuv.COSEKey `cbor:"-2,keyasint"`
		DerivedAlgorithm cose.ID       `cbor:"-3,keyasint"`
	}{
		keyTypeARKG, algARKGP256,
		ec2Key(key.blinding.PublicKey(), int64(cose.ES256)), ec2Key(key.kem.PublicKey(), algECDHES),
		cose.ESP256,
	})}, nil
}

func ec2Key(public *ecdh.PublicKey, alg int64) pinuv.COSEKey {
	point := public.Bytes() // 04 ‖ X ‖ Y
	return pinuv.COSEKey{
		Type: keyTypeEC2, Algorithm: alg, Curve: curveP256, X: point[1 : 1+p256Scalar], Y: point[1+p256Scalar:],
	}
}

// sign takes the handle and the context of a derived key from the arguments, a
// COSE_Sign_Args inside a byte string.
func (arkgScheme) sign(a *Authenticator, material, toBeSigned, arguments []byte) ([]byte, error) {
	if arguments == nil {
		return nil, fmt.Errorf("no arguments: %w", ctap.StatusMissingParameter)
	}
	var args struct {
		Algorithm cose.ID    `cbor:"3,keyasint"`
		Handle    byteString `cbor:"-1,keyasint"`
		Context   byteString `cbor:"-2,keyasint"`
	}
	if err := ctap.UnmarshalLax(arguments, &args); err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	if args.Algorithm != esp256SplitARKG {
		return nil, fmt.Errorf("arguments for algorithm %d: %w", args.Algorithm, ctap.StatusInvalidCredential)
	}
	key, err := newARKGKey(material)
	if err != nil {
		return nil, err
	}
	scalar, err := key.derive(args.Handle, args.Context)
	if err != nil {
		return nil, err
	}
	defer clear(scalar)
	return a.signDigest(scalar, toBeSigned)
}

// Lengths of ARKG-P256, in bytes.
const (
	arkgSeed       = 32
	arkgTag        = 16
	arkgPoint      = 1 + 2*p256Scalar
	arkgMaxContext = 64
)

// What the hash functions of ARKG-P256 are told apart by.
const (
	arkgBlinding = "ARKG-P256"
	arkgKEM      = "ARKG-ECDH.ARKG-P256"
)

// arkgKey is the private key of ARKG-P256: the scalar that is blinded, and that
// of the key encapsulation.
type arkgKey struct{ blinding, kem *ecdh.PrivateKey }

// newARKGKey is ARKG-Derive-Seed; material is the one seed and then the other.
func newARKGKey(material []byte) (*arkgKey, error) {
	if len(material) != 2*arkgSeed {
		return nil, fmt.Errorf("ARKG key material of %d bytes", len(material))
	}
	blinding, err := ecdh.P256().NewPrivateKey(hashToScalar(material[:arkgSeed], "ARKG-BL-EC-KG."+arkgBlinding))
	if err != nil {
		return nil, err
	}
	kem, err := ecdh.P256().NewPrivateKey(hashToScalar(material[arkgSeed:], "ARKG-KEM-ECDH-KG."+arkgKEM))
	return &arkgKey{blinding, kem}, err
}

// derive is ARKG-Derive-Private-Key: the scalar that belongs to a handle and a
// context, which is sk_bl + tau modulo the order of the group.
func (k *arkgKey) derive(handle, context []byte) ([]byte, error) {
	if len(context) > arkgMaxContext {
		return nil, fmt.Errorf("ARKG context of %d bytes: %w", len(context), ctap.StatusInvalidCredential)
	}
	purpose := string(append([]byte{byte(len(context))}, context...))
	shared, err := k.decapsulate(handle, "ARKG-Derive-Key-KEM."+purpose)
	if err != nil {
		return nil, err
	}
	tau := hashToScalar(shared, "ARKG-BL-EC."+arkgBlinding+"ARKG-Derive-Key-BL."+purpose)
	sum := new(big.Int).SetBytes(k.blinding.Bytes())
	sum.Add(sum, new(big.Int).SetBytes(tau))
	return sum.Mod(sum, elliptic.P256().Params().N).FillBytes(make([]byte, p256Scalar)), nil
}

// decapsulate is KEM-Decaps. The handle is a tag and an ephemeral public key:
//
//	HMAC-SHA-256(mac key, point), 16 bytes ‖ point (04 ‖ X ‖ Y)
func (k *arkgKey) decapsulate(handle []byte, purpose string) ([]byte, error) {
	notOurs := fmt.Errorf("ARKG handle: %w", ctap.StatusInvalidCredential)
	if len(handle) != arkgTag+arkgPoint {
		return nil, notOurs
	}
	tag, point := handle[:arkgTag], handle[arkgTag:]
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, notOurs
	}
	z, err := k.kem.ECDH(public)
	if err != nil {
		return nil, notOurs
	}
	macKey, err := hkdf.Key(sha256.New, z, nil, "ARKG-KEM-HMAC-mac."+arkgKEM+purpose, sha256.Size)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, macKey)
	mac.Write(point)
	if !hmac.Equal(mac.Sum(nil)[:arkgTag], tag) {
		return nil, notOurs
	}
	return hkdf.Key(sha256.New, z, nil, "ARKG-KEM-HMAC-shared."+arkgKEM+purpose, len(z))
}

// hashToScalar is hash_to_field of RFC 9380 §5.2, for one scalar of P-256 and
// with expand_message_xmd (§5.3.1) on SHA-256, of which it takes 48 bytes: two
// blocks.
func hashToScalar(message []byte, tag string) []byte {
	const length = 48
	suffix := append([]byte(tag), byte(len(tag)))
	zero := sha256.Sum256(slices.Concat(make([]byte, sha256.BlockSize), message, []byte{0, length, 0}, suffix))
	one := sha256.Sum256(slices.Concat(zero[:], []byte{1}, suffix))
	var mixed [sha256.Size]byte
	subtle.XORBytes(mixed[:], zero[:], one[:])
	two := sha256.Sum256(slices.Concat(mixed[:], []byte{2}, suffix))
	n := new(big.Int).SetBytes(append(one[:], two[:length-len(one)]...))
	return n.Mod(n, elliptic.P256().Params().N).FillBytes(make([]byte, p256Scalar))
}
