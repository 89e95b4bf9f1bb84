package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
	"github.com/softkey-project/softkey/device"
)

// openSoftkey returns our own key, of some profile, whose user agrees to
// everything; change, if not nil, changes it.
func openSoftkey(t *testing.T, profile string, change func(*device.Config)) *client.Device {
	t.Helper()
	p, ok := authenticator.ProfileByName(profile)
	if !ok {
		t.Fatalf("there is no profile %s", profile)
	}
	cfg := device.Config{Profile: p, Presence: authenticator.Approve{}}
	if change != nil {
		change(&cfg)
	}
	key, err := device.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close() })
	d, err := client.Open(t.Context(), ctaphid.Loopback(key.Handler(), key.CTAPHID(1)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// register makes a discoverable credential of a user of b.c.
func register(t *testing.T, d *client.Device, token *client.Token, user string, extensions map[string]ctap.Raw) *ctap.MakeCredentialResponse {
	t.Helper()
	yes := true
	req := &ctap.MakeCredentialRequest{
		ClientDataHash: hash32, RP: &ctap.RelyingParty{ID: "b.c"}, User: &ctap.User{ID: []byte(user), Name: user},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(cose.ES256), Type: ctap.PublicKey}},
		Options:          &ctap.Options{RK: &yes}, Extensions: extensions,
	}
	req.PinUvAuthProtocol, req.PinUvAuthParam = token.Authorize(hash32)
	resp, err := d.MakeCredential(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestSoftkeyPIN gives a PIN to keys of each edition, changes it, gets it
// wrong, and uses it.
func TestSoftkeyPIN(t *testing.T) {
	for _, profile := range []string{"fido2.0", "fido2.1-pre", "fido2.1", "fido2.3"} {
		t.Run(profile, func(t *testing.T) {
			ctx := t.Context()
			d := openSoftkey(t, profile, nil)
			if err := d.ChangePIN(ctx, "0000", "1234"); !errors.Is(err, ctap.StatusPINNotSet) {
				t.Errorf("change of no PIN: got %v, want %v", err, ctap.StatusPINNotSet)
			}
			if err := d.SetPIN(ctx, "päss"); err != nil {
				t.Fatal(err)
			}
			if info, err := d.GetInfo(ctx); err != nil || !info.Options[ctap.OptionClientPIN] {
				t.Errorf("got %v, %v; want option clientPin", info, err)
			}
			if err := d.ChangePIN(ctx, "pa\u0308ss", "correct horse"); err != nil {
				t.Error(err)
			}
			wantWrong(t, d, "päss", client.PINRetries{Left: 7}, ctap.StatusPINInvalid)
			wantWrong(t, d, "päss", client.PINRetries{Left: 6}, ctap.StatusPINInvalid)
			token, err := d.PINToken(ctx, "correct horse", ctap.PermissionMakeCredential, "b.c")
			if err != nil {
				t.Fatal(err)
			}
			data, err := ctap.ParseAuthenticatorData(register(t, d, token, "alice", nil).AuthData)
			if err != nil || data.Flags&ctap.FlagUV == 0 {
				t.Errorf("got flags %v, %v; want the user verified", data.Flags, err)
			}
			for left := uint64(7); left > 5; left-- {
				wantWrong(t, d, "wrong", client.PINRetries{Left: left}, ctap.StatusPINInvalid)
			}
			wantWrong(t, d, "wrong", client.PINRetries{Left: 5, PowerCycle: true}, ctap.StatusPINAuthBlocked)
			wantWrong(t, d, "correct horse", client.PINRetries{Left: 5, PowerCycle: true}, ctap.StatusPINAuthBlocked)
		})
	}
}

func wantWrong(t *testing.T, d *client.Device, pin string, left client.PINRetries, status error) {
	t.Helper()
	token, err := d.PINToken(t.Context(), pin, ctap.PermissionMakeCredential, "b.c")
	var wrong *client.PINError
	if token != nil || !errors.As(err, &wrong) || wrong.Retries != left || !errors.Is(err, status) {
		t.Errorf("got %v, %v; want %v and %v", token, err, status, left)
	}
}

// TestSoftkeyVerification lets a finger stand in for the PIN.
func TestSoftkeyVerification(t *testing.T) {
	recognised := true
	d := openSoftkey(t, "biometric", func(c *device.Config) {
		c.PIN = "1234"
		c.Verification = authenticator.VerificationFunc(func(context.Context, authenticator.Prompt) (bool, error) { return recognised, nil })
	})
	ctx := t.Context()
	if _, err := d.UVToken(ctx, ctap.PermissionMakeCredential, "b.c"); !errors.Is(err, ctap.StatusNotAllowed) {
		t.Errorf("without a finger: got %v, want %v", err, ctap.StatusNotAllowed)
	}
	token, err := d.PINToken(ctx, "1234", ctap.PermissionBioEnrollment, "")
	if err != nil {
		t.Fatal(err)
	}
	var samples []uint64
	id, err := d.EnrollFingerprint(ctx, token, 10*time.Second, func(s client.Sample) error {
		samples = append(samples, s.Remaining)
		return nil
	})
	if err != nil || !slices.Equal(samples, []uint64{2, 1}) {
		t.Fatalf("enrol: got samples %v, %v; want 2 and 1 left", samples, err)
	}
	if err := d.RenameFingerprint(ctx, token, id, "thumb"); err != nil {
		t.Error(err)
	}
	if fingers, err := d.Fingerprints(ctx, token); err != nil || len(fingers) != 1 || fingers[0].FriendlyName != "thumb" {
		t.Errorf("got %v, %v; want the thumb", fingers, err)
	}
	if token, err = d.UVToken(ctx, ctap.PermissionMakeCredential, "b.c"); err != nil {
		t.Fatal(err)
	}
	register(t, d, token, "alice", nil)
	recognised = false
	_, err = d.UVToken(ctx, ctap.PermissionMakeCredential, "b.c")
	var failed *client.UVError
	if !errors.As(err, &failed) || failed.Retries != 2 || !errors.Is(err, ctap.StatusUVInvalid) {
		t.Errorf("another's finger: got %v, want %v and 2 retries", err, ctap.StatusUVInvalid)
	}
	if _, err = d.UVToken(ctx, ctap.PermissionMakeCredential, "b.c"); !errors.As(err, &failed) || failed.Retries != 0 || !errors.Is(err, ctap.StatusUVBlocked) {
		t.Errorf("until there are none: got %v, want %v", err, ctap.StatusUVBlocked)
	}
	if token, err = d.PINToken(ctx, "1234", ctap.PermissionBioEnrollment, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.RemoveFingerprint(ctx, token, id); err != nil {
		t.Error(err)
	}
	if fingers, err := d.Fingerprints(ctx, token); err != nil || len(fingers) != 0 {
		t.Errorf("got %v, %v; want no finger", fingers, err)
	}
}

// TestSoftkeyCredentials manages the credentials of a key by each of its two
// commands, and of the tokens that there are.
func TestSoftkeyCredentials(t *testing.T) {
	tests := []struct {
		profile string
		update  bool
	}{
		{"fido2.1-pre", false},
		{"fido2.1", true},
		{"fido2.3", true},
	}
	for _, tt := range tests {
		t.Run(tt.profile, func(t *testing.T) {
			ctx := t.Context()
			d := openSoftkey(t, tt.profile, func(c *device.Config) { c.PIN = "1234" })
			for i := range 5 {
				token, err := d.PINToken(ctx, "1234", ctap.PermissionMakeCredential, "b.c")
				if err != nil {
					t.Fatal(err)
				}
				register(t, d, token, fmt.Sprint("user ", i), nil)
			}
			token, err := d.PINToken(ctx, "1234", d.ReadPermission(), "")
			if err != nil {
				t.Fatal(err)
			}
			if metadata, err := d.CredentialsMetadata(ctx, token); err != nil || metadata != (client.CredentialsMetadata{Existing: 5, Remaining: 9995}) {
				t.Errorf("metadata: got %v, %v; want 5 and 9995", metadata, err)
			}
			rps, err := d.RPs(ctx, token)
			if err != nil || len(rps) != 1 || rps[0].ID != "b.c" || rps[0].IDHash != sha256.Sum256([]byte("b.c")) {
				t.Fatalf("relying parties: got %v, %v; want b.c", rps, err)
			}
			credentials, err := d.Credentials(ctx, token, rps[0].IDHash)
			if err != nil || len(credentials) != 5 {
				t.Fatalf("credentials: got %v, %v; want 5", credentials, err)
			}
			if token, err = d.PINToken(ctx, "1234", ctap.PermissionCredentialMgmt, ""); err != nil {
				t.Fatal(err)
			}
			if err := d.DeleteCredential(ctx, token, credentials[0].ID); err != nil {
				t.Error(err)
			}
			renamed := ctap.User{ID: credentials[1].User.ID, Name: "new"}
			if err := d.UpdateUser(ctx, token, credentials[1].ID, renamed); (err == nil) != tt.update {
				t.Errorf("update: got %v, want it done %v", err, tt.update)
			}
			left, err := d.Credentials(ctx, token, rps[0].IDHash)
			if err != nil || len(left) != 4 {
				t.Fatalf("credentials: got %v, %v; want 4", left, err)
			}
			if i := slices.IndexFunc(left, func(c client.Credential) bool { return c.User.Name == "new" }); (i >= 0) != tt.update {
				t.Errorf("got %v, want one renamed %v", left, tt.update)
			}
		})
	}
}

// TestSoftkeyConfig configures keys, with a PIN and without.
func TestSoftkeyConfig(t *testing.T) {
	for _, pin := range []string{"", "1234"} {
		t.Run("PIN "+pin, func(t *testing.T) {
			ctx := t.Context()
			d := openSoftkey(t, "full-policy", func(c *device.Config) { c.PIN = pin })
			var token *client.Token
			if pin != "" {
				if err := d.ToggleAlwaysUv(ctx, nil); !errors.Is(err, ctap.StatusPUATRequired) {
					t.Errorf("without a token: got %v, want %v", err, ctap.StatusPUATRequired)
				}
				var err error
				if token, err = d.PINToken(ctx, pin, ctap.PermissionAuthenticatorConfig, ""); err != nil {
					t.Fatal(err)
				}
			}
			length := uint64(6)
			for name, err := range map[string]error{
				"long touch": d.EnableLongTouchForReset(ctx, token),
				"vendor":     d.VendorPrototype(ctx, token, 0x736f66746b657901, nil),
				"toggle":     d.ToggleAlwaysUv(ctx, token),
				"and back":   d.ToggleAlwaysUv(ctx, token),
				"length": d.SetMinPINLength(ctx, token, ctap.SetMinPINLengthParams{
					NewMinPINLength: &length, MinPINLengthRPIDs: []string{"b.c"},
				}),
			} {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			info, err := d.GetInfo(ctx)
			if err != nil || info.MinPINLength != 6 || !*info.LongTouchForReset || *info.ForcePINChange != (pin != "") {
				t.Errorf("got %+v, %v; want a minimum of 6 and a long touch", info, err)
			}
			if err := d.SetPIN(ctx, "12345"); !errors.Is(err, client.ErrNewPIN) {
				t.Errorf("a PIN of 5: got %v, want %v", err, client.ErrNewPIN)
			}
		})
	}
}

// TestSoftkeyEnterprise enables enterprise attestation.
func TestSoftkeyEnterprise(t *testing.T) {
	d := openSoftkey(t, "enterprise", nil)
	if err := d.EnableEnterpriseAttestation(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if info, err := d.GetInfo(t.Context()); err != nil || !info.Options[ctap.OptionEP] {
		t.Errorf("got %v, %v; want option ep", info, err)
	}
}

// TestSoftkeyLargeBlobs keeps blobs of two credentials beside an element that
// nobody understands.
func TestSoftkeyLargeBlobs(t *testing.T) {
	ctx := t.Context()
	d := openSoftkey(t, "fido2.3", func(c *device.Config) { c.PIN = "1234"; c.Profile.MaxMsgSize = 1024 })
	token, err := d.PINToken(ctx, "1234", ctap.PermissionLargeBlobWrite, "")
	if err != nil {
		t.Fatal(err)
	}
	foreign := ctap.Raw(ctap.MustMarshal("what is this"))
	if err := d.SetLargeBlobArray(ctx, nil, nil); !errors.Is(err, ctap.StatusPUATRequired) {
		t.Errorf("without a token: got %v, want %v", err, ctap.StatusPUATRequired)
	}
	if err := d.SetLargeBlobArray(ctx, token, []ctap.Raw{foreign}); err != nil {
		t.Fatal(err)
	}
	one, two := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	var noise []byte
	for len(noise) < 2000 { // several fragments, since it cannot be compressed
		sum := sha256.Sum256(noise)
		noise = append(noise, sum[:]...)
	}
	for _, write := range []struct{ key, blob []byte }{{one, []byte("first")}, {two, noise}, {one, []byte("second")}} {
		if err := d.SetLargeBlob(ctx, token, write.key, write.blob); err != nil {
			t.Fatal(err)
		}
		if got, err := d.LargeBlob(ctx, write.key); err != nil || !bytes.Equal(got, write.blob) {
			t.Errorf("got %q, %v; want %q", got, err, write.blob)
		}
	}
	elements, err := d.LargeBlobArray(ctx)
	if err != nil || len(elements) != 3 || !bytes.Equal(elements[0], foreign) {
		t.Fatalf("got %d elements, %v; want 3, the first as it was", len(elements), err)
	}
	for range 2 { // the second time there is nothing to do
		if err := d.DeleteLargeBlob(ctx, token, one); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.LargeBlob(ctx, one); !errors.Is(err, client.ErrNoLargeBlob) {
		t.Errorf("a deleted blob: got %v, want %v", err, client.ErrNoLargeBlob)
	}
	if got, err := d.LargeBlob(ctx, two); err != nil || !bytes.Equal(got, noise) {
		t.Errorf("the other blob: got %d bytes, %v; want it as it was", len(got), err)
	}
	if err := d.SetLargeBlob(ctx, token, one, bytes.Repeat(noise, 3)); !errors.Is(err, ctap.StatusLargeBlobStorageFull) {
		t.Errorf("a blob beyond the key's room: got %v, want %v", err, ctap.StatusLargeBlobStorageFull)
	}
}

// TestSoftkeyHMACSecret has the same outputs for the same salts, whatever the
// protocol, at registration and later.
func TestSoftkeyHMACSecret(t *testing.T) {
	ctx := t.Context()
	d := openSoftkey(t, "fido2.3", nil)
	salts := [][32]byte{{1}, {2}}
	h, err := d.HMACSecret(ctx, salts...)
	if err != nil {
		t.Fatal(err)
	}
	resp := register(t, d, nil, "alice", map[string]ctap.Raw{"hmac-secret": {0xf5}, "hmac-secret-mc": h.Input()})
	made := outputs(t, h, resp.AuthData, "hmac-secret-mc")
	h, err = d.HMACSecret(ctx, salts...)
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := d.GetAssertion(ctx, &ctap.GetAssertionRequest{
		RPID: "b.c", ClientDataHash: hash32, Extensions: map[string]ctap.Raw{"hmac-secret": h.Input()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := outputs(t, h, assertion.AuthData, "hmac-secret"); len(got) != 2 || !slices.EqualFunc(got, made, bytes.Equal) || bytes.Equal(got[0], got[1]) {
		t.Errorf("got %x and %x, want two, and the same", made, got)
	}
}

func outputs(t *testing.T, h *client.HMACSecret, authData []byte, extension string) [][]byte {
	t.Helper()
	data, err := ctap.ParseAuthenticatorData(authData)
	if err != nil {
		t.Fatal(err)
	}
	var extensions map[string]ctap.Raw
	if err := ctap.Unmarshal(data.Extensions, &extensions); err != nil {
		t.Fatal(err)
	}
	out, err := h.Outputs(extensions[extension])
	if err != nil {
		t.Fatal(err)
	}
	return out
}
