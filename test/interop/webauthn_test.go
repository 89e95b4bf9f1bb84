package interop

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/test/softkeytest"
)

func algorithm(id webauthncose.COSEAlgorithmIdentifier) webauthn.RegistrationOption {
	return webauthn.WithCredentialParameters([]protocol.CredentialParameter{{Type: protocol.PublicKeyCredentialType, Algorithm: id}})
}

func conveyance(p protocol.ConveyancePreference) webauthn.RegistrationOption {
	return webauthn.WithConveyancePreference(p)
}

func residentKey(r protocol.ResidentKeyRequirement) webauthn.RegistrationOption {
	return webauthn.WithResidentKeyRequirement(r)
}

// ceremonies are registrations and what a site must see of them.
var ceremonies = []struct {
	name      string
	profile   string
	u2f       bool // the key is asked in U2F
	options   []webauthn.RegistrationOption
	format    string
	algorithm webauthncose.COSEAlgorithmIdentifier
}{
	{"packed", authenticator.DefaultProfile, false, nil, "packed", webauthncose.AlgES256},
	{"packed of CTAP 2.0", "fido2.0", false, nil, "packed", webauthncose.AlgES256},
	{"packed EdDSA", authenticator.DefaultProfile, false, []webauthn.RegistrationOption{algorithm(webauthncose.AlgEdDSA)}, "packed", webauthncose.AlgEdDSA},
	{"discoverable", authenticator.DefaultProfile, false, []webauthn.RegistrationOption{residentKey(protocol.ResidentKeyRequirementRequired)}, "packed", webauthncose.AlgES256},
	{"none", authenticator.DefaultProfile, false, []webauthn.RegistrationOption{conveyance(protocol.PreferNoAttestation)}, "none", webauthncose.AlgES256},
	{"key of U2F alone", "u2f", false, []webauthn.RegistrationOption{residentKey(protocol.ResidentKeyRequirementDiscouraged)}, "fido-u2f", webauthncose.AlgES256},
	{"key asked in U2F", authenticator.DefaultProfile, true, []webauthn.RegistrationOption{residentKey(protocol.ResidentKeyRequirementDiscouraged)}, "fido-u2f", webauthncose.AlgES256},
}

// A site accepts what a key answers, in process and through the program.
func TestCeremonies(t *testing.T) {
	for _, tt := range ceremonies {
		t.Run("softkeytest/"+tt.name, func(t *testing.T) {
			key := softkeytest.NewWith(t, softkeytest.Config{Profile: tt.profile, U2F: tt.u2f})
			testCeremonies(t, key, tt.options, tt.format, tt.algorithm)
		})
		if tt.u2f {
			continue // the program asks a key in what it speaks
		}
		t.Run("softkey webauthn/"+tt.name, func(t *testing.T) {
			testCeremonies(t, newCommand(t, tt.profile), tt.options, tt.format, tt.algorithm)
		})
	}
}

func testCeremonies(t *testing.T, p page, options []webauthn.RegistrationOption, format string, alg webauthncose.COSEAlgorithmIdentifier) {
	t.Helper()
	s := newSite(t, nil)
	a := s.enrol(t, p, "ada", options...)
	credential := a.credentials[0]
	if got := credential.AttestationFormat; got != format {
		t.Errorf("got attestation format %s, want %s", got, format)
	}
	if got := webauthncose.COSEAlgorithmIdentifier(credential.Attestation.PublicKeyAlgorithm); got != alg {
		t.Errorf("got algorithm %v, want %v", got, alg)
	}
	if got := credential.Transport; len(got) != 1 || got[0] != protocol.USB {
		t.Errorf("got transports %v, want usb", got)
	}
	for want := uint32(1); want <= 3; want++ {
		credential := s.signIn(t, p, a)
		if got := credential.Authenticator.SignCount; got != want || credential.Authenticator.CloneWarning {
			t.Errorf("got counter %d, clone warning %v; want %d, false", got, credential.Authenticator.CloneWarning, want)
		}
		a.credentials[0] = *credential
	}
}

