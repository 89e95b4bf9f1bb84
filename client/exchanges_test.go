package client_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// constants is a source of randomness whose bytes say what they are for: the
// same that testdata/exchanges.py uses.
type constants struct{}

func (constants) Read(b []byte) (int, error) {
	of := map[int]byte{32: 0x11, 16: 0x22, 12: 0x33}[len(b)]
	copy(b, bytes.Repeat([]byte{of}, len(b)))
	return len(b), nil
}

// The token and the largeBlobKey that the key of testdata/exchanges.py gives.
var (
	tokenValue = bytes.Repeat([]byte{0x55}, 32)
	blobKey    = bytes.Repeat([]byte{0x66}, 32)
)

func newToken(t *testing.T, protocol uint64) *client.Token {
	t.Helper()
	token, err := client.NewToken(protocol, tokenValue)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// lines calls f with the name and the value of each line of a file.
func lines(t testing.TB, path string, f func(name, value string)) {
	t.Helper()
	file, err := os.Open(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for s := bufio.NewScanner(file); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ": ")
		f(name, value)
	}
}

// exchanges returns what another client and a key said to each other.
func exchanges(t testing.TB, name string) []exchange {
	t.Helper()
	var list []exchange
	lines(t, "testdata/exchanges/"+name+".txt", func(name, value string) {
		switch name {
		case "request":
			list = append(list, exchange{protocol: ctap.CTAP2, request: value})
		case "answer":
			list[len(list)-1].respond = value
		}
	})
	return list
}

// TestExchanges has the methods of a device say what python-fido2 says to the
// same key, byte by byte.
func TestExchanges(t *testing.T) {
	tests := []struct {
		names []string
		run   func(context.Context, *testing.T, *client.Device)
	}{
		{[]string{"set-pin-1", "set-pin-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			if err := d.SetPIN(ctx, "1234"); err != nil {
				t.Error(err)
			}
		}},
		{[]string{"change-pin-1", "change-pin-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			// The last letter is given in two code points, and sent in one.
			if err := d.ChangePIN(ctx, "1234", "correct horse a\u0308"); err != nil {
				t.Error(err)
			}
		}},
		{[]string{"wrong-pin-1", "wrong-pin-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			err := d.ChangePIN(ctx, "4321", "1234")
			var wrong *client.PINError
			if !errors.As(err, &wrong) || wrong.Retries != (client.PINRetries{Left: 5}) || !errors.Is(err, ctap.StatusPINInvalid) {
				t.Errorf("got %v, want %v and 5 retries", err, ctap.StatusPINInvalid)
			}
		}},
		{[]string{"retries-1", "retries-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			if got, err := d.PINRetries(ctx); err != nil || got != (client.PINRetries{Left: 3, PowerCycle: true}) {
				t.Errorf("PIN: got %v, %v; want 3 after a power cycle", got, err)
			}
			if got, err := d.UVRetries(ctx); err != nil || got != 2 {
				t.Errorf("verification: got %d, %v; want 2", got, err)
			}
		}},
		{[]string{"pin-token-1", "pin-token-2", "pin-token-2.0-1", "pin-token-2.0-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			token, err := d.PINToken(ctx, "1234", ctap.PermissionMakeCredential|ctap.PermissionGetAssertion, "b.c")
			checkToken(t, d, token, err)
		}},
		{[]string{"pin-token-config-1", "pin-token-config-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			token, err := d.PINToken(ctx, "1234", ctap.PermissionAuthenticatorConfig, "")
			checkToken(t, d, token, err)
		}},
		{[]string{"uv-token-1", "uv-token-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			token, err := d.UVToken(ctx, ctap.PermissionCredentialMgmt, "")
			checkToken(t, d, token, err)
		}},
		{[]string{"management-2"}, func(ctx context.Context, t *testing.T, d *client.Device) { manage(ctx, t, d, 2, true) }},
		{[]string{"management-preview-1"}, func(ctx context.Context, t *testing.T, d *client.Device) { manage(ctx, t, d, 1, false) }},
		{[]string{"config-2"}, func(ctx context.Context, t *testing.T, d *client.Device) { configure(ctx, t, d, newToken(t, 2)) }},
		{[]string{"config-unprotected"}, func(ctx context.Context, t *testing.T, d *client.Device) { configure(ctx, t, d, nil) }},
		{[]string{"config-min-pin-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			length, yes := uint64(8), true
			err := d.SetMinPINLength(ctx, newToken(t, 2), ctap.SetMinPINLengthParams{
				NewMinPINLength: &length, MinPINLengthRPIDs: []string{"b.c", "d.e"}, ForceChangePIN: true, PINComplexityPolicy: &yes,
			})
			if err != nil {
				t.Error(err)
			}
		}},
		{[]string{"bio-2"}, func(ctx context.Context, t *testing.T, d *client.Device) { enroll(ctx, t, d, 2) }},
		{[]string{"bio-preview-1"}, func(ctx context.Context, t *testing.T, d *client.Device) { enroll(ctx, t, d, 1) }},
		{[]string{"blobs-write-2"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			other := ctap.MustMarshal(map[int]any{1: bytes.Repeat([]byte{7}, 1500), 2: bytes.Repeat([]byte{8}, 12), 3: 9, 4: "a member of the future"})
			empty := ctap.MustMarshal(map[int]any{1: []byte{}, 2: []byte{}, 3: 0})
			if err := d.SetLargeBlobArray(ctx, newToken(t, 2), []ctap.Raw{other, empty}); err != nil {
				t.Error(err)
			}
		}},
		{[]string{"blobs-read"}, func(ctx context.Context, t *testing.T, d *client.Device) {
			want := strings.Repeat("a blob that was compressed by zlib. ", 60)
			if got, err := d.LargeBlob(ctx, blobKey); err != nil || string(got) != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		}},
	}
	for _, tt := range tests {
		for _, name := range tt.names {
			t.Run(name, func(t *testing.T) {
				s := &script{t: t, exchanges: exchanges(t, name)}
				d := s.open(ctaphid.CapCBOR)
				d.Rand = constants{}
				tt.run(t.Context(), t, d)
			})
		}
	}
}

