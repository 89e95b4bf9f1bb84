package authenticator

import "github.com/softkey-project/softkey/ctap"

// uvm (WebAuthn Level 2 §10.3) says how the user was verified: one method, how
// the credential's key is protected, and how the matcher is. All of this key is
// software.
var uvm = extension{
	name: "uvm",
	create: onTrue(func(op *makeCredential) error {
		op.outputs.sign("uvm", op.verificationMethods())
		return nil
	}),
	get: onTrue(func(op *getAssertion) error {
		op.outputs.sign("uvm", op.verificationMethods())
		return nil
	}),
}

// Protections of the FIDO registry.
const (
	keyProtectionSoftware     = 0x01
	matcherProtectionSoftware = 0x01
)

func (u *consent) verificationMethods() [][3]uint64 {
	return [][3]uint64{{u.verificationMethod(), keyProtectionSoftware, matcherProtectionSoftware}}
}

// verificationMethod returns the method of the FIDO registry: that of the token
// which vouches for the user, if there is one.
func (u *consent) verificationMethod() uint64 {
	switch {
	case u.flags&ctap.FlagUV != 0 && (u.token == nil || u.token.byUV):
		return u.a.profile.UVModality
	case u.flags&ctap.FlagUV != 0:
		return passcodeExternal
	case u.flags&ctap.FlagUP != 0:
		return presenceInternal
	}
	return noVerification
}

// noVerification is the method of an assertion that nobody was asked for.
const noVerification = 0x200
