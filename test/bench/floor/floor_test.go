package floor

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

var (
	clientDataHash = bytes.Repeat([]byte{7}, 32)
	pinHash        = bytes.Repeat([]byte{9}, 16)
)

func decode[T any](t *testing.T, answer []byte) (v T) {
	t.Helper()
	if answer[0] != 0 {
		t.Fatalf("status %02X", answer[0])
	}
	if err := ctap.Unmarshal(answer[1:], &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func verify(t *testing.T, point, message, sig []byte) {
	t.Helper()
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(key, digest[:], sig) {
		t.Error("the signature does not verify")
	}
}

// pointOf returns the public key of the credential that an answer names.
func pointOf(t *testing.T, all []credential, handle []byte) []byte {
	t.Helper()
	for _, c := range all {
		if bytes.Equal(c.handle, handle) {
			return c.point
		}
	}
	t.Fatalf("no credential %x", handle)
	return nil
}

// The floor does real work: its signatures verify.
func TestGetAssertion(t *testing.T) {
	f := New(500, pinHash)
	seen := map[string]bool{}
	r := f.Reusing()
	for _, answer := range [][]byte{
		f.GetAssertion(clientDataHash), f.GetAssertion(clientDataHash), f.GetAssertionHedged(clientDataHash),
		r.GetAssertion(clientDataHash), r.GetAssertion(clientDataHash),
	} {
		got := decode[ctap.GetAssertionResponse](t, answer)
		verify(t, pointOf(t, f.es256, got.Credential.ID), append(got.AuthData, clientDataHash...), got.Signature)
		seen[string(got.Credential.ID)] = true
	}
	if len(seen) != 5 {
		t.Errorf("five assertions by %d credentials, want each by another", len(seen))
	}
}

func TestGetAssertionEdDSA(t *testing.T) {
	f := New(500, pinHash)
	got := decode[ctap.GetAssertionResponse](t, f.GetAssertionEdDSA(clientDataHash))
	if !ed25519.Verify(pointOf(t, f.ed25519, got.Credential.ID), append(got.AuthData, clientDataHash...), got.Signature) {
		t.Error("the signature does not verify")
	}
}

func TestMakeCredential(t *testing.T) {
	f := New(500, pinHash)
	got := decode[ctap.MakeCredentialResponse](t, f.MakeCredential(clientDataHash))
	data, err := ctap.ParseAuthenticatorData(got.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	c := credential{handle: data.Credential.ID}
	if c.point, err = cose.PointES256(data.Credential.PublicKey); err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	verify(t, c.point, message, sign(parseES256(f.open(c, data.RPIDHash)), message))

	attestation, _ := f.attestation.PublicKey.Bytes()
	sig, _ := got.AttStmt.(map[any]any)["sig"].([]byte)
	verify(t, attestation, append(got.AuthData, clientDataHash...), sig)
}

func TestU2F(t *testing.T) {
	f := New(0, pinHash)
	application := sha256.Sum256([]byte(rpID))
	data, err := ctap.ParseResponseAPDU(f.Authenticate(clientDataHash))
	if err != nil {
		t.Fatal(err)
	}
	signed := append(append(bytes.Clone(application[:]), data[:5]...), clientDataHash...)
	verify(t, f.es256[0].point, signed, data[5:])

	if data, err = ctap.ParseResponseAPDU(f.Register(application[:], clientDataHash)); err != nil {
		t.Fatal(err)
	}
	point, handle, sig := data[1:66], data[67:67+handleSize], data[67+handleSize:]
	message := append([]byte{0}, application[:]...)
	message = append(append(append(message, clientDataHash...), handle...), point...)
	attestation, _ := f.attestation.PublicKey.Bytes()
	verify(t, attestation, message, sig)
}

// platform is the other end of a key agreement.
func platform(t *testing.T, f *Floor) (point, hmacKey, aesKey []byte) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hmacKey, aesKey = (&Floor{agreement: key}).agree(f.Agreement())
	return key.PublicKey().Bytes(), hmacKey, aesKey
}

func TestHMACSecret(t *testing.T) {
	f := New(500, pinHash)
	point, hmacKey, aesKey := platform(t, f)
	salt := bytes.Repeat([]byte{5}, 32)
	saltEnc := encrypt(aesKey, salt)
	got := decode[ctap.GetAssertionResponse](t, f.HMACSecret(clientDataHash, point, saltEnc, authenticate(hmacKey, saltEnc)))
	verify(t, f.es256[0].point, append(got.AuthData, clientDataHash...), got.Signature)

	material := f.open(f.es256[0], sha256.Sum256([]byte(rpID)))
	credRandom, _ := hkdf.Key(sha256.New, material, nil, "CredRandom", 32)
	output := decrypt(aesKey, got.AuthData[len(got.AuthData)-48:])
	if want := authenticate(credRandom, salt); !bytes.Equal(output, want) {
		t.Errorf("got %x, want %x", output, want)
	}
}

func TestPINToken(t *testing.T) {
	f := New(500, pinHash)
	point, _, aesKey := platform(t, f)
	got := decode[ctap.ClientPINResponse](t, f.PINToken(point, encrypt(aesKey, pinHash)))
	if token := decrypt(aesKey, got.PinUvAuthToken); len(token) != 32 {
		t.Errorf("a token of %d bytes, want 32", len(token))
	}
}

func TestLink(t *testing.T) {
	var l Link
	for _, size := range []int{58, 116, 117, 300, 7609} {
		message := make([]byte, size)
		rand.Read(message)
		if got := l.Pass(message); !bytes.Equal(got, message) {
			t.Errorf("%d bytes: got others", size)
		}
	}
}

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor.db")
	s, err := OpenStore(path, 10, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Put([]byte("value")); err != nil {
		t.Fatal(err)
	}
	records := 0
	err = s.db.View(func(tx *bbolt.Tx) error {
		records = tx.Bucket(s.bucket).Stats().KeyN
		return nil
	})
	if err != nil || records != 11 || s.db.NoSync {
		t.Errorf("got %d records, %v, NoSync %v; want 11 that are synced", records, err, s.db.NoSync)
	}
}
