package floor

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"testing"
)

// The floor does real work: its signatures verify.
func TestSign(t *testing.T) {
	f := New(500)
	message := []byte("message")
	digest := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(&f.credential.PublicKey, digest[:], sign(f.credential, message)) {
		t.Error("the signature does not verify")
	}
	hash := make([]byte, 32)
	for name, got := range map[string][]byte{
		"getAssertion": f.GetAssertion(hash), "makeCredential": f.MakeCredential(hash),
		"register": f.Register(hash), "authenticate": f.Authenticate(hash),
	} {
		if len(got) < 70 {
			t.Errorf("%s: answer of %d bytes", name, len(got))
		}
	}
}
