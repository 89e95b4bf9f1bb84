package authenticator

import (
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// A subCommand of 0 is one that no command has, and not a missing one.
func TestSubcommandZero(t *testing.T) {
	k := profileKey(t, "biometric")
	for _, tt := range []struct {
		id     ctap.Command
		member int
		want   ctap.Status
	}{
		{ctap.CommandClientPIN, 2, ctap.StatusInvalidSubcommand},
		{ctap.CommandBioEnrollment, 2, ctap.StatusInvalidSubcommand},
		{ctap.CommandCredentialManagement, 1, ctap.StatusInvalidSubcommand},
		{ctap.CommandConfig, 1, ctap.StatusInvalidParameter},
	} {
		t.Run(tt.id.String(), func(t *testing.T) {
			wantStatus(t, "0", k.command(tt.id, map[int]any{tt.member: 0}, nil), tt.want)
			wantStatus(t, "0 beside a member of text", k.command(tt.id, map[any]any{tt.member: 0, "x": 1}, nil), tt.want)
			wantStatus(t, "none", k.command(tt.id, map[int]any{99: 0}, nil), ctap.StatusMissingParameter)
		})
	}
}
