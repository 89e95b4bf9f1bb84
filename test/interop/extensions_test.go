package interop

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/softkey-project/softkey/device"
)

// extension is a line of testdata/extensions.json: what a site asks for, and
// which outputs the authenticator data have then.
type extension struct {
	Name    string
	Create  protocol.AuthenticationExtensions
	Created []string
	Get     protocol.AuthenticationExtensions
	Got     []string
}

func readExtensions(t *testing.T) (extensions []extension) {
	t.Helper()
	table, err := os.ReadFile(filepath.Join("testdata", "extensions.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(table, &extensions); err != nil {
		t.Fatal(err)
	}
	return extensions
}

// outputs returns the names of the extensions in authenticator data, sorted.
func outputs(t *testing.T, data protocol.AuthenticatorData) []string {
	t.Helper()
	var members map[string]any
	if data.Flags.HasExtensions() {
		if err := webauthncbor.Unmarshal(data.ExtData, &members); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Sorted(maps.Keys(members))
}

// registerWith registers a credential of an account with extensions, whose
// outputs it returns.
func (s *site) registerWith(t *testing.T, p page, a *account, inputs protocol.AuthenticationExtensions) []string {
	t.Helper()
	verified := protocol.AuthenticatorSelection{
		ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
	}
	creation, session, err := s.BeginRegistration(a,
		webauthn.WithAuthenticatorSelection(verified), webauthn.WithExtensions(webauthn.WithExtensionInputs(inputs)))
	if err != nil {
		t.Fatal(err)
	}
	made, err := protocol.ParseCredentialCreationResponseBytes(p.Create(creation))
	if err != nil {
		t.Fatal(err)
	}
	credential, err := s.CreateCredential(a, *session, made)
	if err != nil {
		t.Fatalf("registration: %s", explain(err))
	}
	a.credentials = append(a.credentials, *credential)
	return outputs(t, made.Response.AttestationObject.AuthData)
}

// signInWith signs the account in with extensions, whose outputs it returns.
func (s *site) signInWith(t *testing.T, p page, a *account, inputs protocol.AuthenticationExtensions) []string {
	t.Helper()
	assertion, session, err := s.BeginLogin(a, webauthn.WithUserVerification(protocol.VerificationRequired),
		webauthn.WithAssertionExtensions(webauthn.WithExtensionInputs(inputs)))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := protocol.ParseCredentialRequestResponseBytes(p.Get(assertion))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ValidateLogin(a, *session, signed); err != nil {
		t.Fatalf("sign-in: %s", explain(err))
	}
	return outputs(t, signed.Response.AuthenticatorData)
}

// A site that verifies its users sees the outputs that it asked for, and accepts
// them by what metadata say of the key.
func TestExtensions(t *testing.T) {
	m := newModel(t, func(cfg *device.Config) { cfg.PIN = "2468ace" })
	s := newSite(t, strict(t, m.exported()))
	for _, tt := range readExtensions(t) {
		t.Run(tt.Name, func(t *testing.T) {
			m.t = t
			a := &account{id: []byte(tt.Name)}
			if got := s.registerWith(t, m, a, tt.Create); !slices.Equal(got, tt.Created) {
				t.Errorf("registration: got %q, want %q", got, tt.Created)
			}
			if got := s.signInWith(t, m, a, tt.Get); !slices.Equal(got, tt.Got) {
				t.Errorf("sign-in: got %q, want %q", got, tt.Got)
			}
		})
	}
}
