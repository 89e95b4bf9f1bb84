package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// Authenticators that share a model are as those that have the profile.
func TestModel(t *testing.T) {
	profile, _ := ProfileByName(DefaultProfile)
	model, err := NewModel(profile, false)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		k := newKey(t, Approve{}, func(c *Config) { c.Profile, c.Model = Profile{}, model })
		m := k.create(creation("ada", nil))
		k.get(assertionBy(m.id), m)
	}
}

func TestModelLacksWhatItNeeds(t *testing.T) {
	profile, _ := ProfileByName("platform")
	if _, err := NewModel(Profile{}, false); err == nil {
		t.Error("NewModel = nil for an empty profile")
	}
	model, err := NewModel(profile, true)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Model: model, Store: keystore.NewMemory(), Attester: always(newAttester(t, profile.AAGUID))}
	if _, err := New(cfg); err == nil {
		t.Error("New = nil for a model with built-in user verification and no Verification")
	}
}
