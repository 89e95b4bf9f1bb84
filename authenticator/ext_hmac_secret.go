package authenticator

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// hmacSecret (§12.7) turns salts of the platform's into secrets that only the
// credential can make again; disks are encrypted with them.
var hmacSecret = extension{
	name: "hmac-secret",
	create: onTrue(func(op *makeCredential) error {
		op.created.flags |= flagHMACSecret
		op.outputs.sign("hmac-secret", true)
		return nil
	}),
	get: func(op *getAssertion, input ctap.Raw) error {
		salts, err := op.a.parseSalts(input)
		if err != nil {
			return err
		}
		if !op.up {
			return fmt.Errorf("up false: %w", ctap.StatusUnsupportedOption)
		}
		secrets, err := op.a.evaluateSalts(salts, op.cred.material, op.flags)
		if err != nil {
			return err
		}
		op.outputs.sign("hmac-secret", secrets)
		return nil
	},
}

// hmacSecretMC (§12.8) gives the secrets of a credential while it is being made.
var hmacSecretMC = extension{name: "hmac-secret-mc", create: func(op *makeCredential, input ctap.Raw) error {
	if op.created.flags&flagHMACSecret == 0 {
		return fmt.Errorf("no hmac-secret beside it: %w", ctap.StatusMissingParameter)
	}
	salts, err := op.a.parseSalts(input)
	if err != nil {
		return err
	}
	secrets, err := op.a.evaluateSalts(salts, op.created.material, op.flags)
	if err != nil {
		return err
	}
	op.outputs.sign("hmac-secret-mc", secrets)
	return nil
}}

// saltSize is the length of a salt, and of the secret that it becomes.
const saltSize = 32

// What a credential's two secrets are derived for: CredRandomWithUV and
// CredRandomWithoutUV.
const (
	purposeWithUV    = "softkey hmac-secret CredRandomWithUV"
	purposeWithoutUV = "softkey hmac-secret CredRandomWithoutUV"
)

// salts are one salt or two, encrypted by the platform.
type salts struct {
	protocol     pinuv.Protocol
	keyAgreement ctap.Raw
	enc, auth    []byte
}

// parseSalts is step 1 of the extension in getAssertion: a map of what type salts
// holds.
func (a *Authenticator) parseSalts(input ctap.Raw) (*salts, error) {
	in, err := ctap.ParseHMACSecretInput(input)
	if err != nil {
		return nil, err
	}
	protocol, err := a.saltProtocol(in.Protocol)
	if err != nil {
		return nil, err
	}
	if in.KeyAgreement == nil || in.SaltEnc == nil || in.SaltAuth == nil {
		return nil, fmt.Errorf("keyAgreement, saltEnc or saltAuth: %w", ctap.StatusMissingParameter)
	}
	return &salts{protocol, in.KeyAgreement, in.SaltEnc, in.SaltAuth}, nil
}

// saltProtocol returns the protocol that the input names, or protocol one:
// platforms of CTAP 2.0 knew no other.
func (a *Authenticator) saltProtocol(number *uint64) (pinuv.Protocol, error) {
	if number != nil {
		return a.protocol(number)
	}
	if !slices.Contains(a.profile.PinUvAuthProtocols, 1) {
		return nil, fmt.Errorf("no pinUvAuthProtocol: %w", ctap.StatusPINAuthInvalid)
	}
	return pinuv.ByNumber(1), nil
}

// evaluateSalts is steps 4 to 9: it returns, encrypted as the salts were,
//
//	HMAC-SHA-256(CredRandom, salt1) [‖ HMAC-SHA-256(CredRandom, salt2)]
//
// for the credential with the given key material. A verified user has another
// CredRandom.
func (a *Authenticator) evaluateSalts(s *salts, material []byte, flags ctap.Flags) ([]byte, error) {
	secret, err := a.pinAuth.decapsulate(s.protocol, s.keyAgreement)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	plain, err := openSalts(s, secret)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	purpose := purposeWithoutUV
	if flags&ctap.FlagUV != 0 {
		purpose = purposeWithUV
	}
	credRandom, err := deriveSecret(material, purpose)
	if err != nil {
		return nil, err
	}
	defer clear(credRandom[:])
	secrets := make([]byte, 0, 2*saltSize)
	defer clear(secrets[:cap(secrets)])
	for salt := range slices.Chunk(plain, saltSize) {
		mac := hmac.New(sha256.New, credRandom[:])
		mac.Write(salt)
		secrets = mac.Sum(secrets)
	}
	return s.protocol.Encrypt(secret, secrets, a.cfg.Rand)
}

// openSalts is steps 5 and 6.
func openSalts(s *salts, secret []byte) ([]byte, error) {
	if !pinuv.Verify(s.protocol, secret, s.enc, s.auth) {
		return nil, fmt.Errorf("saltAuth: %w", ctap.StatusPINAuthInvalid)
	}
	plain, err := s.protocol.Decrypt(secret, s.enc)
	if err != nil {
		return nil, fmt.Errorf("saltEnc: %w: %w", err, ctap.StatusInvalidParameter)
	}
	if len(plain) != saltSize && len(plain) != 2*saltSize {
		return nil, fmt.Errorf("salts of %d bytes: %w", len(plain), ctap.StatusInvalidParameter)
	}
	return plain, nil
}
