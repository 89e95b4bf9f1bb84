package client_test

import (
	"errors"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/device"
)

// TestPersistentToken reads the credentials of a key, with a token that was got
// once, until the PIN is another.
func TestPersistentToken(t *testing.T) {
	dir := t.TempDir()
	kept := func(c *device.Config) { c.Dir = dir }
	var value []byte
	var protocol uint64
	t.Run("the key that gives it", func(t *testing.T) {
		d := openSoftkey(t, authenticator.DefaultProfile, kept)
		register(t, d, nil, "alice", nil)
		if err := d.SetPIN(t.Context(), "1234"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.GetInfo(t.Context()); err != nil {
			t.Fatal(err)
		}
		token, err := d.PINToken(t.Context(), "1234", d.ReadPermission(), "")
		if err != nil {
			t.Fatal(err)
		}
		protocol, value = token.Protocol(), token.Value()
		wantReader(t, d, token)
		if _, err := d.PINToken(t.Context(), "1234", ctap.PermissionCredentialMgmt, ""); err != nil {
			t.Fatal(err)
		}
		wantReader(t, d, token) // beside another
	})
	token, err := client.NewToken(protocol, value)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("the same key later", func(t *testing.T) {
		d := openSoftkey(t, authenticator.DefaultProfile, kept)
		wantReader(t, d, token)
		if err := d.ChangePIN(t.Context(), "1234", "5678"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.RPs(t.Context(), token); !errors.Is(err, ctap.StatusPINAuthInvalid) {
			t.Errorf("after the PIN was changed: got %v, want %v", err, ctap.StatusPINAuthInvalid)
		}
	})
}

// wantReader wants a token to read everything and to change nothing.
func wantReader(t *testing.T, d *client.Device, token *client.Token) {
	t.Helper()
	ctx := t.Context()
	if metadata, err := d.CredentialsMetadata(ctx, token); err != nil || metadata.Existing != 1 {
		t.Errorf("metadata: got %+v, %v; want one credential", metadata, err)
	}
	rps, err := d.RPs(ctx, token)
	if err != nil || len(rps) != 1 {
		t.Fatalf("relying parties: got %+v, %v; want one", rps, err)
	}
	credentials, err := d.Credentials(ctx, token, rps[0].IDHash)
	if err != nil || len(credentials) != 1 {
		t.Fatalf("credentials: got %+v, %v; want one", credentials, err)
	}
	alice := credentials[0]
	if err := d.UpdateUser(ctx, token, alice.ID, alice.User); !errors.Is(err, ctap.StatusPINAuthInvalid) {
		t.Errorf("update: got %v, want %v", err, ctap.StatusPINAuthInvalid)
	}
	if err := d.DeleteCredential(ctx, token, alice.ID); !errors.Is(err, ctap.StatusPINAuthInvalid) {
		t.Errorf("delete: got %v, want %v", err, ctap.StatusPINAuthInvalid)
	}
}

// TestReadPermission asks keys for no more than reading takes.
func TestReadPermission(t *testing.T) {
	for profile, want := range map[string]ctap.Permissions{
		"fido2.3": ctap.PermissionCredentialMgmtRO, "fido2.1": ctap.PermissionCredentialMgmt, "fido2.1-pre": ctap.PermissionCredentialMgmt,
	} {
		if got := openSoftkey(t, profile, nil).ReadPermission(); got != want {
			t.Errorf("%s: got %02X, want %02X", profile, uint64(got), uint64(want))
		}
	}
}
