package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Every algorithm's answers fit CTAPHID, with a certificate and without.
func TestAnswersFit(t *testing.T) {
	for _, self := range []bool{false, true} {
		k := newKey(t, PresenceFunc(Approve), func(c *Config) {
			c.Profile, _ = ProfileByName("full-policy")
			if self {
				c.Attester = nil
				c.Profile.Versions = without(c.Profile.Versions, ctap.VersionU2FV2)
			}
		})
		for _, id := range k.profile.Algorithms {
			m := k.create(creation("ada", func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(id) }))
			k.get(assertionBy(m.id), m)
		}
	}
}

// An answer that would not fit is refused before anything is signed for it.
func TestAnswersThatDoNotFit(t *testing.T) {
	k := newKey(t, PresenceFunc(Approve), func(c *Config) {
		c.Profile, _ = ProfileByName("full-policy")
		c.Profile.MaxMsgSize = 3000
	})
	mldsa := func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.MLDSA87) }
	err := k.command(ctap.CommandMakeCredential, creation("ada", mldsa), nil)
	wantStatus(t, "makeCredential", err, ctap.StatusLimitExceeded)

	k.profile.MaxMsgSize = hidCeiling
	m := k.create(creation("ada", mldsa))
	before := k.counter.Last()
	k.profile.MaxMsgSize = 3000
	err = k.command(ctap.CommandGetAssertion, assertionBy(m.id), nil)
	wantStatus(t, "getAssertion", err, ctap.StatusLimitExceeded)
	if got := k.counter.Last(); got != before {
		t.Errorf("counter went from %d to %d for nothing", before, got)
	}
}
