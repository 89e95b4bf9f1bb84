package authenticator

import (
	"bytes"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/keystore"
)

func support(how string) inputs { return inputs{"largeBlob": map[string]any{"support": how}} }

func readBlob() inputs { return inputs{"largeBlob": map[string]any{"read": true}} }

func writeBlob(blob []byte, size uint64) inputs {
	return inputs{"largeBlob": map[string]any{"write": blob, "originalSize": size}}
}

// wantUnsigned wants the unsigned outputs to be one of largeBlob, or none if want
// is nil. Nothing of it is signed.
func wantUnsigned(t testing.TB, outputs map[string]any, data *ctap.AuthenticatorData, want map[string]any) {
	t.Helper()
	wantOutput(t, data, "", nil)
	if want == nil {
		if outputs != nil {
			t.Errorf("unsigned outputs %v, want none", outputs)
		}
		return
	}
	if got, want := ctap.MustMarshal(outputs), ctap.MustMarshal(map[string]any{"largeBlob": want}); !bytes.Equal(got, want) {
		t.Errorf("unsigned outputs %x, want %x", got, want)
	}
}

func TestLargeBlobSupport(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	yes, no := map[string]any{"supported": true}, map[string]any{"supported": false}
	for _, tt := range []struct {
		name, how string
		rk        func(*ctap.MakeCredentialRequest)
		want      map[string]any
	}{
		{"row 259: preferred", "preferred", discoverable, yes},
		{"row 260: required", "required", discoverable, yes},
		{"preferred, not discoverable", "preferred", nil, no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := k.in(t).create(support(tt.how).creation("ada", tt.rk))
			wantUnsigned(t, m.response.UnsignedExtensionOutputs, m.data, tt.want)
		})
	}
	k.refused(support("required").creation("ada"), ctap.StatusLargeBlobStorageFull)
}

func TestLargeBlobWriteAndRead(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	unable, able := k.create(creation("bob", discoverable)), k.create(support("required").creation("ada", discoverable))
	loose := k.create(creation("eve", nil))
	written, refused := map[string]any{"written": true}, map[string]any{"written": false}
	longest := bytes.Repeat([]byte{1}, maxLargeBlob)
	stored := func(blob []byte, size uint64) map[string]any {
		return map[string]any{"blob": blob, "originalSize": size}
	}
	tests := []struct {
		name string
		req  *ctap.GetAssertionRequest
		by   made
		want map[string]any
	}{
		{"nothing to read", readBlob().assertion(able.id), able, nil},
		{"row 261: write", writeBlob([]byte("one"), 100).assertion(able.id), able, written},
		{"row 262: read", readBlob().assertion(able.id), able, stored([]byte("one"), 100)},
		{"row 263: no allowList", writeBlob([]byte("two"), 2).assertion(), able, refused},
		{"row 264: no support", writeBlob([]byte("two"), 2).assertion(unable.id), unable, refused},
		{"not discoverable", writeBlob([]byte("two"), 2).assertion(loose.id), loose, refused},
		{"not present", silent(writeBlob([]byte("two"), 2).assertion(able.id)), able, refused},
		{"too long", writeBlob(append(longest, 1), 2).assertion(able.id), able, refused},
		{"none of these was stored", readBlob().assertion(able.id), able, stored([]byte("one"), 100)},
		{"read without presence", silent(readBlob().assertion(able.id)), able, stored([]byte("one"), 100)},
		{"nothing to read without support", readBlob().assertion(unable.id), unable, nil},
		{"nothing to read, not discoverable", readBlob().assertion(loose.id), loose, nil},
		{"write the longest", writeBlob(longest, 1<<63).assertion(able.id), able, written},
		{"read the longest", readBlob().assertion(able.id), able, stored(longest, 1<<63)},
		{"write nothing", writeBlob([]byte{}, 0).assertion(able.id), able, written},
		{"read nothing", readBlob().assertion(able.id), able, stored([]byte{}, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, data := k.in(t).get(tt.req, tt.by)
			wantUnsigned(t, resp.UnsignedExtensionOutputs, data, tt.want)
		})
	}
}

