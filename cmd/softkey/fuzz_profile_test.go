package main

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/device"
)

// withLine is how errors about a profile file begin: with a line, or where they
// are about the whole, with a space.
var withLine = regexp.MustCompile(`^(\d+: | )`)

// FuzzProfile states that a profile file is either refused, with the line, or is
// a profile of which a key can be made that says what it is.
func FuzzProfile(f *testing.F) {
	for _, p := range authenticator.Profiles() {
		text, err := json.Marshal(newProfileFile(p))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add([]byte(`{"base": "` + p.Name + `", "name": "mine"}`))
	}
	f.Add([]byte(`{"name": "mine", "options": {"alwaysUv": true, "ep": null}, "algorithms": [-7, -8], "commands": ["authenticatorGetInfo"]}`))
	f.Add([]byte("{\n\"maxMsgSize\": 1e9,\n\"maxMsgSize\": 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseProfile(data)
		if err != nil {
			if !withLine.MatchString(err.Error()) {
				t.Errorf("got %q, want an error with a line", err)
			}
			return
		}
		if !p.CTAP2() {
			return
		}
		d, err := device.New(device.Config{Profile: p})
		if err != nil {
			t.Fatalf("no key can be made of what was taken: %v", err)
		}
		defer d.Close()
		answer := d.Handler().Handle(t.Context(), &ctap.Request{
			Protocol: ctap.CTAP2, Data: []byte{byte(ctap.CommandGetInfo)}, Notify: func(ctap.KeepaliveStatus) {},
		})
		if answer[0] != byte(ctap.StatusOK) || ctap.CheckCanonical(answer[1:]) != nil {
			t.Errorf("getInfo: got %x", answer)
		}
	})
}