// A user signs in who did not say who they are.
func TestDiscoverable(t *testing.T) {
	pages := map[string]page{"softkeytest": softkeytest.New(t), "softkey webauthn": newCommand(t, authenticator.DefaultProfile)}
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			for _, id := range []string{"ada", "grace"} {
				want := s.enrol(t, p, id, residentKey(protocol.ResidentKeyRequirementRequired))
				if got := s.signInUnnamed(t, p); got != want {
					t.Errorf("got %s, want %s", got.id, want.id)
				}
			}
			s.enrol(t, p, "not discoverable", residentKey(protocol.ResidentKeyRequirementDiscouraged))
			if got := s.signInUnnamed(t, p); string(got.id) != "grace" {
				t.Errorf("got %s, want grace", got.id)
			}
		})
	}
}

// altered returns a response in which the last bit of a member is another.
func altered(t *testing.T, response []byte, member string) []byte {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal(response, &whole); err != nil {
		t.Fatal(err)
	}
	inner := whole["response"].(map[string]any)
	b, err := base64.RawURLEncoding.DecodeString(inner[member].(string))
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	inner[member] = base64.RawURLEncoding.EncodeToString(b)
	out, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(_ *testing.T, response []byte) []byte { return response }

func alter(member string) func(*testing.T, []byte) []byte {
	return func(t *testing.T, response []byte) []byte { return altered(t, response, member) }
}

// What a site must refuse, it refuses: the checks above can fail.
func TestRefusedRegistrations(t *testing.T) {
	tests := []struct {
		name   string
		origin string
		change func(*testing.T, []byte) []byte
		stale  bool // the response to another challenge
		wrong  string
	}{
		{"wrong origin", "https://evil.example.com", same, false, "Error validating origin"},
		{"wrong challenge", "", same, true, "Error validating challenge"},
		{"client data", "", func(_ *testing.T, r []byte) []byte {
			return bytes.ReplaceAll(r, []byte("eyJ0eXBl"), []byte("eyJ0eXBm"))
		}, false, "Error validating ceremony type"},
		{"attestation", "", alter("attestationObject"), false, "Signature validation error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, s, a := softkeytest.NewWith(t, softkeytest.Config{Origin: tt.origin}), newSite(t, nil), &account{id: []byte("ada")}
			creation, session, err := s.BeginRegistration(a)
			if err != nil {
				t.Fatal(err)
			}
			if tt.stale {
				if creation, _, err = s.BeginRegistration(a); err != nil {
					t.Fatal(err)
				}
			}
			_, err = s.finishRegistration(a, session, tt.change(t, key.Create(creation)))
			checkJudgement(t, err, tt.wrong)
		})
	}
}

func TestRefusedSignIns(t *testing.T) {
	tests := []struct {
		name   string
		change func(*testing.T, []byte) []byte
		stale  bool
		wrong  string
	}{
		{"wrong challenge", same, true, "Error validating challenge"},
		{"signature", alter("signature"), false, "Error validating the assertion signature"},
		{"authenticator data", alter("authenticatorData"), false, "Error validating the assertion signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, s := softkeytest.New(t), newSite(t, nil)
			a := s.enrol(t, key, "ada")
			assertion, session, err := s.BeginLogin(a)
			if err != nil {
				t.Fatal(err)
			}
			if tt.stale {
				if assertion, _, err = s.BeginLogin(a); err != nil {
					t.Fatal(err)
				}
			}
			_, err = s.finishLogin(a, session, tt.change(t, key.Get(assertion)))
			checkJudgement(t, err, tt.wrong)
		})
	}
}

// A credential that the site knows is not made again.
func TestExcluded(t *testing.T) {
	key, s := softkeytest.New(t), newSite(t, nil)
	a := s.enrol(t, key, "ada")
	creation, _, err := s.BeginRegistration(a, webauthn.WithExclusions(webauthn.Credentials(a.credentials).CredentialDescriptors()))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := key.TryCreate(creation); err == nil {
		t.Errorf("got %s, want an error", response)
	}
}
