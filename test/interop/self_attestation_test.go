package interop

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/device"
)

// selfAttested is a key whose credentials vouch for themselves.
func selfAttested(cfg *device.Config) {
	cfg.Profile, _ = authenticator.ProfileByName("platform")
	cfg.Profile.AttestationType = authenticator.AttestationSelf
}

// Self attestation is verified with the credential's own key, and metadata say that
// the model has no other.
func TestSelfAttestation(t *testing.T) {
	m := newModel(t, selfAttested)
	credential := newSite(t, strict(t, m.exported())).enrol(t, m, "ada").credentials[0]
	if got := credential.AttestationType; got != "basic_surrogate" {
		t.Errorf("got attestation type %s, want basic_surrogate", got)
	}
	certified := m.described()
	other := newModel(t).described()
	certified.Roots, certified.Leaf = other.Roots, other.Leaf
	_, err := newSite(t, strict(t, newService(t).publish(t, certified))).register(t, m, &account{id: []byte("bob")})
	checkJudgement(t, err, "basic_surrogate")
}

// otherClientData returns a response with client data that nobody signed, and that
// say the same.
func otherClientData(t *testing.T, response []byte) []byte {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal(response, &r); err != nil {
		t.Fatal(err)
	}
	inner := r["response"].(map[string]any)
	clientData, err := base64.RawURLEncoding.DecodeString(inner["clientDataJSON"].(string))
	if err != nil {
		t.Fatal(err)
	}
	inner["clientDataJSON"] = base64.RawURLEncoding.EncodeToString(append(clientData, ' '))
	changed, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// What the credential's key did not sign is refused.
func TestForgedSelfAttestation(t *testing.T) {
	m := newModel(t, selfAttested)
	s := newSite(t, nil)
	a := &account{id: []byte("ada")}
	creation, session, err := s.BeginRegistration(a)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.finishRegistration(a, session, otherClientData(t, m.Create(creation)))
	checkJudgement(t, err, "signature")
}
