package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

func TestUVM(t *testing.T) {
	asked := inputs{"uvm": true}
	method := func(m int) any { return [][]int{{m, 1, 1}} }
	check := func(t *testing.T, k key, r *ctap.GetAssertionRequest, by made, want int) {
		t.Helper()
		_, data := k.get(r, by)
		wantOutput(t, data, "uvm", method(want))
	}
	t.Run("row 285: PIN", func(t *testing.T) {
		k := newExtKey(t, "full-policy", nil)
		m := k.create(asked.creation("ada"))
		wantOutput(t, m.data, "uvm", method(presenceInternal))
		check(t, k, asked.assertion(m.id), m, presenceInternal)
		check(t, k, silent(asked.assertion(m.id)), m, noVerification)
		_, data := k.get(inputs{"uvm": false}.assertion(m.id), m)
		wantOutput(t, data, "", nil)
		h := newVerifiedHost(k, 2)
		check(t, k, h.verifyUser(asked.assertion(m.id)), m, passcodeExternal)
		r := asked.creation("eve")
		h.verifyMaker(r)
		wantOutput(t, k.create(r).data, "uvm", method(passcodeExternal))
	})
	t.Run("row 285: fingerprint", func(t *testing.T) {
		k := newExtKey(t, "platform", func(c *Config) {
			c.Profile.Extensions = append(c.Profile.Extensions, "uvm")
			c.Verification = VerificationFunc(recognise)
		})
		r := asked.creation("ada", func(r *ctap.MakeCredentialRequest) { r.Options = &ctap.Options{UV: yes()} })
		m := k.create(r)
		wantOutput(t, m.data, "uvm", method(fingerprintInternal))
		check(t, k, withOptions(asked.assertion(m.id), &ctap.Options{UV: yes()}), m, fingerprintInternal)
		token := k.speaking(2).tokenBy("", ga, testRPID)
		check(t, k, assertedBy(token, asked.assertion(m.id)), m, fingerprintInternal)

		if err := k.SetPIN(testPIN); err != nil { // which changes nothing for a finger's token
			t.Fatal(err)
		}
		for pin, want := range map[string]int{"": fingerprintInternal, testPIN: passcodeExternal} {
			token := k.speaking(2).tokenBy(pin, ga, testRPID)
			check(t, k, assertedBy(token, asked.assertion(m.id)), m, want)
		}
	})
}
