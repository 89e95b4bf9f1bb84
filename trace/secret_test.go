package trace

import (
	"bytes"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/ctap"
)

// A large-blob key is withheld wherever it is.
func TestLargeBlobKeys(t *testing.T) {
	for command, member := range map[ctap.Command]int64{
		ctap.CommandMakeCredential: 5, ctap.CommandGetAssertion: 7, ctap.CommandGetNextAssertion: 7,
		ctap.CommandCredentialManagement: 11, ctap.CommandCredentialManagementPreview: 11,
	} {
		var out bytes.Buffer
		resp := append([]byte{0}, ctap.MustMarshal(map[int64]any{1: 1, member: []byte{0xC0, 0xFF, 0xEE}})...)
		New(&out).Handler(answer(resp)).Handle(t.Context(), request(ctap.CTAP2, []byte{byte(command)}))
		if got := out.String(); strings.Contains(got, "c0ffee") || !strings.Contains(got, `/ largeBlobKey /: "withheld"`) {
			t.Errorf("%v: got:\n%s\nwant the largeBlobKey withheld", command, got)
		}
	}
}

// What a site keeps with a credential in the clear is withheld, wherever it is, and
// the rest of its message is not.
func TestBlobs(t *testing.T) {
	secret := []byte{0xC0, 0xFF, 0xEE}
	authData := func(flags ctap.Flags, extensions any) []byte {
		d := ctap.AuthenticatorData{Flags: flags, Extensions: ctap.MustMarshal(extensions)}
		return d.Append(nil)
	}
	in := func(extension string, input any) map[string]any {
		return map[string]any{extension: input, "hmac-secret": true}
	}
	notCanonical := append([]byte{0xBF, 6}, append(ctap.MustMarshal(in("credBlob", secret)), 0xFF)...)
	tests := []struct {
		name           string
		command        ctap.Command
		request, reply any // bytes are taken as they are
		want           string
	}{
		{
			"credBlob of makeCredential", ctap.CommandMakeCredential, map[int]any{6: in("credBlob", secret)}, nil,
			`{6 / extensions /: {"credBlob": "withheld", "hmac-secret": true}}`,
		},
		{
			"credBlob in authData", ctap.CommandGetAssertion, nil, map[int]any{2: authData(ctap.FlagUP, in("credBlob", secret)), 3: 1},
			", flags 81 UP ED, signCount 0, credBlob withheld /,\n     3 / signature /: 1}",
		},
		{
			"credBlob of the next", ctap.CommandGetNextAssertion, nil, map[int]any{2: authData(ctap.FlagUP, in("credBlob", secret))},
			", credBlob withheld /}",
		},
		{
			"authData that are malformed", ctap.CommandGetAssertion, nil,
			map[int]any{2: append(authData(ctap.FlagUP, in("credBlob", secret)), 0)}, `{2 / authData /: "withheld"}`,
		},
		{
			"a largeBlob that is written", ctap.CommandGetAssertion, map[int]any{4: in("largeBlob", map[string]any{"write": secret, "originalSize": 3})}, nil,
			`{4 / extensions /: {"largeBlob": {"write": "withheld", "originalSize": 3}, "hmac-secret": true}}`,
		},
		{
			"a largeBlob that is read", ctap.CommandGetAssertion, nil, map[int]any{8: map[string]any{"largeBlob": map[string]any{"blob": secret, "originalSize": 3}}},
			`{8 / unsignedExtensionOutputs /: {"largeBlob": {"blob": "withheld", "originalSize": 3}}}`,
		},
		{
			"extensions of another form", ctap.CommandMakeCredential, map[int]any{6: []any{in("credBlob", secret)}}, nil,
			`{6 / extensions /: "withheld"}`,
		},
		{"a message of another form", ctap.CommandMakeCredential, notCanonical, nil, "    withheld\n    CBOR at byte 1: "},
		{
			"no blob", ctap.CommandGetAssertion, map[int]any{4: map[string]any{"credBlob": true, "largeBlob": map[string]any{"read": true}}}, nil,
			`{4 / extensions /: {"credBlob": true, "largeBlob": {"read": true}}}`,
		},
		{
			"no blob that is told", ctap.CommandMakeCredential, nil, map[int]any{2: authData(0, in("credBlob", true)), 6: in("largeBlob", true)},
			`6 / unsignedExtensionOutputs /: {"largeBlob": true, "hmac-secret": true}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			New(&out).Handler(answer(encoded(0, tt.reply))).Handle(t.Context(), request(ctap.CTAP2, encoded(byte(tt.command), tt.request)))
			if got := out.String(); strings.Contains(got, "c0ffee") || !strings.Contains(got, tt.want) {
				t.Errorf("got:\n%s\nwant %s", got, tt.want)
			}
		})
	}
}

// encoded returns a message that begins with a byte.
func encoded(first byte, content any) []byte {
	switch c := content.(type) {
	case nil:
		return []byte{first}
	case []byte:
		return append([]byte{first}, c...)
	default:
		return append([]byte{first}, ctap.MustMarshal(c)...)
	}
}
