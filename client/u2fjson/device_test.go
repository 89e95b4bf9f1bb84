package u2fjson_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/test/leak"
	"github.com/softkey-project/softkey/test/softkeytest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestDevice registers our own key in each dialect, verifies what a server
// would, and signs in twice.
func TestDevice(t *testing.T) {
	const appID = "https://a.example"
	tests := []struct {
		name                         string
		register, again, signin      string // HANDLE stands for the key handle
		registrationData, clientData string // names of members
		signatureData                string
	}{
		{
			"A",
			`{"version":"U2F_V2","challenge":"cmVn","app_id":"https://a.example","sessionId":""}`, ``,
			`{"version":"U2F_V2","challenge":"c2ln","app_id":"https://a.example","sessionId":"","key_handle":"HANDLE"}`,
			"registrationData", "bd", "sign",
		},
		{
			"B",
			`{"version":"U2F_V2","challenge":"cmVn","appId":"https://a.example"}`, ``,
			`{"version":"U2F_V2","challenge":"c2ln","appId":"https://a.example","keyHandle":"HANDLE"}`,
			"registrationData", "clientData", "signatureData",
		},
		{
			"C",
			`{"registerRequests":[{"version":"U2F_V2","challenge":"cmVn","appId":"https://a.example"}],"authenticateRequests":[]}`,
			`{"registerRequests":[{"version":"U2F_V2","challenge":"cmVn","appId":"https://a.example"}],
				"authenticateRequests":[{"version":"U2F_V2","challenge":"check-only","appId":"https://a.example","keyHandle":"HANDLE"}]}`,
			`{"authenticateRequests":[{"version":"U2F_V2","challenge":"c2ln","appId":"https://a.example","keyHandle":"HANDLE"}]}`,
			"registrationData", "clientData", "signatureData",
		},
		{
			"D",
			`{"appId":"https://a.example","registerRequests":[{"version":"U2F_V2","challenge":"cmVn"}],"registeredKeys":[]}`,
			`{"appId":"https://a.example","registerRequests":[{"version":"U2F_V2","challenge":"cmVn"}],"registeredKeys":[{"version":"U2F_V2","keyHandle":"HANDLE"}]}`,
			`{"appId":"https://a.example","challenge":"c2ln","registeredKeys":[{"version":"U2F_V2","keyHandle":"HANDLE"}]}`,
			"registrationData", "clientData", "signatureData",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key, ctx := softkeytest.New(t).Device, t.Context()
			resp, err := u2fjson.Register(ctx, key, appID, []byte(tt.register))
			if err != nil {
				t.Fatal(err)
			}
			got := object(t, resp)
			reg := verifyRegistration(t, appID, decode(t, got[tt.registrationData]), decode(t, got[tt.clientData]))

			if tt.again != "" {
				resp, err := u2fjson.Register(ctx, key, appID, []byte(withHandle(tt.again, reg)))
				wantCode(t, resp, err, u2fjson.DeviceIneligible)
			}
			for counter := uint32(1); counter <= 2; counter++ {
				resp, err := u2fjson.Authenticate(ctx, key, appID, []byte(withHandle(tt.signin, reg)))
				if err != nil {
					t.Fatal(err)
				}
				got := object(t, resp)
				sig := verifySignature(t, appID, reg.PublicKey, decode(t, got[tt.signatureData]), decode(t, got[tt.clientData]))
				if sig.Counter != counter {
					t.Errorf("got counter %d, want %d", sig.Counter, counter)
				}
			}
			other := softkeytest.New(t).Device
			resp, err = u2fjson.Authenticate(ctx, other, appID, []byte(withHandle(tt.signin, reg)))
			wantCode(t, resp, err, u2fjson.DeviceIneligible)
		})
	}
}

// TestDeviceHost does the same in u2f-host's form.
func TestDeviceHost(t *testing.T) {
	key, ctx := softkeytest.New(t).Device, t.Context()
	const origin, request = "https://u2fdemo.de", `{"challenge":"xzNGB7yFutq1yftkbGrw_1cSDcc1v1jXztdw6oPTsgM=","version":"U2F_V2","appId":"https://u2fdemo.de","keyHandle":"HANDLE"}`
	for _, presence := range []bool{true, false} {
		resp, err := u2fjson.HostRegister(ctx, key, origin, []byte(request), presence)
		if err != nil {
			t.Fatal(err)
		}
		got := object(t, resp)
		reg := verifyRegistration(t, origin, decode(t, got["registrationData"]), decode(t, got["clientData"]))
		resp, err = u2fjson.HostAuthenticate(ctx, key, origin, []byte(withHandle(request, reg)), true)
		if err != nil {
			t.Fatal(err)
		}
		got = object(t, resp)
		verifySignature(t, origin, reg.PublicKey, decode(t, got["signatureData"]), decode(t, got["clientData"]))
		if resp, err := u2fjson.HostAuthenticate(ctx, key, origin, []byte(withHandle(request, reg)), false); err != nil || resp != nil {
			t.Errorf("-t with the key's handle: got %s, %v; want nothing", resp, err)
		}
		reg.KeyHandle[len(reg.KeyHandle)-1] ^= 1
		resp, err = u2fjson.HostAuthenticate(ctx, key, origin, []byte(withHandle(request, reg)), false)
		wantHostError(t, resp, err, "error (-6): authenticator error")
	}
}

func withHandle(request string, reg *ctap.U2FRegisterResponse) string {
	return strings.ReplaceAll(request, "HANDLE", encode(reg.KeyHandle))
}

func verifyRegistration(t *testing.T, appID string, registrationData, clientData []byte) *ctap.U2FRegisterResponse {
	t.Helper()
	reg, err := ctap.ParseU2FRegisterResponse(registrationData)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(reg.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	signed := ctap.U2FSignedRegistration(hash(appID), sha256.Sum256(clientData), reg.KeyHandle, reg.PublicKey)
	if !verify(cert.PublicKey.(*ecdsa.PublicKey), signed, reg.Signature) {
		t.Error("the attestation signature does not verify")
	}
	return reg
}

func verifySignature(t *testing.T, appID string, point, signatureData, clientData []byte) *ctap.U2FAuthenticateResponse {
	t.Helper()
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := ctap.ParseU2FAuthenticateResponse(signatureData)
	if err != nil {
		t.Fatal(err)
	}
	signed := ctap.U2FSignedAuthentication(hash(appID), sha256.Sum256(clientData), sig.Flags, sig.Counter)
	if sig.Flags != ctap.FlagUP || !verify(public, signed, sig.Signature) {
		t.Errorf("the signature, with flags %#x, does not verify", sig.Flags)
	}
	return sig
}
