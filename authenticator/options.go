package authenticator

import (
	"github.com/softkey-project/softkey/ctap"
)

// What a key may do changes with its PIN, its enrolled fingerprints and its
// configuration. These are the questions that commands ask about it.

// pinSet tells whether there is a PIN.
func (a *Authenticator) pinSet() bool {
	return a.profile.has(ctap.OptionClientPIN) && len(a.policy.PINHash) > 0
}

// pinUsable tells whether a PIN, once set, allows makeCredential and
// getAssertion.
func (a *Authenticator) pinUsable() bool {
	return a.profile.has(ctap.OptionClientPIN) && !a.profile.Options[ctap.OptionNoMcGaPermissionsWithClientPIN]
}

// builtInUV tells whether the key can verify its user by itself, now or once
// that is set up.
func (a *Authenticator) builtInUV() bool { return a.profile.has(ctap.OptionUV) }

// uvConfigured tells whether the key can verify its user by itself now.
func (a *Authenticator) uvConfigured() bool {
	return a.builtInUV() && (!a.hasBioEnrollment() || len(a.templates) > 0)
}

func (a *Authenticator) hasBioEnrollment() bool {
	return a.profile.has(ctap.OptionBioEnroll) || a.profile.has(ctap.OptionUserVerificationMgmtPreview)
}

// protected tells whether the key is "protected by some form of user
// verification" (§6.1.2).
func (a *Authenticator) protected() bool { return a.pinSet() || a.uvConfigured() }

// alwaysUv tells whether every operation of a site needs user verification
// (§7.2).
func (a *Authenticator) alwaysUv() bool {
	return a.profile.has(ctap.OptionAlwaysUv) && a.profile.Options[ctap.OptionAlwaysUv] != a.policy.ToggledAlwaysUv
}

// makeCredUvNotRqd tells whether non-discoverable credentials are made without
// user verification although the key is protected.
func (a *Authenticator) makeCredUvNotRqd() bool {
	return a.profile.Options[ctap.OptionMakeCredUvNotRqd] && !a.alwaysUv()
}

// u2fEnabled tells whether CTAP1 is answered. It cannot carry user
// verification, so alwaysUv switches it off (§7.2.4).
func (a *Authenticator) u2fEnabled() bool { return a.profile.U2F() && !a.alwaysUv() }

// enterpriseAttestation tells whether it is enabled (§7.1).
func (a *Authenticator) enterpriseAttestation() bool {
	return a.profile.has(ctap.OptionEP) && (a.profile.Options[ctap.OptionEP] || a.policy.EnterpriseAttestation)
}

// minPINLength returns the minimum in force, in code points.
func (a *Authenticator) minPINLength() uint64 {
	return max(a.profile.MinPINLength, a.policy.MinPINLength)
}

// longTouchForReset tells whether a reset needs a long touch.
func (a *Authenticator) longTouchForReset() bool {
	p := a.profile.LongTouchForReset
	return p != nil && (*p || a.policy.LongTouchForReset)
}

// pinComplexity tells whether the PIN complexity policy is enforced.
func (a *Authenticator) pinComplexity() bool {
	p := a.profile.PINComplexityPolicy
	return p != nil && (*p || a.policy.PINComplexity)
}

// missingUV is the refusal of an operation that lacks user verification: the
// platform can get a token with the PIN, or nothing helps.
func (a *Authenticator) missingUV() ctap.Status {
	if a.pinUsable() {
		return ctap.StatusPUATRequired
	}
	return ctap.StatusOperationDenied
}