// checkToken checks a token by its value and by what it makes of a message.
func checkToken(t *testing.T, d *client.Device, token *client.Token, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	want := newToken(t, d.Info().PinUvAuthProtocols[0])
	if token.Protocol() != want.Protocol() || !bytes.Equal(token.Value(), want.Value()) {
		t.Errorf("got token %x of protocol %d, want %x of %d", token.Value(), token.Protocol(), want.Value(), want.Protocol())
	}
}

func manage(ctx context.Context, t *testing.T, d *client.Device, protocol uint64, update bool) {
	token := newToken(t, protocol)
	if metadata, err := d.CredentialsMetadata(ctx, token); err != nil || metadata != (client.CredentialsMetadata{Existing: 2, Remaining: 98}) {
		t.Errorf("metadata: got %v, %v; want 2 and 98", metadata, err)
	}
	rps, err := d.RPs(ctx, token)
	if err != nil || len(rps) != 2 || rps[0].ID != "b.c" || rps[0].Name != "B" || rps[1].ID != "d.e" {
		t.Fatalf("relying parties: got %v, %v; want b.c and d.e", rps, err)
	}
	rpIDHash := rps[0].IDHash
	credentials, err := d.Credentials(ctx, token, rpIDHash)
	if err != nil {
		t.Fatal(err)
	}
	coseKey := ctap.MustMarshal(map[int]any{1: 2, 3: -7, -1: 1, -2: bytes.Repeat([]byte{1}, 32), -3: bytes.Repeat([]byte{2}, 32)})
	want := []client.Credential{
		{
			ID: []byte{1, 2}, User: ctap.User{ID: []byte("alice"), Name: "al", DisplayName: "Alice"}, PublicKey: coseKey,
			Protection: 3, LargeBlobKey: blobKey, ThirdPartyPayment: true,
		},
		{ID: []byte{3}, User: ctap.User{ID: []byte("bob")}, PublicKey: coseKey, Protection: 1},
	}
	if !reflect.DeepEqual(credentials, want) {
		t.Errorf("credentials: got %+v, want %+v", credentials, want)
	}
	if err := d.DeleteCredential(ctx, token, []byte{1, 2}); err != nil {
		t.Error(err)
	}
	if update {
		if err := d.UpdateUser(ctx, token, []byte{1, 2}, ctap.User{ID: []byte("alice"), Name: "a", DisplayName: "A"}); err != nil {
			t.Error(err)
		}
	}
	if rps, err := d.RPs(ctx, token); err != nil || len(rps) != 0 {
		t.Errorf("relying parties of an empty key: got %v, %v; want none", rps, err)
	}
	if credentials, err := d.Credentials(ctx, token, rpIDHash); err != nil || len(credentials) != 0 {
		t.Errorf("credentials of an empty key: got %v, %v; want none", credentials, err)
	}
}

func configure(ctx context.Context, t *testing.T, d *client.Device, token *client.Token) {
	for _, err := range []error{
		d.EnableEnterpriseAttestation(ctx, token), d.ToggleAlwaysUv(ctx, token), d.EnableLongTouchForReset(ctx, token),
		d.VendorPrototype(ctx, token, 0x0123456789abcdef, map[uint64]any{2: []byte{1}}),
	} {
		if err != nil {
			t.Error(err)
		}
	}
}

func enroll(ctx context.Context, t *testing.T, d *client.Device, protocol uint64) {
	token := newToken(t, protocol)
	if modality, err := d.BioModality(ctx); err != nil || modality != ctap.ModalityFingerprint {
		t.Errorf("modality: got %d, %v; want %d", modality, err, ctap.ModalityFingerprint)
	}
	want := client.FingerprintSensor{Kind: 1, MaxSamples: 3, MaxFriendlyName: 64}
	if sensor, err := d.FingerprintSensor(ctx); err != nil || sensor != want {
		t.Errorf("sensor: got %v, %v; want %v", sensor, err, want)
	}
	var statuses []ctap.SampleStatus
	id, err := d.EnrollFingerprint(ctx, token, 5*time.Second, func(s client.Sample) error {
		statuses = append(statuses, s.Status)
		return nil
	})
	if err != nil || !bytes.Equal(id, []byte{0xab, 0xcd}) {
		t.Fatalf("got template %x, %v; want abcd", id, err)
	}
	if want := []ctap.SampleStatus{ctap.SampleGood, ctap.SamplePoorQuality}; !slices.Equal(statuses, want) {
		t.Errorf("samples: got %v, want %v", statuses, want)
	}
	fingers, err := d.Fingerprints(ctx, token)
	if want := []ctap.TemplateInfo{{TemplateID: id, FriendlyName: "thumb"}, {TemplateID: []byte{1}}}; err != nil || !reflect.DeepEqual(fingers, want) {
		t.Errorf("fingers: got %v, %v; want %v", fingers, err, want)
	}
	if err := d.RenameFingerprint(ctx, token, id, "index"); err != nil {
		t.Error(err)
	}
	if err := d.RemoveFingerprint(ctx, token, id); err != nil {
		t.Error(err)
	}
	if fingers, err := d.Fingerprints(ctx, token); err != nil || len(fingers) != 0 {
		t.Errorf("fingers of a key that has none: got %v, %v; want none", fingers, err)
	}
	if err := d.EnrollCancel(ctx); err != nil {
		t.Error(err)
	}
}
