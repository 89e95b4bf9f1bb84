package webauthn

import "context"

// protectionPolicies are the levels of credProtect, from 1 on.
var protectionPolicies = map[string]uint64{
	"userVerificationOptional":                     1,
	"userVerificationOptionalWithCredentialIDList": 2,
	"userVerificationRequired":                     3,
}

// credProtect is the extension credProtect (§12.1 of CTAP): whether the key
// shows the credential to users that it has not verified. Its output is in the
// authenticator data alone. A page that names no policy gets the key's own, as
// with most browsers.
var credProtect = clientExtension[*creation]{
	check: func(_ context.Context, op *creation) error {
		policy := op.opts.Extensions.CredentialProtectionPolicy
		level, known := protectionPolicies[policy]
		switch {
		case policy != "" && !known:
			return fail(TypeError, "credentialProtectionPolicy %q is none", policy)
		case level > 1 && op.opts.Extensions.EnforceCredentialProtectionPolicy && !op.extends("credProtect"):
			return fail(NotAllowedError, "the key cannot protect credentials")
		}
		return nil
	},
	ask: func(_ context.Context, op *creation) error {
		level := protectionPolicies[op.opts.Extensions.CredentialProtectionPolicy]
		if level == 0 || !op.extends("credProtect") {
			return nil
		}
		return op.extend("credProtect", level)
	},
}
