package client_test

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctaphid"
)

// deeds are what a hostile key is asked for. Each says whether the key's answers
// were good for something.
var deeds = []struct {
	name string
	do   func(context.Context, *client.Device, *client.Token) error
}{
	{"retries", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		_, err := d.PINRetries(ctx)
		return err
	}},
	{"set-pin", func(ctx context.Context, d *client.Device, _ *client.Token) error { return d.SetPIN(ctx, "1234") }},
	{"change-pin", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		return d.ChangePIN(ctx, "1234", "correct horse")
	}},
	{"pin-token", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		token, err := d.PINToken(ctx, "1234", ctap.PermissionGetAssertion, "b.c")
		return used(token, err)
	}},
	{"uv-token", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		token, err := d.UVToken(ctx, ctap.PermissionGetAssertion, "b.c")
		return used(token, err)
	}},
	{"management", func(ctx context.Context, d *client.Device, t *client.Token) error {
		if _, err := d.CredentialsMetadata(ctx, t); err != nil {
			return err
		}
		rps, err := d.RPs(ctx, t)
		if err != nil || len(rps) == 0 {
			return err
		}
		_, err = d.Credentials(ctx, t, rps[0].IDHash)
		return err
	}},
	{"bio", func(ctx context.Context, d *client.Device, t *client.Token) error {
		if _, err := d.FingerprintSensor(ctx); err != nil {
			return err
		}
		if _, err := d.EnrollFingerprint(ctx, t, time.Second, nil); err != nil {
			return err
		}
		_, err := d.Fingerprints(ctx, t)
		return err
	}},
	{"blobs-read", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		_, err := d.LargeBlob(ctx, blobKey)
		return err
	}},
	{"blobs-write", func(ctx context.Context, d *client.Device, t *client.Token) error {
		return d.SetLargeBlob(ctx, t, blobKey, []byte("blob"))
	}},
	{"hmac-secret", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		h, err := d.HMACSecret(ctx, [32]byte{})
		if err != nil {
			return err
		}
		_, err = h.Outputs(h.Input())
		return err
	}},
	{"assertions", func(ctx context.Context, d *client.Device, _ *client.Token) error {
		_, err := d.Assertions(ctx, &ctap.GetAssertionRequest{RPID: "b.c", ClientDataHash: hash32})
		return err
	}},
}

// used uses a token as a request would.
func used(token *client.Token, err error) error {
	if err == nil {
		token.Authorize(hash32)
	}
	return err
}

// FuzzHostileKey states that a key which answers anything makes nobody panic or
// wait: whatever it is asked for comes to an end after as many questions as it
// has answers, and a few.
func FuzzHostileKey(f *testing.F) {
	files, err := filepath.Glob("testdata/exchanges/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("got %v, %v; want files", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		var said []byte
		for _, e := range exchanges(f, name) {
			answer := unhex(f, e.respond)
			said = append(binary.BigEndian.AppendUint16(said, uint16(len(answer))), answer...)
		}
		for i, deed := range deeds {
			if strings.HasPrefix(name, deed.name) || strings.HasPrefix(name, "blobs") && strings.HasPrefix(deed.name, "blobs") {
				f.Add(byte(i), said)
			}
		}
	}
	token, err := client.NewToken(2, tokenValue)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, deed byte, said []byte) {
		key := &counted{answers: split(said)}
		prepared := len(key.answers)
		d, err := client.Open(t.Context(), ctaphid.Loopback(key, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
		if err != nil {
			return
		}
		defer d.Close()
		d.Rand = constants{}
		_ = deeds[int(deed)%len(deeds)].do(t.Context(), d, token)
		// After the last answer: one failure, and what is asked because of it.
		if key.asked > prepared+3 {
			t.Errorf("the key was asked %d times, and had %d answers", key.asked, prepared)
		}
	})
}

// counted counts how often its key is asked.
type counted struct {
	answers
	asked int
}

func (c *counted) Handle(ctx context.Context, req *ctap.Request) []byte {
	c.asked++
	return c.answers.Handle(ctx, req)
}

// split cuts answers apart:
//
//	length (2, big-endian) ‖ answer, …
func split(b []byte) (list answers) {
	for len(b) >= 2 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		list = append(list, b[2:2+n])
		b = b[2+n:]
	}
	return list
}
