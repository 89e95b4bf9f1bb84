package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// Checklist rows 278 to 281.
func TestPINPolicyForListedSites(t *testing.T) {
	k := newExtKey(t, "full-policy", nil)
	list := func(minimum uint64, complexity bool, rpIDs ...string) {
		err := k.changePolicy(func(p *keystore.Policy) error {
			p.MinPINLength, p.PINComplexity, p.MinPINLengthRPIDs = minimum, complexity, rpIDs
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	length, complexity := inputs{"minPinLength": true}, inputs{"pinComplexityPolicy": true}
	check := func(in inputs, name string, want any) {
		t.Helper()
		wantOutput(t, k.create(in.creation("ada")).data, name, want)
		wantOutput(t, k.create(in.creation("ada", discoverable)).data, name, want)
	}
	check(length, "", nil)
	list(6, false, "example.org", testRPID)
	check(length, "minPinLength", 6)
	check(complexity, "pinComplexityPolicy", false)
	check(inputs{"minPinLength": false, "pinComplexityPolicy": false}, "", nil)
	list(7, true, testRPID)
	check(length, "minPinLength", k.info().MinPINLength)
	check(complexity, "pinComplexityPolicy", k.info().PINComplexityPolicy)
	list(7, true, "example.org", "www."+testRPID, "EXAMPLE.COM")
	check(inputs{"minPinLength": true, "pinComplexityPolicy": true}, "", nil)
}
