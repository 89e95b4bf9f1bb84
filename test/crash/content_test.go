package crash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
)

const (
	oldPIN, newPIN, wrongPIN = "1234", "ä-new-PIN", "0000"

	maxRetries = 8
	capacity   = 10000 // discoverable credentials
)

// oldBlobs and newBlobs are large-blob arrays. Each is written in three
// messages, if maxMessage is all that fits in one.
var (
	oldBlobs = []ctap.Raw{ctap.MustMarshal(bytes.Repeat([]byte("old"), 700))}
	newBlobs = []ctap.Raw{ctap.MustMarshal(bytes.Repeat([]byte("new"), 800)), ctap.MustMarshal("more")}
)

// content is all that a user would miss.
type content struct {
	pin     string // those that work, in order
	users   string // of the discoverable credentials
	room    uint64 // for more of them
	blobs   string // the large-blob array
	signing string // a digit for each credential: 1 if it signs
}

// full is the content of a [prepared] key.
func full() content {
	return content{pin: oldPIN, users: "user/ user/", room: capacity - 2, blobs: describe(oldBlobs), signing: "111"}
}

// empty is the content of a key after a reset.
func empty() content {
	return content{room: capacity, blobs: describe(nil), signing: "000"}
}

// describe tells one array from another; a damaged one counts as empty.
func describe(elements []ctap.Raw) string {
	sum := sha256.Sum256(ctap.MustMarshal(append([]ctap.Raw{}, elements...)))
	return fmt.Sprintf("%d elements, %x", len(elements), sum[:4])
}

// observe returns what the key has, and how many PIN retries it had left, 0 for
// one without a PIN. It signs with every credential of the ledger, and with a
// new one.
func observe(t *testing.T, key *client.Device, l *ledger) (c content, retries uint64) {
	t.Helper()
	ctx := t.Context()
	left, err := key.PINRetries(ctx)
	if err != nil && !errors.Is(err, ctap.StatusPINNotSet) {
		t.Fatal(err)
	}
	var token *client.Token
	c.pin, token = workingPINs(t, key)
	if token != nil {
		c.users = users(t, key, token)
	}
	info, err := key.GetInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.room = *info.RemainingDiscoverableCredentials
	blobs, err := key.LargeBlobArray(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.blobs = describe(blobs)
	c.signing = signing(t, key, l)
	return c, left.Left
}

// workingPINs tries every PIN there is, and returns a token of the last that
// works.
func workingPINs(t *testing.T, key *client.Device) (working string, token *client.Token) {
	t.Helper()
	var pins []string
	for _, pin := range []string{oldPIN, newPIN} {
		got, err := key.PINToken(t.Context(), pin, ctap.PermissionCredentialMgmt, "")
		switch {
		case err == nil:
			pins, token = append(pins, pin), got
		case !errors.Is(err, ctap.StatusPINInvalid) && !errors.Is(err, ctap.StatusPINNotSet):
			t.Fatalf("PIN %s: %v", pin, err)
		}
	}
	return strings.Join(pins, " "), token
}

// users returns the names of the users of all discoverable credentials.
func users(t *testing.T, key *client.Device, token *client.Token) string {
	t.Helper()
	rps, err := key.RPs(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, rp := range rps {
		credentials, err := key.Credentials(t.Context(), token, rp.IDHash)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range credentials {
			names = append(names, c.User.Name+"/"+c.User.DisplayName)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// signing signs with each credential, and with one made for it, so that the
// counter is seen even when the others are gone.
func signing(t *testing.T, key *client.Device, l *ledger) string {
	t.Helper()
	var digits []byte
	for _, c := range l.credentials {
		digits = append(digits, signs(t, key, l, c))
	}
	if err := signWithNew(t.Context(), key, l); err != nil {
		t.Error(err)
	}
	return string(digits)
}

func signs(t *testing.T, key *client.Device, l *ledger, c credential) byte {
	t.Helper()
	switch err := l.assert(t.Context(), key, c); {
	case err == nil:
		return '1'
	case !errors.Is(err, ctap.StatusNoCredentials):
		t.Errorf("credential of %s: %v", c.rpID, err)
	}
	return '0'
}

func signWithNew(ctx context.Context, key *client.Device, l *ledger) error {
	if err := l.register(ctx, key, "new.example", false); err != nil {
		return err
	}
	return l.assert(ctx, key, l.credentials[len(l.credentials)-1])
}
