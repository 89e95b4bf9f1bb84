package authenticator

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// extKeys are two keys that have all extensions between them, and their hosts.
func extKeys(t testing.TB) []key {
	return []key{newExtKey(t, "full-policy", nil), newExtKey(t, "large-blob-extension", nil)}
}

// What is not of an input's type is refused with 11; largeBlob knows 12 alone.
func TestExtensionInputTypes(t *testing.T) {
	items := map[string]ctap.Raw{
		"uint": {0x02}, "negative": {0x20}, "bytes": {0x41, 0x01}, "text": {0x61, 'a'},
		"array": {0x81, 0x01}, "map": {0xa0}, "bool": {0xf5}, "float": {0xf9, 0x3c, 0x00}, "null": {0xf6},
	}
	tests := []struct{ rows, name, create, get string }{ // the types that are taken, or whose refusal is another
		{"", "credProtect", "uint", ""},
		{"", "credBlob", "bytes", "bool"},
		{"rows 274, 276: ", "largeBlobKey", "bool", "bool"},
		{"", "minPinLength", "bool", ""},
		{"", "pinComplexityPolicy", "bool", ""},
		{"row 229: ", "hmac-secret", "bool", "map"},
		{"row 241: ", "hmac-secret-mc", "map", ""},
		{"", "thirdPartyPayment", "bool", "bool"},
		{"", "uvm", "bool", "bool"},
		{"", "previewSign", "map", "map"},
		{"", "largeBlob", "map", "map"},
	}
	for _, tt := range tests {
		t.Run(tt.rows+tt.name, func(t *testing.T) {
			for _, k := range extKeys(t) {
				if !k.profile.extends(tt.name) {
					continue
				}
				m := k.create(creation("ada", nil))
				for kind, item := range items {
					want := ctap.StatusCBORUnexpectedType
					if tt.name == "largeBlob" && kind != "null" { // a null is refused with the message
						want = ctap.StatusInvalidCBOR
					}
					if kind != tt.create {
						k.refused(mcInput(tt.name, item).creation("eve", discoverable), want)
					}
					if tt.get == "" && kind != "null" { // nothing to do in getAssertion
						want = ctap.StatusOK
					}
					if kind != tt.get {
						k.assertionAnswers(inputs{tt.name: item}.assertion(m.id), want)
					}
				}
			}
		})
	}
}

// mcInput is an input in such company as it needs.
func mcInput(name string, input any) inputs {
	if name == "hmac-secret-mc" {
		return inputs{"hmac-secret": true, name: input}
	}
	return inputs{name: input}
}

// Nobody gets an output who did not ask, nor of an extension that the key lacks.
func TestExtensionOutputsAreAskedFor(t *testing.T) {
	everything := inputs{"unheard of": "x"}
	for _, e := range extensions {
		everything[e.name] = true
	}
	bare := func(c *Config) { c.Profile.Extensions = nil }
	tests := []struct {
		name string
		key  key
		in   inputs
	}{
		{"no inputs", newExtKey(t, "full-policy", nil), inputs{}},
		{"unknown inputs", newExtKey(t, "full-policy", nil), inputs{"unheard of": "x", "appid": "y", "credProps": true}},
		{"inputs of a key without extensions", newExtKey(t, "fido2.0", bare), everything},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := tt.key
			m := k.create(tt.in.creation("ada", discoverable))
			wantOutput(t, m.data, "", nil)
			if m.response.LargeBlobKey != nil || m.response.UnsignedExtensionOutputs != nil {
				t.Errorf("makeCredential: %+v, want no outputs", m.response)
			}
			resp, data := k.get(tt.in.assertion(m.id), m)
			wantOutput(t, data, "", nil)
			if resp.LargeBlobKey != nil || resp.UnsignedExtensionOutputs != nil {
				t.Errorf("getAssertion: %+v, want no outputs", resp)
			}
		})
	}
}

