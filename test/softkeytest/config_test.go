package softkeytest_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/softkey-project/softkey/authenticator"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/test/softkeytest"
)

// verified is creation and request of a site that wants the user verified.
func verified(t *testing.T, key *softkeytest.Key) (created, got []byte, err error) {
	t.Helper()
	if created, err = key.TryCreate(strings.Replace(creation, `"required"}`, `"required","userVerification":"required"}`, 1)); err != nil {
		return nil, nil, err
	}
	got, err = key.TryGet(strings.Replace(request, `{`, `{"userVerification":"required",`, 1))
	return created, got, err
}

// answer has a function say whether the user was recognised.
func answer(recognised bool) authenticator.Verification {
	return authenticator.VerificationFunc(func(context.Context, authenticator.Prompt) (bool, error) { return recognised, nil })
}

func TestUserVerification(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]softkeytest.Config{
		"PIN":    {PIN: "1234"},
		"finger": {Profile: "platform", Verification: answer(true)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			created, got, err := verified(t, softkeytest.NewWith(t, cfg))
			if err != nil {
				t.Fatal(err)
			}
			for _, response := range [][]byte{created, got} {
				if flags := authenticatorData(t, response).Flags; flags&ctap.FlagUV == 0 {
					t.Errorf("got flags %02X, want the user verified", flags)
				}
			}
		})
	}
}

func TestUserNotVerified(t *testing.T) {
	t.Parallel()
	_, _, err := verified(t, softkeytest.New(t))
	wantName(t, err, webauthn.ConstraintError)
	_, _, err = verified(t, softkeytest.NewWith(t, softkeytest.Config{Profile: "platform", Verification: answer(false)}))
	wantName(t, err, webauthn.NotAllowedError)
}

func authenticatorData(t *testing.T, responseJSON []byte) *ctap.AuthenticatorData {
	t.Helper()
	var r struct {
		Response struct{ AuthenticatorData string }
	}
	if err := json.Unmarshal(responseJSON, &r); err != nil {
		t.Fatal(err)
	}
	data, err := ctap.ParseAuthenticatorData(decodeBase64(t, r.Response.AuthenticatorData))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decodeBase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRoot has a server find out who made the key.
func TestRoot(t *testing.T) {
	t.Parallel()
	key := softkeytest.New(t)
	var r struct {
		Response struct{ AttestationObject string }
	}
	created := key.Create(strings.Replace(creation, `{`, `{"attestation":"direct",`, 1))
	if err := json.Unmarshal(created, &r); err != nil {
		t.Fatal(err)
	}
	var object struct {
		AttStmt struct {
			X5C [][]byte `cbor:"x5c"`
		} `cbor:"attStmt"`
	}
	if err := ctap.Unmarshal(decodeBase64(t, r.Response.AttestationObject), &object); err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(object.AttStmt.X5C[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := leaf.CheckSignatureFrom(key.Root()); err != nil {
		t.Errorf("the key's root: %v", err)
	}
	if err := leaf.CheckSignatureFrom(softkeytest.New(t).Root()); err == nil {
		t.Error("the root of another key vouches for this one")
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	key := softkeytest.NewWith(t, softkeytest.Config{Change: func(p *authenticator.Profile) { p.Algorithms = []cose.ID{cose.EdDSA} }})
	_, err := key.TryCreate(creation)
	wantName(t, err, webauthn.NotSupportedError)
	key.Create(strings.Replace(creation, "-7", "-8", 1))
}

// refusing is a test that only notes why it fails.
type refusing struct {
	testing.TB
	reason string
}

func (r *refusing) Fatalf(format string, args ...any) {
	r.reason = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestConfigThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]softkeytest.Config{
		`there is no profile "fido9"`:      {Profile: "fido9"},
		"cannot verify its user by itself": {Verification: answer(true)},
		"the profile has no PIN":           {Profile: "u2f", PIN: "1234"},
		"PIN is shorter than 4 characters": {PIN: "123"},
		`there is no kind "explode"`:       {Faults: []string{"explode"}},
		`"at" is not NAME=VALUE`:           {Faults: []string{"drop:at"}},
	} {
		r := &refusing{TB: t}
		var test sync.WaitGroup
		test.Go(func() { softkeytest.NewWith(r, cfg) })
		test.Wait()
		if !strings.Contains(r.reason, want) {
			t.Errorf("got %q, want %q", r.reason, want)
		}
	}
}

// A key breaks in each of the three layers, and is whole again.
func TestFaults(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		"put-fails:bucket=credentials,error=ENOSPC": "CTAP1_ERR_OTHER",
		"status:command=makeCredential,status=0x28": "CTAP2_ERR_KEY_STORE_FULL",
		"cut-answer:command=makeCredential":         "malformed",
		"disconnect:from=host,command=cbor,at=2":    "closed",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			key := softkeytest.NewWith(t, softkeytest.Config{Faults: []string{rule}})
			if _, err := key.TryCreate(creation); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
			key.Replug()
			key.Create(creation)
		})
	}
}
