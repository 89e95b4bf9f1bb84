//go:build e2e && linux

package node_test

import (
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
)

// TestLatency prints the round trips of PING and of getAssertion through the
// kernel beside those of the loopback. It judges none.
func TestLatency(t *testing.T) {
	kernel, loopback := atNode(t), atLoopback(t)
	for _, op := range []struct {
		name    string
		rounds  int
		prepare func(*testing.T, *client.Device) func() error
	}{
		{"PING of 8 bytes", 1000, pinging(8)},
		{"PING of 1024 bytes", 100, pinging(1024)},
		{"getAssertion", 300, asserting},
	} {
		through, within := measure(t, op.rounds, op.prepare(t, kernel)), measure(t, op.rounds, op.prepare(t, loopback))
		note("%s: median %v, 99 %% within %v; loopback %v, %v", op.name,
			percentile(through, 50), percentile(through, 99), percentile(within, 50), percentile(within, 99))
	}
}

func pinging(size int) func(*testing.T, *client.Device) func() error {
	return func(t *testing.T, key *client.Device) func() error {
		return func() error { return key.Ping(t.Context(), make([]byte, size)) }
	}
}

// asserting makes a credential; each call then has it sign.
func asserting(t *testing.T, key *client.Device) func() error {
	t.Helper()
	hash := sha256.Sum256(nil)
	made, err := key.MakeCredential(t.Context(), &ctap.MakeCredentialRequest{
		ClientDataHash: hash[:], RP: &ctap.RelyingParty{ID: "example.com"}, User: &ctap.User{ID: []byte("ada"), Name: "ada"},
		PubKeyCredParams: []ctap.CredentialParameters{{Algorithm: int64(cose.ES256), Type: ctap.PublicKey}},
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := ctap.ParseAuthenticatorData(made.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	request := &ctap.GetAssertionRequest{
		RPID: "example.com", ClientDataHash: hash[:],
		AllowList: []ctap.CredentialDescriptor{{ID: data.Credential.ID, Type: ctap.PublicKey}},
	}
	return func() error {
		_, err := key.GetAssertion(t.Context(), request)
		return err
	}
}

// measure returns how long each round took, in order of size.
func measure(t *testing.T, rounds int, operation func() error) []time.Duration {
	t.Helper()
	took := make([]time.Duration, rounds)
	for i := range took {
		start := time.Now()
		if err := operation(); err != nil {
			t.Fatal(err)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[len(sorted)*p/100].Round(time.Microsecond)
}
