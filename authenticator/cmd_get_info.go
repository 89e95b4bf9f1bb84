package authenticator

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"maps"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

// FirmwareVersion is what authenticatorGetInfo and the metadata statement call
// the version of the authenticator: major·10000 + minor·100 + patch.
const FirmwareVersion = 100

// getInfo is authenticatorGetInfo (§6.4). It never asks anybody, and ignores
// parameters. What it says is computed from the profile and from what is on now.
func (a *Authenticator) getInfo(context.Context, *call) (any, error) {
	info := &ctap.GetInfoResponse{}
	for _, part := range []struct {
		since uint64 // the edition's first member
		fill  func(*ctap.GetInfoResponse) error
	}{
		{0x01, a.infoOf20}, {0x07, a.infoOf21Pre}, {0x0B, a.infoOf21}, {0x16, a.infoOf22}, {0x1F, a.infoOf23},
	} {
		if a.profile.MaxInfoMember < part.since {
			break
		}
		if err := part.fill(info); err != nil {
			return nil, err
		}
	}
	return info, nil
}

// infoOf20 fills in the members of CTAP 2.0.
func (a *Authenticator) infoOf20(info *ctap.GetInfoResponse) error {
	p := a.profile
	info.Versions = a.versions()
	info.Extensions = p.Extensions
	info.AAGUID = p.AAGUID[:]
	info.Options = a.options()
	info.MaxMsgSize = p.MaxMsgSize
	info.PinUvAuthProtocols = p.PinUvAuthProtocols
	return nil
}

// versions are those that are honoured now.
func (a *Authenticator) versions() []string {
	if a.u2fEnabled() {
		return a.profile.Versions
	}
	return slices.DeleteFunc(slices.Clone(a.profile.Versions), func(v string) bool { return v == ctap.VersionU2FV2 })
}

// options are the profile's, with the values that change.
func (a *Authenticator) options() map[string]bool {
	now := maps.Clone(a.profile.Options)
	if now == nil {
		now = map[string]bool{}
	}
	now[ctap.OptionRK] = a.profile.DiscoverableCredentials > 0
	now[ctap.OptionUP] = true
	for option, value := range map[string]bool{
		ctap.OptionClientPIN:                   a.pinSet(),
		ctap.OptionUV:                          a.uvConfigured(),
		ctap.OptionBioEnroll:                   len(a.templates) > 0,
		ctap.OptionUserVerificationMgmtPreview: len(a.templates) > 0,
		ctap.OptionAlwaysUv:                    a.alwaysUv(),
		ctap.OptionMakeCredUvNotRqd:            a.makeCredUvNotRqd(),
		ctap.OptionEP:                          a.enterpriseAttestation(),
	} {
		if a.profile.has(option) {
			now[option] = value
		}
	}
	return now
}

// infoOf21Pre fills in what the draft of CTAP 2.1 added.
func (a *Authenticator) infoOf21Pre(info *ctap.GetInfoResponse) error {
	p := a.profile
	info.MaxCredentialCountInList = uint64(p.MaxCredentialCountInList)
	info.MaxCredentialIDLength = maxHandle
	info.Transports = p.Transports
	for _, id := range p.Algorithms {
		info.Algorithms = append(info.Algorithms, ctap.CredentialParameters{Algorithm: int64(id), Type: ctap.PublicKey})
	}
	return nil
}

// infoOf21 fills in what CTAP 2.1 added to its draft.
func (a *Authenticator) infoOf21(info *ctap.GetInfoResponse) error {
	p := a.profile
	info.FirmwareVersion = FirmwareVersion
	if p.Options[ctap.OptionLargeBlobs] {
		info.MaxSerializedLargeBlobArray = uint64(p.MaxSerializedLargeBlobArray)
	}
	if p.extends("credBlob") {
		info.MaxCredBlobLength = uint64(p.MaxCredBlobLength)
	}
	if p.has(ctap.OptionClientPIN) {
		info.MinPINLength = a.minPINLength()
		info.ForcePINChange = &a.policy.ForcePINChange
	}
	if p.Options[ctap.OptionSetMinPINLength] {
		n := uint64(p.MaxRPIDsForSetMinPINLength)
		info.MaxRPIDsForSetMinPINLength = &n
	}
	if a.builtInUV() {
		info.PreferredPlatformUvAttempts = 1 // the key retries by itself
		info.UVModality = p.UVModality
	}
	info.VendorPrototypeConfigCommands = p.VendorPrototypeCommands
	if p.DiscoverableCredentials == 0 {
		return nil
	}
	remaining, err := a.remainingCredentials()
	info.RemainingDiscoverableCredentials = &remaining
	return err
}

func (a *Authenticator) remainingCredentials() (n uint64, err error) {
	err = a.cfg.Store.View(func(tx keystore.Tx) error {
		room := uint64(a.profile.DiscoverableCredentials)
		n = room - min(room, keystore.CredentialCount(tx))
		return nil
	})
	return n, err
}

// infoOf22 fills in what CTAP 2.2 added, and member 1E.
func (a *Authenticator) infoOf22(info *ctap.GetInfoResponse) error {
	p := a.profile
	info.AttestationFormats = p.AttestationFormats
	if a.builtInUV() {
		info.UVCountSinceLastPINEntry = &a.policy.UVSincePIN
	}
	if p.LongTouchForReset != nil {
		long := a.longTouchForReset()
		info.LongTouchForReset = &long
	}
	info.TransportsForReset = p.TransportsForReset
	if p.PINComplexityPolicy != nil {
		complexity := a.pinComplexity()
		info.PINComplexityPolicy = &complexity
		info.PINComplexityPolicyURL = []byte(p.PINComplexityPolicyURL)
	}
	if p.has(ctap.OptionClientPIN) {
		info.MaxPINLength = p.MaxPINLength
	}
	if !p.Options[ctap.OptionPerCredMgmtRO] {
		return nil
	}
	return a.encryptedMembers(info)
}

// encryptedMembers lets whoever has the persistent token recognise the key and
// its credentials, and nobody else.
func (a *Authenticator) encryptedMembers(info *ctap.GetInfoResponse) (err error) {
	if info.EncIdentifier, err = a.encryptMember("encIdentifier", a.policy.DeviceIdentifier); err != nil {
		return err
	}
	info.EncCredStoreState, err = a.encryptMember("encCredStoreState", a.policy.CredStoreState)
	return err
}

// encryptMember encrypts 16 bytes for member 19 or 1E (§6.4):
//
//	IV (16) ‖ AES-128-CBC(HKDF-SHA-256(persistentPinUvAuthToken, info = name), IV, plaintext)
func (a *Authenticator) encryptMember(name string, plaintext []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, a.policy.PersistentToken, make([]byte, sha256.Size), name, aes.BlockSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	iv, err := a.random(aes.BlockSize)
	if err != nil {
		return nil, err
	}
	out := append(iv, plaintext...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out[aes.BlockSize:], out[aes.BlockSize:])
	return out, nil
}

// infoOf23 fills in what CTAP 2.3 added.
func (a *Authenticator) infoOf23(info *ctap.GetInfoResponse) error {
	for _, sub := range slices.Sorted(maps.Keys(configSubcommands)) {
		if configSubcommands[sub].offered(a) {
			info.AuthenticatorConfigCommands = append(info.AuthenticatorConfigCommands, uint64(sub))
		}
	}
	return nil
}
