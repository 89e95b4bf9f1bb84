package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func TestThirdPartyPayment(t *testing.T) {
	k := newExtKey(t, DefaultProfile, nil)
	asked := inputs{"thirdPartyPayment": true}
	for _, tt := range []struct {
		name string
		in   inputs
		rk   func(*ctap.MakeCredentialRequest)
		want bool
	}{
		{"row 282: discoverable", asked, discoverable, true},
		{"row 283: not discoverable", asked, nil, true},
		{"row 284: made without", inputs{}, discoverable, false},
		{"row 284: made without, not discoverable", inputs{}, nil, false},
		{"made with false", inputs{"thirdPartyPayment": false}, discoverable, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := k.in(t)
			m := k.create(tt.in.creation("ada", tt.rk))
			wantOutput(t, m.data, "", nil)
			_, data := k.get(asked.assertion(m.id), m)
			wantOutput(t, data, "thirdPartyPayment", tt.want)
			_, data = k.get(inputs{"thirdPartyPayment": false}.assertion(m.id), m)
			wantOutput(t, data, "", nil)
		})
	}
}

func TestThirdPartyPaymentIsManaged(t *testing.T) {
	for _, want := range []bool{true, false} {
		k := newExtKey(t, DefaultProfile, nil)
		k.create(inputs{"thirdPartyPayment": want}.creation("ada", discoverable))
		if got := newVerifiedHost(k, 2).managed().ThirdPartyPayment; got == nil || *got != want {
			t.Errorf("thirdPartyPayment %v in credential management, want %v", got, want)
		}
	}
}
