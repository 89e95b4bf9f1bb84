package main

import (
	"os"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// documentedProfiles are the examples of docs/profiles.md.
func documentedProfiles(t *testing.T) (profiles []authenticator.Profile) {
	t.Helper()
	page, err := os.ReadFile("../../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rest := range strings.Split(string(page), "```json\n")[1:] {
		example, _, _ := strings.Cut(rest, "```")
		p, err := parseProfile([]byte(example))
		if err != nil {
			t.Fatalf("%s: %v", example, err)
		}
		profiles = append(profiles, p)
	}
	return profiles
}

// The examples of docs/profiles.md are profiles, and say what the page says.
func TestDocumentedProfiles(t *testing.T) {
	examples := documentedProfiles(t)
	if len(examples) != 2 {
		t.Fatalf("got %d examples, want 2", len(examples))
	}
	if self := examples[1]; self.Name != "selfish" || self.AttestationType != authenticator.AttestationSelf || self.U2F() {
		t.Errorf("got %+v, want self attestation", self)
	}
	p := examples[0]
	_, readOnly := p.Options[ctap.OptionPerCredMgmtRO]
	if p.Name != "acme" || p.DiscoverableCredentials != 25 || !p.Options[ctap.OptionAlwaysUv] || !p.Options[ctap.OptionCredMgmt] || readOnly {
		t.Errorf("got %+v, want what the page says", p)
	}
}

// Flags make a profile another, and leave the named ones as they are.
func TestChangedProfiles(t *testing.T) {
	for _, p := range authenticator.Profiles() {
		if !p.CTAP2() {
			continue
		}
		for name, changed := range map[string]authenticator.Profile{
			"--verification":                 withVerification(p),
			"--no-client-pin":                withoutClientPIN(p, false),
			"--no-client-pin --verification": withoutClientPIN(withVerification(p), true),
		} {
			if err := changed.Validate(); err != nil {
				t.Errorf("%s with %s: %v", p.Name, name, err)
			}
			if _, has := changed.Options[ctap.OptionUV]; has != strings.HasSuffix(name, "--verification") {
				t.Errorf("%s with %s: got option uv %v", p.Name, name, has)
			}
		}
		if again, _ := authenticator.ProfileByName(p.Name); len(again.Options) != len(p.Options) {
			t.Errorf("%s is changed itself: got %v, want %v", p.Name, p.Options, again.Options)
		}
	}
}
