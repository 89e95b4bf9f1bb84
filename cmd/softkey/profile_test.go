package main

import (
	"os"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/ctap"
)

// The example of docs/profiles.md is a profile, and says what the page says.
func TestDocumentedProfile(t *testing.T) {
	page, err := os.ReadFile("../../docs/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, found := strings.Cut(example, "```")
	if !found {
		t.Fatal("docs/profiles.md has no example")
	}
	p, err := parseProfile([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
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
