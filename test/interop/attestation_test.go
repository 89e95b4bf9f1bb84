package interop

import (
	"testing"

	"github.com/go-webauthn/webauthn/metadata"

	"github.com/softkey-project/softkey/authenticator"
)

// A site with the BLOB that the program exports accepts the program's key.
func TestTrust(t *testing.T) {
	for _, issuer := range issuers {
		for _, profile := range []string{authenticator.DefaultProfile, "u2f"} {
			t.Run(issuer.name+"/"+profile, func(t *testing.T) {
				key := newCommand(t, profile)
				if issuer.make != nil {
					key.flags = issuer.make(t).flags(t)
				}
				newSite(t, nil).enrol(t, key, "ada")
				credential := newSite(t, strict(t, key.exported())).enrol(t, key, "ada").credentials[0]
				if credential.AttestationType != string(metadata.BasicFull) {
					t.Errorf("got attestation type %s, want %s", credential.AttestationType, metadata.BasicFull)
				}
			})
		}
	}
}
