package authenticator

import (
	"crypto/sha1" // #nosec G505 -- UUIDs of version 5 (RFC 9562, section 5.5)
	"iter"
	"maps"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// DefaultProfile is the profile of a key that nobody asked to be special.
const DefaultProfile = "fido2.3"

// Profiles returns the named profiles, plainest first. The caller may change
// what it gets.
func Profiles() []Profile { return slices.Collect(profiles()) }

func profiles() iter.Seq[Profile] {
	return func(yield func(Profile) bool) {
		for _, profile := range []func() Profile{
			u2fProfile, fido20Profile, fido21PreProfile, fido21Profile, fido23Profile,
			biometricProfile, largeBlobExtensionProfile, fullPolicyProfile, platformProfile, enterpriseProfile,
		} {
			if !yield(profile()) {
				return
			}
		}
	}
}

// ProfileByName returns the named profile, and whether there is one.
func ProfileByName(name string) (Profile, bool) {
	for p := range profiles() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}

// named gives a profile its name, and the AAGUID that goes with it.
func (p Profile) named(name string) Profile {
	p.Name, p.AAGUID = name, ProfileAAGUID(name, false)
	return p
}

// with changes options.
func (p Profile) with(options map[string]bool) Profile {
	p.Options = maps.Clone(p.Options)
	maps.Copy(p.Options, options)
	return p
}

// u2fProfile is a key from before FIDO2. It has no AAGUID.
func u2fProfile() Profile {
	return Profile{
		Name:            "u2f",
		ProductName:     "softkey",
		VendorID:        0xF1D0,
		ProductID:       0x5F01,
		Versions:        []string{ctap.VersionU2FV2},
		Options:         map[string]bool{},
		AttestationType: AttestationBasic,
		Signatures:      SignaturesRFC6979,
		Lock:            true,
	}
}

// fido20Profile is a key of CTAP 2.0.
func fido20Profile() Profile {
	p := u2fProfile().named("fido2.0")
	p.Versions = []string{ctap.VersionU2FV2, ctap.VersionFIDO20}
	p.Extensions = []string{"hmac-secret"}
	p.Options = map[string]bool{ctap.OptionPlat: false, ctap.OptionClientPIN: false}
	p.Commands = []ctap.Command{
		ctap.CommandMakeCredential, ctap.CommandGetAssertion, ctap.CommandGetInfo, ctap.CommandClientPIN,
		ctap.CommandReset, ctap.CommandGetNextAssertion,
	}
	p.MaxMsgSize = hidCeiling
	p.PinUvAuthProtocols = []uint64{1}
	p.MinPINLength, p.MaxPINLength = 4, 63
	p.DiscoverableCredentials = 10_000
	p.Algorithms = []cose.ID{cose.ES256, cose.EdDSA}
	p.AttestationFormats = []string{"packed"}
	p.MaxInfoMember = 0x06
	return p
}

// fido21PreProfile is a key of the draft that many keys were sold with: the
// management commands under their preview numbers, tokens as in CTAP 2.0.
func fido21PreProfile() Profile {
	p := fido20Profile().named("fido2.1-pre").with(map[string]bool{
		ctap.OptionCredentialMgmtPreview: true, ctap.OptionUserVerificationMgmtPreview: false, ctap.OptionUV: false,
	})
	p.Versions = []string{ctap.VersionU2FV2, ctap.VersionFIDO20, ctap.VersionFIDO21Pre}
	p.Extensions = []string{"credProtect", "hmac-secret"}
	p.Commands = append(p.Commands, ctap.CommandBioEnrollmentPreview, ctap.CommandCredentialManagementPreview)
	p.UVRetries, p.UVModality = 5, fingerprintInternal
	p.MaxCredentialCountInList = 20
	p.Transports = []string{ctap.TransportUSB}
	p.MaxInfoMember = 0x0A
	return p
}

// fido21Profile is a key of CTAP 2.1.
func fido21Profile() Profile {
	p := fido20Profile().named("fido2.1")
	p.Versions = []string{ctap.VersionU2FV2, ctap.VersionFIDO20, ctap.VersionFIDO21}
	p.Extensions = []string{"credBlob", "credProtect", "hmac-secret", "largeBlobKey", "minPinLength"}
	p.Options = map[string]bool{
		ctap.OptionPlat: false, ctap.OptionClientPIN: false, ctap.OptionAlwaysUv: false,
		ctap.OptionCredMgmt: true, ctap.OptionAuthnrCfg: true, ctap.OptionLargeBlobs: true,
		ctap.OptionPinUvAuthToken: true, ctap.OptionSetMinPINLength: true, ctap.OptionMakeCredUvNotRqd: true,
	}
	p.Commands = append(p.Commands,
		ctap.CommandCredentialManagement, ctap.CommandSelection, ctap.CommandLargeBlobs, ctap.CommandConfig)
	p.PinUvAuthProtocols = []uint64{2, 1}
	p.MaxCredentialCountInList = 20
	p.Transports = []string{ctap.TransportUSB}
	p.MaxSerializedLargeBlobArray = 4096
	p.MaxCredBlobLength = 32
	p.MaxRPIDsForSetMinPINLength = 8
	p.MaxInfoMember = 0x15
	return p
}

// fido23Profile is a key of CTAP 2.3.
func fido23Profile() Profile {
	p := fido21Profile().named("fido2.3").with(map[string]bool{ctap.OptionPerCredMgmtRO: true})
	p.Versions = []string{ctap.VersionU2FV2, ctap.VersionFIDO20, ctap.VersionFIDO21, ctap.VersionFIDO23}
	p.Extensions = []string{
		"credBlob", "credProtect", "hmac-secret", "largeBlobKey", "minPinLength", "hmac-secret-mc", "thirdPartyPayment",
	}
	p.TransportsForReset = []string{ctap.TransportUSB}
	p.UVRetries = 5
	p.MaxInfoMember = 0x1F
	return p
}

// User verification methods of the FIDO registry, for uvModality and uvm.
const (
	presenceInternal    = 0x01
	fingerprintInternal = 0x02
	passcodeExternal    = 0x800
)

// biometricProfile is a key with a fingerprint sensor.
func biometricProfile() Profile {
	p := fido23Profile().named("biometric").with(map[string]bool{
		ctap.OptionUV: false, ctap.OptionBioEnroll: false, ctap.OptionUVBioEnroll: true, ctap.OptionUVAcfg: true,
	})
	p.Commands = append(p.Commands, ctap.CommandBioEnrollment)
	p.UVModality = fingerprintInternal
	return p
}

// largeBlobExtensionProfile keeps large blobs with their credentials instead of
// in an array of the platform's (§12.4).
func largeBlobExtensionProfile() Profile {
	p := fido23Profile().named("large-blob-extension")
	p.Options = maps.Clone(p.Options)
	delete(p.Options, ctap.OptionLargeBlobs)
	p.Commands = without(p.Commands, ctap.CommandLargeBlobs)
	p.Extensions = append(without(p.Extensions, "largeBlobKey"), "largeBlob")
	return p
}

func without[T comparable](list []T, item T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == item })
}

