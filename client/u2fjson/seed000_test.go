package u2fjson_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/softkey-project/softkey/client/u2fjson"
	"github.com/softkey-project/softkey/ctap"
)

// seed000 is the example of python-u2flib-server's README: an enrolment and a
// login of a real key. The client data of the login lost ten characters there;
// they are put back in Repaired.
type seed000 struct {
	Enroll struct {
		Challenge string
		AppID     string `json:"app_id"`
	} `json:"enroll_response"`
	Bind struct {
		ClientData       string `json:"bd"`
		RegistrationData string
	} `json:"bind_data"`
	Sign struct {
		KeyHandle string `json:"key_handle"`
		Challenge string
	} `json:"sign_response"`
	Verify struct {
		ClientData string `json:"bd"`
		Challenge  string
		Sign       string
	} `json:"verify_data_as_printed"`
	Repaired string `json:"verify_bd_repaired"`
	Decoded  struct {
		Facet     string
		AppParam  string `json:"app_param"`
		PublicKey string `json:"public_key"`
		KeyHandle string `json:"key_handle"`
	}
}

func loadSeed000(t *testing.T) (seed seed000, application [32]byte) {
	t.Helper()
	data, err := os.ReadFile("testdata/seed000.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &seed); err != nil {
		t.Fatal(err)
	}
	application = hash(seed.Enroll.AppID)
	if got := hex.EncodeToString(application[:]); got != seed.Decoded.AppParam {
		t.Fatalf("application parameter: got %s, want %s", got, seed.Decoded.AppParam)
	}
	return seed, application
}

func TestSeed000Vectors(t *testing.T) {
	seed, application := loadSeed000(t)
	reg, err := ctap.ParseU2FRegisterResponse(decode(t, seed.Bind.RegistrationData))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("registration", func(t *testing.T) { checkRegistration(t, seed, application, reg) })
	t.Run("certificate", func(t *testing.T) { checkCertificate(t, reg.Certificate) })
	t.Run("assertion", func(t *testing.T) { checkAssertion(t, seed, application, reg.PublicKey) })
	t.Run("as printed", func(t *testing.T) {
		if data, err := base64.RawURLEncoding.DecodeString(seed.Verify.ClientData); err == nil && json.Valid(data) {
			t.Errorf("the damaged client data are valid: %s", data)
		}
	})
}

func checkRegistration(t *testing.T, seed seed000, application [32]byte, reg *ctap.U2FRegisterResponse) {
	if got := hex.EncodeToString(reg.PublicKey); got != seed.Decoded.PublicKey {
		t.Errorf("public key: got %s, want %s", got, seed.Decoded.PublicKey)
	}
	if got := base64.RawURLEncoding.EncodeToString(reg.KeyHandle); got != seed.Sign.KeyHandle || len(reg.KeyHandle) != 64 {
		t.Errorf("key handle: got %s, want %s of 64 bytes", got, seed.Sign.KeyHandle)
	}
	data := decode(t, seed.Bind.ClientData)
	if got := object(t, data)["challenge"]; got != seed.Enroll.Challenge {
		t.Errorf("challenge: got %s, want %s", got, seed.Enroll.Challenge)
	}
	cert, err := x509.ParseCertificate(reg.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	signed := ctap.U2FSignedRegistration(application, sha256.Sum256(data), reg.KeyHandle, reg.PublicKey)
	if !verify(cert.PublicKey.(*ecdsa.PublicKey), signed, reg.Signature) {
		t.Error("the attestation signature does not verify")
	}
}

// checkCertificate verifies the self-signature itself: crypto/x509 takes no
// SHA-1.
func checkCertificate(t *testing.T, der []byte) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if len(der) != 395 || cert.SignatureAlgorithm != x509.ECDSAWithSHA1 {
		t.Errorf("got a certificate of %d bytes signed by %v, want 395 and %v", len(der), cert.SignatureAlgorithm, x509.ECDSAWithSHA1)
	}
	digest := sha1.Sum(cert.RawTBSCertificate)
	if !ecdsa.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), digest[:], cert.Signature) {
		t.Error("the self-signature does not verify")
	}
}

func checkAssertion(t *testing.T, seed seed000, application [32]byte, point []byte) {
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ctap.ParseU2FAuthenticateResponse(decode(t, seed.Verify.Sign))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Counter != 2 || resp.Flags != ctap.FlagUP {
		t.Errorf("got counter %d and flags %#x, want 2 and %#x", resp.Counter, resp.Flags, ctap.FlagUP)
	}
	data := decode(t, seed.Repaired)
	got := object(t, data)["challenge"]
	if got != seed.Verify.Challenge || got == seed.Sign.Challenge {
		t.Errorf("challenge: got %s, want %s, which is not that of the example's other run", got, seed.Verify.Challenge)
	}
	signed := ctap.U2FSignedAuthentication(application, sha256.Sum256(data), resp.Flags, resp.Counter)
	if !verify(public, signed, resp.Signature) {
		t.Error("the signature does not verify")
	}
}

func verify(public *ecdsa.PublicKey, message, sig []byte) bool {
	digest := sha256.Sum256(message)
	return ecdsa.VerifyASN1(public, digest[:], sig)
}

// TestSeed000Dialect answers the example's requests: they are of dialect A.
func TestSeed000Dialect(t *testing.T) {
	seed, application := loadSeed000(t)
	const enroll = `{"sessionId": "s1", "challenge": "D2pz", "version": "U2F_V2", "app_id": "http://localhost:8081/app-identity"}`
	key := &fakeKey{answer: decode(t, seed.Bind.RegistrationData)}
	resp, err := u2fjson.Register(context.Background(), key, seed.Decoded.Facet, []byte(enroll))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"registrationData":"` + seed.Bind.RegistrationData + `","bd":"` +
		base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"navigator.id.finishEnrollment","challenge":"D2pz","origin":"http://localhost:8081"}`)) +
		`","sessionId":"s1"}`
	if string(resp) != want || key.register.Application != application {
		t.Errorf("got %s, want %s", resp, want)
	}
}
