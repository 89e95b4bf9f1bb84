package authenticator

import (
	"strings"
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

// A registration whose answer does not fit leaves nothing behind, in whatever
// format it is attested: the account keeps the credential that it has.
func TestRegistrationThatDoesNotFit(t *testing.T) {
	for _, format := range []string{packed, fidoU2F, "tpm", "android-key", "apple"} {
		t.Run(format, func(t *testing.T) {
			k := newKey(t, Approve{}, func(c *Config) { c.Profile.AttestationFormats = []string{format} })
			m := k.create(creation("ada", discoverable))
			const shorter = 8 // bytes: more than by which signatures in DER differ
			k.profile.MaxMsgSize = uint64(len(ctap.MustMarshal(m.response))) - shorter
			err := k.command(ctap.CommandMakeCredential, creation("ada", discoverable), nil)
			wantStatus(t, "makeCredential", err, ctap.StatusLimitExceeded)
			k.profile.MaxMsgSize = hidCeiling
			k.get(assertionBy(m.id), m)
		})
	}
}

// Nor is a large blob written by an assertion that does not fit.
func TestLargeBlobThatIsNotWritten(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", func(c *Config) { c.Profile.Algorithms = []cose.ID{cose.MLDSA87} })
	m := k.create(support("required").creation("ada", also(discoverable, func(r *ctap.MakeCredentialRequest) {
		r.PubKeyCredParams[0].Algorithm = int64(cose.MLDSA87)
	})))
	k.profile.MaxMsgSize = 3000
	err := k.command(ctap.CommandGetAssertion, writeBlob([]byte("blob"), 4).assertion(m.id), nil)
	wantStatus(t, "getAssertion", err, ctap.StatusLimitExceeded)
	k.profile.MaxMsgSize = hidCeiling
	resp, data := k.get(readBlob().assertion(m.id), m)
	wantUnsigned(t, resp.UnsignedExtensionOutputs, data, nil)
}

// After an assertion that does not fit there is no next one.
func TestNoNextAfterOneThatDoesNotFit(t *testing.T) {
	k := newKey(t, Approve{}, nil)
	eddsa := func(r *ctap.MakeCredentialRequest) { r.PubKeyCredParams[0].Algorithm = int64(cose.EdDSA) }
	longest := strings.Repeat("a", 63) // bytes of a userHandle, but one
	k.create(creation(longest+"1", also(discoverable, eddsa)))
	last := k.create(creation(longest+"2", also(discoverable, eddsa)))
	resp, _ := k.get(assertionBy(), last)
	k.profile.MaxMsgSize = uint64(len(ctap.MustMarshal(resp))) // and no room for the status
	wantStatus(t, "getAssertion", k.command(ctap.CommandGetAssertion, assertionBy(), nil), ctap.StatusLimitExceeded)
	k.profile.MaxMsgSize = hidCeiling
	wantStatus(t, "getNextAssertion", k.command(ctap.CommandGetNextAssertion, nil, nil), ctap.StatusNotAllowed)
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
