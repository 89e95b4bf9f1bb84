package authenticator

import (
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func protect(level any) inputs { return inputs{"credProtect": level} }

// Checklist rows 244 to 249 and 252.
func TestCredProtect(t *testing.T) {
	tests := []struct {
		in         inputs
		want       any // output
		level      uint64
		listed     error // of a silent assertion that names the credential
		discovered error // and of one that does not
	}{
		{inputs{}, nil, 1, nil, nil},
		{protect(1), 1, 1, nil, nil},
		{protect(2), 2, 2, nil, ctap.StatusNoCredentials},
		{protect(3), 3, 3, ctap.StatusNoCredentials, ctap.StatusNoCredentials},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.in), func(t *testing.T) {
			k := newExtKey(t, DefaultProfile, nil)
			m, loose := k.create(tt.in.creation("ada", discoverable)), k.create(tt.in.creation("bob"))
			wantOutput(t, m.data, "credProtect", tt.want)
			wantOutput(t, loose.data, "credProtect", tt.want)
			k.assertionRefused(silent(assertionBy(m.id)), tt.listed)
			k.assertionRefused(silent(assertionBy(loose.id)), tt.listed)
			k.assertionRefused(silent(assertionBy()), tt.discovered)
			h := newVerifiedHost(k, 2)
			if got := h.managed().CredProtect; got != tt.level {
				t.Errorf("credProtect %d in credential management, want %d", got, tt.level)
			}
			for _, r := range []*ctap.GetAssertionRequest{assertionBy(), assertionBy(m.id)} {
				_, data := k.get(h.verifyUser(r), m)
				wantOutput(t, data, "", nil)
			}
		})
	}
}

func TestCredProtectInput(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	for _, level := range []uint64{0, 4, 5, 259, 1 << 63} {
		k.refused(protect(level).creation("ada", discoverable), ctap.StatusInvalidParameter)
	}
}

// Checklist rows 250 and 251: an excludeList must not tell who is unverified
// that a credential exists.
func TestCredProtectInExcludeList(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	hidden := k.create(protect(3).creation("ada"))
	exclude := func(r *ctap.MakeCredentialRequest) { r.ExcludeList = assertionBy(hidden.id).AllowList }
	k.create(creation("bob", exclude))
	h := newVerifiedHost(k, 1)
	k.create(creation("eve", exclude))
	r := creation("eve", exclude)
	h.verifyMaker(r)
	k.refused(r, ctap.StatusCredentialExcluded)
}

// U2F verifies nobody, so it does not see a credential of level 3.
func TestCredProtectHidesFromU2F(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	for level, want := range map[int]ctap.SW{
		2: ctap.SWConditionsNotSatisfied, // there, and not touched
		3: ctap.SWWrongData,
	} {
		m := k.create(protect(level).creation("ada"))
		_, err := k.apdu(authenticate(ctap.U2FCheckOnly, m.id))
		wantStatus(t, fmt.Sprintf("check of level %d", level), err, want)
	}
}
