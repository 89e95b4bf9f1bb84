package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// Every algorithm's answers fit CTAPHID, with a certificate and without.
func TestAnswersFit(t *testing.T) {
	for _, self := range []bool{false, true} {
		k := newKey(t, Approve{}, func(c *Config) {
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

// A key that was made when there was more room cannot be listed, and the host
// hears why.
func TestListedKeyDoesNotFit(t *testing.T) {
	p := newKey(t, Approve{}, func(c *Config) { c.Profile, _ = ProfileByName("full-policy") }).speaking(2)
	mldsa := func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.MLDSA87) }
	p.create(creation("ada", also(discoverable, mldsa)))
	p.mustSetPIN(testPIN)
	list := func() (int, error) {
		resp, err := p.manage(p.tokenBy(testPIN, cm, ""), ctap.EnumerateCredentialsBegin, rpIDHashParams(testRPID))
		return len(ctap.MustMarshal(resp)), err
	}
	size, err := list()
	wantStatus(t, "room for everything", err, nil)
	p.profile.MaxMsgSize = uint64(size) + 1 // and the status byte
	_, err = list()
	wantStatus(t, "just enough room", err, nil)
	p.profile.MaxMsgSize--
	_, err = list()
	wantStatus(t, "a byte less", err, ctap.StatusLimitExceeded)
}

// An answer that would not fit is refused before anything is signed for it.
func TestAnswersThatDoNotFit(t *testing.T) {
	k := newKey(t, Approve{}, func(c *Config) {
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
