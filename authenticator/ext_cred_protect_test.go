package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func protect(level any) inputs { return inputs{"credProtect": level} }

func TestCredProtect(t *testing.T) {
	tests := []struct {
		name       string
		in         inputs
		want       any // output
		level      uint64
		listed     error // of a silent assertion that names the credential
		discovered error // and of one that does not
	}{
		{"rows 249, 252: no level", inputs{}, nil, 1, nil, nil},
		{"rows 244, 249: level 1", protect(1), 1, 1, nil, nil},
		{"rows 245, 246, 249: level 2", protect(2), 2, 2, nil, ctap.StatusNoCredentials},
		{"rows 247, 248, 249: level 3", protect(3), 3, 3, ctap.StatusNoCredentials, ctap.StatusNoCredentials},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
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

// An excludeList must not tell who is unverified that a credential exists.
func TestCredProtectInExcludeList(t *testing.T) {
	setUp := func(t *testing.T) (key, func(*ctap.MakeCredentialRequest)) {
		k := newExtKey(t, DefaultProfile, nil)
		hidden := k.create(protect(3).creation("ada"))
		return k, func(r *ctap.MakeCredentialRequest) { r.ExcludeList = assertionBy(hidden.id).AllowList }
	}
	t.Run("row 250: not verified", func(t *testing.T) {
		k, exclude := setUp(t)
		k.create(creation("bob", exclude))
		newVerifiedHost(k, 1) // gives the key a PIN
		k.create(creation("eve", exclude))
	})
	t.Run("row 251: verified", func(t *testing.T) {
		k, exclude := setUp(t)
		r := creation("eve", exclude)
		newVerifiedHost(k, 1).verifyMaker(r)
		k.refused(r, ctap.StatusCredentialExcluded)
	})
}

// U2F verifies nobody, so it does not see a credential of level 3.
func TestCredProtectHidesFromU2F(t *testing.T) {
	for _, tt := range []struct {
		name  string
		level int
		want  ctap.SW
	}{
		{"level 2: there, and not touched", 2, ctap.SWConditionsNotSatisfied},
		{"row 65: level 3", 3, ctap.SWWrongData},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newExtKey(t, DefaultProfile, nil)
			m := k.create(protect(tt.level).creation("ada"))
			_, err := k.apdu(authenticate(ctap.U2FCheckOnly, m.id))
			wantStatus(t, "check-only", err, tt.want)
		})
	}
}
