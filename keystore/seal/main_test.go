package seal

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/softkey-project/softkey/keystore"
)

// cheap is a cost for tests: two milliseconds less than none.
var cheap = Cost{Passes: 1, Memory: 8, Lanes: 1}

func passphrase(text string) Passphrase { return Passphrase{Phrase: []byte(text), Cost: cheap} }

// sealWith returns a slot of keeper's for a key.
func sealWith(t *testing.T, k *Key, keeper Keeper) Slot {
	t.Helper()
	s, err := k.Seal(keeper)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put puts slots into a store as Change does.
func put(t *testing.T, s keystore.Store, slots ...Slot) {
	t.Helper()
	update(t, s, func(tx keystore.Tx) error {
		for _, slot := range slots {
			e, err := slot.entry()
			if err != nil {
				return err
			}
			if err := tx.Put(e.Bucket, e.Key, e.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

func update(t *testing.T, s keystore.Store, fn func(keystore.Tx) error) {
	t.Helper()
	if err := s.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s keystore.Store, fn func(keystore.Tx) error) {
	t.Helper()
	if err := s.View(fn); err != nil {
		t.Fatal(err)
	}
}

func openBolt(t *testing.T, dir string) *keystore.Bolt {
	t.Helper()
	s, err := keystore.Open(dir, keystore.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// The secrets of [fill].
var secrets = []string{
	"the device key, it has 32 bytes.", "the PIN's hash..", "an attestation key", "a private key in a handle",
	"a large blob's key", "a credBlob", "user 4711", "Ada Lovelace", "ada@example.com", "RSA's handle", "Example Inc.", "example.com",
}

// fill puts something into every place that a store has for secrets.
func fill(t *testing.T, s keystore.Store) {
	t.Helper()
	c := &keystore.Credential{
		ID: []byte("sixteen bytes, or more"), RPIDHash: sha256.Sum256([]byte("example.com")),
		RPID: "example.com", RPName: "Example Inc.", UserID: []byte("user 4711"),
		UserName: "ada@example.com", UserDisplayName: "Ada Lovelace",
		KeyHandle: []byte("a private key in a handle"), CredBlob: []byte("a credBlob"), LargeBlobKey: []byte("a large blob's key"),
	}
	update(t, s, func(tx keystore.Tx) error {
		return errors.Join(
			keystore.PutUniq(tx, "0123456789abcdef"),
			keystore.PutDeviceKey(tx, [32]byte([]byte("the device key, it has 32 bytes."))),
			keystore.PutPolicy(tx, keystore.Policy{PINHash: []byte("the PIN's hash..")}),
			keystore.PutAttestation(tx, "root", []byte("an attestation key")),
			keystore.PutKeyHandle(tx, c.RPIDHash, []byte("an RSA key's ID"), []byte("RSA's handle"), 1),
			keystore.PutLargeBlobArray(tx, []byte("large blobs")),
			keystore.PutCredential(tx, c, 10),
		)
	})
}

// checkFilled tells whether a store holds what fill has put there.
func checkFilled(t *testing.T, s keystore.Store) {
	t.Helper()
	view(t, s, func(tx keystore.Tx) error {
		key, ok := keystore.DeviceKey(tx)
		if want := "the device key, it has 32 bytes."; !ok || string(key[:]) != want {
			t.Errorf("DeviceKey: got %q, %v; want %q", key, ok, want)
		}
		list, err := keystore.Credentials(tx, sha256.Sum256([]byte("example.com")))
		if err != nil {
			return err
		}
		if len(list) != 1 || string(list[0].LargeBlobKey) != "a large blob's key" {
			t.Errorf("Credentials: got %+v", list)
		}
		policy, err := keystore.GetPolicy(tx)
		if got, want := string(policy.PINHash), "the PIN's hash.."; got != want {
			t.Errorf("PINHash: got %q, want %q", got, want)
		}
		return err
	})
}