// fullPolicyProfile has everything that is a switch on, and every algorithm.
func fullPolicyProfile() Profile {
	p := fido23Profile().named("full-policy")
	no := false
	p.Extensions = append(p.Extensions, "pinComplexityPolicy", "uvm", "previewSign")
	p.LongTouchForReset, p.PINComplexityPolicy = &no, &no
	p.PINComplexityPolicyURL = "https://github.com/softkey-project/softkey/blob/main/docs/pin-complexity.md"
	p.VendorPrototypeCommands = []uint64{0x736f66746b657901}
	p.Algorithms = []cose.ID{
		cose.ES256, cose.EdDSA, cose.ES384, cose.ES512, cose.ES256K, cose.Ed448, cose.RS256, cose.PS256,
		cose.MLDSA44, cose.MLDSA65, cose.MLDSA87, cose.ESP256, cose.ESP384, cose.ESP512, cose.Ed25519,
	}
	return p
}

// platformProfile is an authenticator that is part of its machine, and syncs
// its credentials to others.
func platformProfile() Profile {
	p := fido23Profile().named("platform").with(map[string]bool{ctap.OptionPlat: true, ctap.OptionUV: false, ctap.OptionUVAcfg: true})
	p.Versions = without(p.Versions, ctap.VersionU2FV2) // which cannot say that a credential is backed up
	p.Transports = []string{ctap.TransportInternal}
	p.TransportsForReset = nil
	p.UVModality = fingerprintInternal
	p.BackupEligible, p.BackedUp = true, true
	return p
}

// enterpriseProfile is a key that may tell chosen sites which very key it is.
func enterpriseProfile() Profile {
	p := fido23Profile().named("enterprise").with(map[string]bool{ctap.OptionEP: false})
	p.EnterpriseRPIDs = []string{"enterprisetest.certinfra.fidoalliance.org"}
	return p
}

// urlNamespace is the UUID namespace of URLs (RFC 9562 §6.6).
var urlNamespace = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// ProfileAAGUID returns the AAGUID of a named profile: the UUID of version 5 of
// its URL. A key in deterministic mode is another model, so that a server can
// tell it from one that may guard accounts.
func ProfileAAGUID(name string, seeded bool) AAGUID {
	url := "https://github.com/softkey-project/softkey/profile/" + name
	if seeded {
		url += "/seeded"
	}
	sum := sha1.Sum(append(urlNamespace[:], url...)) // #nosec G401 -- as above
	id := AAGUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
