package webauthn_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/softkey-project/softkey/client"
	"github.com/softkey-project/softkey/client/webauthn"
	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctaphid"
)

// vectorKey is the authenticator of a test vector of prf (WebAuthn Level 3,
// §16.17.1): it checks the salts that it gets, and answers the outputs.
type vectorKey struct {
	t    *testing.T
	v    map[string][]byte
	info ctap.GetInfoResponse
}

// newVectorKey reads a vector; the options say what user verification the key
// has.
func newVectorKey(t *testing.T, file string, options map[string]bool) *vectorKey {
	t.Helper()
	f, err := os.Open(filepath.Join("../testdata/prf", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	k := &vectorKey{t: t, v: map[string][]byte{}}
	for s := bufio.NewScanner(f); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), ": ")
		if name != "comment" {
			if k.v[name], err = hex.DecodeString(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	k.info = ctap.GetInfoResponse{
		Versions: []string{ctap.VersionFIDO21}, Extensions: []string{"hmac-secret", "hmac-secret-mc"}, AAGUID: make([]byte, 16),
		Options: options, PinUvAuthProtocols: []uint64{uint64(k.v["protocol"][0])},
	}
	return k
}

// device opens the key, with the platform's half of the vector's secrets.
func (k *vectorKey) device() *client.Device {
	k.t.Helper()
	d, err := client.Open(k.t.Context(), ctaphid.Loopback(k, ctaphid.Config{Capabilities: ctaphid.CapCBOR}))
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { d.Close() })
	d.Rand = bytes.NewReader(slices.Concat(k.v["platform key"], k.v["iv"]))
	return d
}

func (k *vectorKey) Handle(_ context.Context, req *ctap.Request) []byte {
	switch ctap.Command(req.Data[0]) {
	case ctap.CommandGetInfo:
		return k.ok(k.info)
	case ctap.CommandClientPIN:
		return k.ok(map[int]any{1: map[int]any{1: 2, 3: -25, -1: 1, -2: k.v["authenticator x"], -3: k.v["authenticator y"]}})
	case ctap.CommandMakeCredential:
		return k.makeCredential(req.Data[1:])
	}
	return k.getAssertion(req.Data[1:])
}

func (k *vectorKey) makeCredential(parameters []byte) []byte {
	req, err := ctap.ParseMakeCredentialRequest(parameters)
	if err != nil {
		k.t.Error(err)
	}
	if string(req.Extensions["hmac-secret"]) != "\xf5" {
		k.t.Errorf("hmac-secret: got %x, want true", req.Extensions["hmac-secret"])
	}
	k.checkSalts(req.Extensions["hmac-secret-mc"])
	data := ctap.AuthenticatorData{
		RPIDHash: sha256.Sum256([]byte(req.RP.ID)), Flags: ctap.FlagUP,
		Credential: &ctap.AttestedCredential{ID: []byte("id"), PublicKey: newPrivateKey(k.t, cose.ES256, 1).COSEKey()},
		Extensions: ctap.MustMarshal(map[string]any{"hmac-secret": true, "hmac-secret-mc": k.v["output enc"]}),
	}
	return k.ok(ctap.MakeCredentialResponse{Format: "none", AuthData: data.Append(nil), AttStmt: map[string]any{}})
}

func (k *vectorKey) getAssertion(parameters []byte) []byte {
	req, err := ctap.ParseGetAssertionRequest(parameters)
	if err != nil {
		k.t.Error(err)
	}
	resp := ctap.GetAssertionResponse{Credential: &ctap.CredentialDescriptor{ID: []byte("two"), Type: ctap.PublicKey}, Signature: []byte{1}}
	data := ctap.AuthenticatorData{RPIDHash: sha256.Sum256([]byte(req.RPID))}
	if req.Options == nil { // not silent
		k.checkSalts(req.Extensions["hmac-secret"])
		data.Extensions = ctap.MustMarshal(map[string]any{"hmac-secret": k.v["output enc"]})
	}
	resp.AuthData = data.Append(nil)
	return k.ok(resp)
}

func (k *vectorKey) checkSalts(input ctap.Raw) {
	var in map[int]ctap.Raw
	if err := ctap.Unmarshal(input, &in); err != nil {
		k.t.Errorf("input %x: %v", input, err)
	}
	if want := ctap.MustMarshal(k.v["salt enc"]); !bytes.Equal(in[2], want) {
		k.t.Errorf("saltEnc: got %x, want %x", in[2], want)
	}
}

func (k *vectorKey) ok(answer any) []byte { return append([]byte{0}, ctap.MustMarshal(answer)...) }

// eval and results are the vector's values as a page has them.
func (k *vectorKey) eval() string { return k.values("first", "second") }

func (k *vectorKey) results() string { return k.values("result 1", "result 2") }

func (k *vectorKey) values(first, second string) string {
	s := `{"first":"` + encode(k.v[first]) + `"`
	if v := k.v[second]; v != nil {
		s += `,"second":"` + encode(v) + `"`
	}
	return s + `}`
}

var vectors = []string{"one-input-protocol-1.txt", "one-input-protocol-2.txt", "two-inputs-protocol-2.txt"}

// TestPRFVectors runs the test vectors of WebAuthn Level 3, from options to
// results.
func TestPRFVectors(t *testing.T) {
	const other = `{"first":"b3RoZXI"}`
	for _, file := range vectors {
		k := newVectorKey(t, file, nil)
		tests := []struct {
			name, options, results string
			run                    func(*webauthn.Client, context.Context, []byte) ([]byte, error)
		}{
			{"create", object(creation, `"extensions":{"prf":{"eval":`+k.eval()+`}}`), `{"prf":{"enabled":true,"results":` + k.results() + `}}`, (*webauthn.Client).Create},
			{"get", object(request, `"extensions":{"prf":{"eval":`+k.eval()+`}}`), `{"prf":{"results":` + k.results() + `}}`, (*webauthn.Client).Get},
			{
				"by credential, which comes first", object(request, allowing, `"extensions":{"prf":{"eval":`+other+`,"evalByCredential":{"dHdv":`+k.eval()+`,"b25l":`+other+`}}}`),
				`{"prf":{"results":` + k.results() + `}}`, (*webauthn.Client).Get,
			},
			{
				"by another credential", object(request, allowing, `"extensions":{"prf":{"eval":`+k.eval()+`,"evalByCredential":{"b25l":`+other+`}}}`),
				`{"prf":{"results":` + k.results() + `}}`, (*webauthn.Client).Get,
			},
		}
		for _, tt := range tests {
			t.Run(file+", "+tt.name, func(t *testing.T) {
				k.t = t
				resp, err := tt.run(&webauthn.Client{Device: k.device(), Origin: origin}, t.Context(), []byte(tt.options))
				if err != nil {
					t.Fatal(err)
				}
				if got := extensionResults(t, resp); got != tt.results {
					t.Errorf("results: got %s, want %s", got, tt.results)
				}
			})
		}
	}
}

// TestPRFOutputs has outputs that are none.
func TestPRFOutputs(t *testing.T) {
	for _, output := range [][]byte{nil, make([]byte, 16), make([]byte, 96)} {
		k := newVectorKey(t, vectors[0], nil)
		k.v["output enc"] = output
		resp, err := (&webauthn.Client{Device: k.device(), Origin: origin}).Get(t.Context(), []byte(object(request, `"extensions":{"prf":{"eval":`+k.eval()+`}}`)))
		wantError(t, resp, err, webauthn.UnknownError)
	}
}