// What does not fit the schema of the input is refused, and writes nothing.
func TestLargeBlobSchema(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	m := k.create(support("required").creation("ada", discoverable))
	blob := []byte{1}
	t.Run("row 266: makeCredential", func(t *testing.T) {
		for _, input := range []map[string]any{
			{}, {"unheard of": true}, {"support": "perhaps"}, {"support": true},
			{"support": "required", "read": true}, {"support": "required", "originalSize": 1}, {"support": "required", "write": blob},
		} {
			k.in(t).refused(inputs{"largeBlob": input}.creation("bob", discoverable), ctap.StatusInvalidCBOR)
		}
	})
	for name, malformed := range map[string][]map[string]any{
		"row 267: getAssertion": {
			{}, {"support": "required"}, {"support": "required", "read": true}, {"read": false},
			{"write": blob}, {"originalSize": 1},
		},
		"row 268: read and write": {
			{"read": true, "write": blob, "originalSize": 1}, {"read": true, "originalSize": 1}, {"read": true, "write": blob},
		},
		"row 269: read of other types": {{"read": 1}, {"read": "true"}},
		"row 270: write of other types": {
			{"write": "text", "originalSize": 1}, {"write": []int{1}, "originalSize": 1},
			{"write": blob, "originalSize": -1}, {"write": blob, "originalSize": blob},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, input := range malformed {
				k.in(t).assertionAnswers(inputs{"largeBlob": input}.assertion(m.id), ctap.StatusInvalidCBOR)
			}
		})
	}
	resp, data := k.get(readBlob().assertion(m.id), m)
	wantUnsigned(t, resp.UnsignedExtensionOutputs, data, nil)
}

// Each credential has a blob of its own, which goes when the credential does.
func TestLargeBlobBelongsToItsCredential(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	a, b := k.create(support("required").creation("ada", discoverable)), k.create(support("required").creation("bob", discoverable))
	k.get(writeBlob([]byte("ada's"), 1).assertion(a.id), a)
	k.get(writeBlob([]byte("bob's"), 2).assertion(b.id), b)
	resp, data := k.get(readBlob().assertion(), b)
	wantUnsigned(t, resp.UnsignedExtensionOutputs, data, map[string]any{"blob": []byte("bob's"), "originalSize": 2})
	next := k.next(a)
	wantUnsigned(t, next.resp.UnsignedExtensionOutputs, next.data, map[string]any{"blob": []byte("ada's"), "originalSize": 1})
	again := k.create(support("required").creation("ada", discoverable))
	resp, data = k.get(readBlob().assertion(again.id), again)
	wantUnsigned(t, resp.UnsignedExtensionOutputs, data, nil)
}

// A blob is not in clear where it is stored.
func TestLargeBlobAtRest(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	m := k.create(support("required").creation("ada", discoverable))
	blob := bytes.Repeat([]byte("clear"), 9)
	k.get(writeBlob(blob, 1).assertion(m.id), m)
	err := k.cfg.Store.View(func(tx keystore.Tx) error {
		c, err := keystore.CredentialByID(tx, m.id)
		if err == nil && (len(c.LargeBlob) == 0 || bytes.Contains(c.LargeBlob, []byte("clear"))) {
			t.Errorf("stored %q, want a ciphertext", c.LargeBlob)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What another extension refuses leaves the blob as it was.
func TestLargeBlobIsWrittenLast(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	m := k.create(support("required").creation("ada", discoverable))
	r := writeBlob([]byte("blob"), 1)
	r["hmac-secret"] = map[int]any{}
	k.assertionRefused(r.assertion(m.id), ctap.StatusMissingParameter)
	resp, data := k.get(readBlob().assertion(m.id), m)
	wantUnsigned(t, resp.UnsignedExtensionOutputs, data, nil)
}

// A store that cannot keep the blob makes the assertion fail: the host must not
// take it for written.
func TestLargeBlobStoreFails(t *testing.T) {
	store := &failingStore{Store: keystore.NewMemory()}
	k := newExtKey(t, "large-blob-extension", func(c *Config) { c.Store = store })
	m := k.create(support("required").creation("ada", discoverable))
	k.get(assertionBy(m.id), m) // takes a block of counter values
	store.fail = true
	k.assertionRefused(writeBlob([]byte("blob"), 1).assertion(m.id), ctap.StatusOther)
	k.get(readBlob().assertion(m.id), m)
}

// The command and the extensions of the two ways exclude each other.
func TestLargeBlobExcludesTheCommand(t *testing.T) {
	k := newExtKey(t, "large-blob-extension", nil)
	_, err := k.readBlobs(1, 0)
	wantStatus(t, "authenticatorLargeBlobs", err, ctap.StatusInvalidCommand)
	if n := k.info().MaxSerializedLargeBlobArray; k.option(ctap.OptionLargeBlobs) != "absent" || n != 0 {
		t.Errorf("getInfo: option largeBlobs %s, maxSerializedLargeBlobArray %d; want neither", k.option(ctap.OptionLargeBlobs), n)
	}
}
