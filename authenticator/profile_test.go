package authenticator

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// The names are in servers' metadata: they never change.
func TestProfileAAGUIDs(t *testing.T) {
	for name, want := range map[string]string{
		"fido2.0":    "7357ef0d-5806-5ebc-a51f-4119e7d97116",
		"fido2.1":    "f55d7e9e-1791-5bc4-b1bb-0b0cfe3bd03a",
		"fido2.3":    "ee7512f6-40f9-5a33-bba6-3067c2c954f9",
		"platform":   "d424db4a-5a19-5840-a3b8-6311cd4379f5",
		"enterprise": "c59f34bf-d3bd-55db-ab4a-c4164aa3dc03",
	} {
		if got := ProfileAAGUID(name, false).String(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if ProfileAAGUID(name, true) == ProfileAAGUID(name, false) {
			t.Errorf("%s: the same AAGUID with a seed", name)
		}
	}
}

func TestNamedProfilesAreValid(t *testing.T) {
	for _, p := range Profiles() {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		var again Profile
		b, err := json.Marshal(p)
		if err == nil {
			err = json.Unmarshal(b, &again)
		}
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%s: through JSON %+v, %v; want %+v", p.Name, again, err, p)
		}
	}
	if _, ok := ProfileByName("fido9"); ok {
		t.Error("there is a profile fido9")
	}
}

func TestProfileValidation(t *testing.T) {
	tests := []struct {
		field  string
		change func(*Profile)
	}{
		{"versions", func(p *Profile) { p.Versions = nil }},
		{"versions", func(p *Profile) { p.Versions = []string{"FIDO_2_2"} }},
		{"algorithms", func(p *Profile) { p.Algorithms = nil }},
		{"algorithms", func(p *Profile) { p.Algorithms = append(p.Algorithms, -1) }},
		{"maxMsgSize", func(p *Profile) { p.MaxMsgSize = 1023 }},
		{"maxMsgSize", func(p *Profile) { p.MaxMsgSize = 7610 }},
		{"signatures", func(p *Profile) { p.Signatures = "" }},
		{"attestationFormats", func(p *Profile) { p.AttestationFormats = []string{"android-safetynet"} }},
		{"commands", func(p *Profile) { p.Commands = []ctap.Command{0x66} }},
	}
	for _, tt := range tests {
		p, _ := ProfileByName(DefaultProfile)
		tt.change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), tt.field) {
			t.Errorf("got %v, want an error about %s", err, tt.field)
		}
	}
}

func TestAAGUIDText(t *testing.T) {
	for _, bad := range []string{"", "7357ef0d58065ebca51f4119e7d97116", "zz57ef0d-5806-5ebc-a51f-4119e7d97116", "7357ef0d-5806-5ebc-a51f-4119e7d9711"} {
		var g AAGUID
		if err := g.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for %v", bad, g)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	p, _ := ProfileByName("u2f")
	if _, err := New(Config{Profile: p}); err == nil {
		t.Error("U2F without an Attester: got no error")
	}
	if _, err := New(Config{}); err == nil {
		t.Error("no profile: got no error")
	}
}
