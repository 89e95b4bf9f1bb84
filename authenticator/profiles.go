package authenticator

import (
	"crypto/sha1"
	"slices"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// DefaultProfile is the profile of a key that nobody asked to be special.
const DefaultProfile = "fido2.0"

// Profiles returns the named profiles, plainest first. The caller may change
// what it gets.
func Profiles() []Profile {
	return []Profile{u2fProfile(), fido20Profile()}
}

// ProfileByName returns the named profile, and whether there is one.
func ProfileByName(name string) (Profile, bool) {
	all := Profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Name == name })
	if i < 0 {
		return Profile{}, false
	}
	return all[i], true
}

// u2fProfile is a key from before FIDO2.
func u2fProfile() Profile {
	return Profile{
		Name:        "u2f",
		ProductName: "softkey",
		VendorID:    0xF1D0,
		ProductID:   0x5F01,
		Versions:    []string{ctap.VersionU2FV2},
		Signatures:  SignaturesRFC6979,
		Lock:        true,
	}
}

// fido20Profile is a key of CTAP 2.0 without a PIN. authenticatorSelection is
// of CTAP 2.1, but hosts that know it may send it to any key.
func fido20Profile() Profile {
	p := u2fProfile()
	p.Name = "fido2.0"
	p.Versions = []string{ctap.VersionU2FV2, ctap.VersionFIDO20}
	p.AAGUID = ProfileAAGUID(p.Name, false)
	p.Commands = []ctap.Command{
		ctap.CommandMakeCredential, ctap.CommandGetAssertion, ctap.CommandGetInfo,
		ctap.CommandReset, ctap.CommandGetNextAssertion, ctap.CommandSelection,
	}
	p.DiscoverableCredentials = 10_000
	p.MaxMsgSize = hidCeiling
	p.Algorithms = []cose.ID{cose.ES256, cose.EdDSA}
	p.AttestationFormats = []string{"packed"}
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
	sum := sha1.Sum(append(urlNamespace[:], url...))
	id := AAGUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