// The order of outputs is canonical, whatever that of the inputs.
func TestExtensionOutputsTogether(t *testing.T) {
	k := newExtKey(t, "full-policy", nil)
	in := inputs{
		"credProtect": 2, "credBlob": []byte{1}, "largeBlobKey": true, "hmac-secret": true,
		"thirdPartyPayment": true, "uvm": true, "minPinLength": true,
	}
	m := k.create(in.creation("ada", discoverable))
	want := ctap.MustMarshal(map[string]any{
		"uvm": [][]int{{presenceInternal, 1, 1}}, "credBlob": true, "credProtect": 2, "hmac-secret": true,
	})
	if !slices.Equal(m.data.Extensions, want) {
		t.Errorf("outputs %x, want %x", m.data.Extensions, want)
	}
	if err := ctap.CheckCanonical(m.data.Extensions); err != nil {
		t.Error(err)
	}
}

// Credentials outlive versions of softkey: what is derived of their keys stays.
// The values are another implementation's HKDF.
func TestDerivedSecretsNeverChange(t *testing.T) {
	material := make([]byte, 96)
	for i := range material {
		material[i] = byte(i)
	}
	for purpose, want := range map[string]string{
		purposeWithUV:      "76316c4eefe4dc1c3f0028ad39d5eb923dd5483b433acfe901d63c1adaa23e9d",
		purposeWithoutUV:   "f814f925907aaefdc2d36c008b70ea7a58c63a0c41b8177128546e30cd66e8a0",
		purposeLargeBlob:   "ea7fd8753c93698fe3522a8cd606c8bcf92bb9425f6ceea61748fee7cdbe2f9f",
		purposeSigningKeys: "8a641ec75800e642832cb2aa565329c51b71e6da70a5caf6cc4be4ca5f19fb32",
	} {
		got, err := deriveSecret(material, purpose)
		if err != nil || hex.EncodeToString(got[:]) != want {
			t.Errorf("%s: got %x, %v; want %s", purpose, got, err, want)
		}
	}
}

// FuzzExtension: whatever an extension is given, the host hears a status that
// says what is wrong, never that the key is at fault, and a request that fails
// makes no credential.
func FuzzExtension(f *testing.F) {
	for i := range extensions {
		for _, input := range []any{
			true, false, 1, 3, []byte("blob"), "text", []int{1}, map[int]any{},
			map[string]any{"support": "required"}, map[string]any{"read": true},
			map[string]any{"write": []byte{1}, "originalSize": 1},
			map[int]any{1: map[int]any{1: 2, 3: -25, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)}, 2: make([]byte, 32), 3: make([]byte, 16), 4: 1},
			map[int]any{3: []int{-7}, 4: 1}, map[int]any{2: []byte{1}, 6: []byte{2}, 7: []byte{3}},
		} {
			f.Add(byte(i), ctap.MustMarshal(input))
		}
	}
	keys := extKeys(f)
	var credentials []made
	for _, k := range keys {
		credentials = append(credentials, k.create(creation("ada", discoverable)))
	}
	f.Fuzz(func(t *testing.T, which byte, input []byte) {
		name := extensions[int(which)%len(extensions)].name
		for i, k := range keys {
			k.t = t
			before := credentialCount(k)
			raw := map[string]ctap.Raw{"hmac-secret": {0xf5}}
			raw[name] = input
			create := creation("eve", discoverable)
			create.Extensions = raw
			made := k.fuzzed(ctap.CommandMakeCredential, create)
			if after := credentialCount(k); !made && after != before || after > 2 {
				t.Errorf("%s %x: %d credentials after %d", name, input, after, before)
			}
			get := assertionBy(credentials[i].id)
			get.Extensions = raw
			k.fuzzed(ctap.CommandGetAssertion, get)
		}
	})
}

// fuzzed sends a request whose parts may be no CBOR, and tells whether it was
// granted.
func (k key) fuzzed(id ctap.Command, request any) bool {
	parameters, err := ctap.Marshal(request)
	if err != nil {
		return false
	}
	err = k.command(id, parameters, nil)
	if ctap.StatusOf(err) == ctap.StatusOther {
		k.t.Errorf("%v %x: %v", id, parameters, err)
	}
	return err == nil
}
