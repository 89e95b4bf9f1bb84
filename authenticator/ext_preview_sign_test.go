package authenticator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/softkey-project/softkey/ctap"
	"github.com/softkey-project/softkey/ctap/cose"
	"github.com/softkey-project/softkey/ctap/pinuv"
)

// signingAttestation is what a site learns of a signing key.
type signingAttestation struct {
	alg      cose.ID
	response ctap.MakeCredentialResponse
	data     *ctap.AuthenticatorData
	handle   []byte
	public   ctap.Raw
}

func generateKey(flags any, algs ...cose.ID) inputs {
	in := map[int]any{signAlgorithm: algs}
	if flags != nil {
		in[signFlags] = flags
	}
	return inputs{"previewSign": in}
}

// signingKeyOf reads the two outputs of makeCredential.
func signingKeyOf(t *testing.T, m made) (s signingAttestation) {
	t.Helper()
	var out map[int]cose.ID
	if !output(t, m.data, "previewSign", &out) || len(out) != 1 {
		t.Fatalf("outputs %x, want previewSign: {3: algorithm}", m.data.Extensions)
	}
	s.alg = out[signAlgorithm]
	var unsigned struct {
		PreviewSign struct {
			Object []byte `cbor:"7,keyasint"`
		} `cbor:"previewSign"`
	}
	if err := ctap.Unmarshal(ctap.MustMarshal(m.response.UnsignedExtensionOutputs), &unsigned); err != nil {
		t.Fatal(err)
	}
	if err := ctap.Unmarshal(unsigned.PreviewSign.Object, &s.response); err != nil {
		t.Fatalf("attestation object %x: %v", unsigned.PreviewSign.Object, err)
	}
	var err error
	if s.data, err = ctap.ParseAuthenticatorData(s.response.AuthData); err != nil {
		t.Fatal(err)
	}
	s.handle, s.public = s.data.Credential.ID, s.data.Credential.PublicKey
	return s
}

func signingInput(handle, toBeSigned []byte, arguments any) inputs {
	in := map[int]any{2: handle, 6: toBeSigned}
	if arguments != nil {
		in[7] = ctap.MustMarshal(arguments)
	}
	return inputs{"previewSign": in}
}

// signature returns the signature in an assertion.
func signature(t *testing.T, data *ctap.AuthenticatorData) []byte {
	t.Helper()
	var out map[int][]byte
	if !output(t, data, "previewSign", &out) || len(out) != 1 {
		t.Fatalf("outputs %x, want previewSign: {6: signature}", data.Extensions)
	}
	return out[signSignature]
}

func TestPreviewSign(t *testing.T) {
	message := []byte("to be signed")
	digest := sha256.Sum256(message)
	tests := []struct {
		wanted     []cose.ID
		alg        cose.ID
		keyAlg     cose.ID // of the public key, which verifies the message
		toBeSigned []byte
	}{
		{[]cose.ID{cose.ES256}, cose.ES256, cose.ES256, message},
		{[]cose.ID{-18, cose.ESP256, cose.ES256}, cose.ESP256, cose.ESP256, message},
		{[]cose.ID{esp256Split}, esp256Split, cose.ESP256, digest[:]},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.wanted), func(t *testing.T) {
			k := newExtKey(t, "full-policy", nil)
			m := k.create(generateKey(signNeedsPresence, tt.wanted...).creation("ada"))
			s := signingKeyOf(t, m)
			if s.alg != tt.alg {
				t.Errorf("algorithm %d, want %d", s.alg, tt.alg)
			}
			checkSigningData(t, k, m, s, signNeedsPresence)
			_, data := k.get(signingInput(s.handle, tt.toBeSigned, nil).assertion(m.id), m)
			if err := cose.ByID(tt.keyAlg).Verify(s.public, message, signature(t, data)); err != nil {
				t.Errorf("signature: %v", err)
			}
			again := signingKeyOf(t, k.create(generateKey(nil, tt.wanted...).creation("ada")))
			if bytes.Equal(again.handle, s.handle) || bytes.Equal(again.public, s.public) {
				t.Error("two credentials have the same signing key")
			}
		})
	}
}

// checkSigningData holds the attestation object of a signing key against that of
// its credential.
func checkSigningData(t *testing.T, k key, m made, s signingAttestation, flags byte) {
	t.Helper()
	got, want := s.data, m.data
	if got.RPIDHash != want.RPIDHash || got.Flags != want.Flags || got.SignCount != 0 || got.Credential.AAGUID != want.Credential.AAGUID {
		t.Errorf("authData %+v, want as of the credential %+v, and signCount 0", got, want)
	}
	wantOutput(t, got, "previewSign", map[int]byte{signFlags: flags})
	var statement struct {
		Algorithm cose.ID  `cbor:"alg"`
		Signature []byte   `cbor:"sig"`
		X5C       [][]byte `cbor:"x5c"`
	}
	if err := ctap.Unmarshal(ctap.MustMarshal(s.response.AttStmt), &statement); err != nil || s.response.Format != "packed" {
		t.Fatalf("format %s, %v; want packed", s.response.Format, err)
	}
	if attester, _ := k.cfg.Attester(); len(statement.X5C) == 0 || !bytes.Equal(statement.X5C[0], attester.Certificate()) {
		t.Errorf("x5c %x, want the attester's", statement.X5C)
	}
	if len(s.handle) > maxHandle || bytes.Equal(s.handle, m.id) {
		t.Errorf("key handle %x, want no more than %d bytes and not the credential ID", s.handle, maxHandle)
	}
}

func TestPreviewSignAttestation(t *testing.T) {
	selfAttested := func(c *Config) {
		c.Attester, c.Profile.Versions = nil, []string{ctap.VersionFIDO20}
	}
	preferNone := func(r *ctap.MakeCredentialRequest) { r.AttestationFormatsPreference = []string{"none"} }
	for _, tt := range []struct {
		name   string
		config func(*Config)
		alg    cose.ID
		change func(*ctap.MakeCredentialRequest)
		want   string
	}{
		{"attester", nil, cose.ESP256, nil, "packed"},
		{"attester, ARKG", nil, esp256SplitARKG, nil, "packed"},
		{"none wanted", nil, cose.ESP256, preferNone, "none"},
		{"self", selfAttested, cose.ESP256, nil, "packed"},
		{"self, ARKG", selfAttested, esp256SplitARKG, nil, "none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newExtKey(t, "full-policy", tt.config)
			s := signingKeyOf(t, k.create(generateKey(nil, tt.alg).creation("ada", tt.change)))
			if s.response.Format != tt.want {
				t.Errorf("format %s, want %s", s.response.Format, tt.want)
			}
			if k.cfg.Attester == nil && tt.want == "packed" {
				checkSelfAttestation(t, s)
			}
		})
	}
}

func checkSelfAttestation(t *testing.T, s signingAttestation) {
	t.Helper()
	statement, ok := s.response.AttStmt.(map[any]any)
	if !ok {
		t.Fatalf("attStmt %v, want a map", s.response.AttStmt)
	}
	signed := append(bytes.Clone(s.response.AuthData), testClientDataHash[:]...)
	sig, _ := statement["sig"].([]byte)
	if err := cose.ByID(cose.ESP256).Verify(s.public, signed, sig); err != nil {
		t.Errorf("self attestation: %v", err)
	}
}

func TestPreviewSignGenerateRefusals(t *testing.T) {
	k := newExtKey(t, "full-policy", nil)
	for flags := range uint64(256) {
		var want error = ctap.StatusInvalidOption
		if flags == 0 || flags == 1 || flags == 5 {
			want = nil
		}
		k.refused(generateKey(flags, cose.ESP256).creation("ada", discoverable), want)
	}
	for _, tt := range []struct {
		input any
		want  error
	}{
		{map[int]any{3: []int{-18}}, ctap.StatusUnsupportedAlgorithm},
		{map[int]any{3: []int{}}, ctap.StatusUnsupportedAlgorithm},
		{map[int]any{4: 1}, ctap.StatusInvalidOption},
		{map[int]any{3: -7}, ctap.StatusCBORUnexpectedType},
		{map[int]any{3: []string{"ES256"}}, ctap.StatusCBORUnexpectedType},
		{map[int]any{3: []int{-7}, 4: "up"}, ctap.StatusCBORUnexpectedType},
	} {
		k.refused(inputs{"previewSign": tt.input}.creation("ada", discoverable), tt.want)
	}
}

func TestPreviewSignRefusals(t *testing.T) {
	k := newExtKey(t, "full-policy", nil)
	m := k.create(generateKey(signUnattended, cose.ESP256).creation("ada", discoverable))
	s := signingKeyOf(t, m)
	split := k.create(generateKey(signUnattended, esp256Split).creation("bob"))
	arkg := k.create(generateKey(signUnattended, esp256SplitARKG).creation("eve"))
	ofSplit, ofARKG := signingKeyOf(t, split).handle, signingKeyOf(t, arkg).handle
	tbs := make([]byte, 32)
	arguments := func(alg any, handle, context any) map[int]any { return map[int]any{3: alg, -1: handle, -2: context} }
	for _, tt := range []struct {
		name string
		req  *ctap.GetAssertionRequest
		want error
	}{
		{"no fault", signingInput(s.handle, tbs, nil).assertion(m.id), nil},
		{"arguments that are not needed", signingInput(s.handle, tbs, map[int]any{3: -9}).assertion(m.id), nil},
		{"no allowList", signingInput(s.handle, tbs, nil).assertion(), ctap.StatusInvalidOption},
		{"no key handle", inputs{"previewSign": map[int]any{6: tbs}}.assertion(m.id), ctap.StatusInvalidOption},
		{"no tbs", inputs{"previewSign": map[int]any{2: s.handle}}.assertion(m.id), ctap.StatusInvalidOption},
		{"key handle text", inputs{"previewSign": map[int]any{2: "x", 6: tbs}}.assertion(m.id), ctap.StatusCBORUnexpectedType},
		{"tbs an array", inputs{"previewSign": map[int]any{2: s.handle, 6: []int{1}}}.assertion(m.id), ctap.StatusCBORUnexpectedType},
		{"key handle of another credential", signingInput(s.handle, tbs, nil).assertion(split.id), ctap.StatusInvalidCredential},
		{"credential ID for a key handle", signingInput(split.id, tbs, nil).assertion(split.id), ctap.StatusInvalidCredential},
		{"empty key handle", signingInput([]byte{}, tbs, nil).assertion(m.id), ctap.StatusInvalidCredential},
		{"key handle for a credential ID", assertionBy(ofSplit), ctap.StatusNoCredentials},
		{"tbs no digest", signingInput(ofSplit, tbs[:31], nil).assertion(split.id), ctap.StatusInvalidParameter},
		{"no arguments", signingInput(ofARKG, tbs, nil).assertion(arkg.id), ctap.StatusMissingParameter},
		{"arguments no bytes", inputs{"previewSign": map[int]any{2: ofARKG, 6: tbs, 7: 1}}.assertion(arkg.id), ctap.StatusCBORUnexpectedType},
		{"arguments no map", signingInput(ofARKG, tbs, 1).assertion(arkg.id), ctap.StatusCBORUnexpectedType},
		{"arguments without algorithm", signingInput(ofARKG, tbs, map[int]any{-1: tbs, -2: tbs}).assertion(arkg.id), ctap.StatusInvalidCredential},
		{"arguments of another algorithm", signingInput(ofARKG, tbs, arguments(-65538, tbs, tbs)).assertion(arkg.id), ctap.StatusInvalidCredential},
		{"ARKG handle of another length", signingInput(ofARKG, tbs, arguments(-65539, tbs, tbs)).assertion(arkg.id), ctap.StatusInvalidCredential},
		{"ARKG handle no point", signingInput(ofARKG, tbs, arguments(-65539, make([]byte, 81), tbs)).assertion(arkg.id), ctap.StatusInvalidCredential},
		{"ARKG handle for another key", signingInput(ofARKG, tbs, arguments(-65539, arkgVectors[0].handle(t), []byte(arkgVectors[0].context))).assertion(arkg.id), ctap.StatusInvalidCredential},
		{"long context", signingInput(ofARKG, tbs, arguments(-65539, arkgVectors[0].handle(t), make([]byte, 65))).assertion(arkg.id), ctap.StatusInvalidCredential},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantStatus(t, "getAssertion", k.command(ctap.CommandGetAssertion, tt.req, nil), tt.want)
		})
	}
}

// What a signing key was made with is wanted of each signature.
func TestPreviewSignFlags(t *testing.T) {
	k := newExtKey(t, "full-policy", nil)
	type signer struct {
		credential made
		handle     []byte
	}
	signers := map[byte]signer{}
	for _, flags := range []byte{signUnattended, signNeedsPresence, signNeedsPresence | signNeedsUser} {
		m := k.create(generateKey(flags, cose.ES256).creation(fmt.Sprint("user ", flags)))
		signers[flags] = signer{m, signingKeyOf(t, m).handle}
	}
	h := newVerifiedHost(k, 2)
	for _, tt := range []struct {
		flags                     byte
		unattended, present, user error
	}{
		{0b000, nil, nil, nil},
		{0b001, ctap.StatusUPRequired, nil, nil},
		{0b101, ctap.StatusUPRequired, ctap.StatusPUATRequired, nil},
	} {
		s := signers[tt.flags]
		req := func() *ctap.GetAssertionRequest {
			return signingInput(s.handle, []byte("to be signed"), nil).assertion(s.credential.id)
		}
		k.assertionRefused(silent(req()), tt.unattended)
		k.assertionRefused(req(), tt.present)
		k.assertionRefused(h.verifyUser(req()), tt.user)
	}
}

// arkgVector is a test vector of the ARKG draft; the handle is of another
// implementation.
type arkgVector struct {
	context, handleHex string
	private, public    string // derived
}

func (v arkgVector) handle(t *testing.T) []byte { return unhex(t, v.handleHex) }

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The two seeds of the vectors, and the public keys that they make.
const (
	arkgSeeds          = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
	arkgBlindingPublic = "046d3bdf31d0db48988f16d47048fdd24123cd286e42d0512daa9f726b4ecf18df65ed42169c69675f936ff7de5f9bd93adbc8ea73036b16e8d90adbfabdaddba7"
	arkgKEMPublic      = "04c38bbdd7286196733fa177e43b73cfd3d6d72cd11cc0bb2c9236cf85a42dcff5dfa339c1e07dfcdfda8d7be2a5a3c7382991f387dfe332b1dd8da6e0622cfb35"
)

// arkgLongContext is a handle that is in order but for its context, 65 bytes of
// zero.
const arkgLongContext = "46f3d95719b6d262768fc8074ac166ed0487fc739dbcdabc293ac5469221da91b220e04c681074ec4692a76ffacb9043dec2847ea9060fd42da267f66852e63589f0c00dc88f290d660c65a65a50c86361"

var arkgVectors = []arkgVector{
	{
		"ARKG-P256.test vectors",
		"27987995f184a44cfa548d104b0a461d0487fc739dbcdabc293ac5469221da91b220e04c681074ec4692a76ffacb9043dec2847ea9060fd42da267f66852e63589f0c00dc88f290d660c65a65a50c86361",
		"775d7fe9a6dfba43ce671cb38afca3d272c4d14aff97bd67559eb500a092e5e7",
		"04572a111ce5cfd2a67d56a0f7c684184b16ccd212490dc9c5b579df749647d107dac2a1b197cc10d2376559ad6df6bc107318d5cfb90def9f4a1f5347e086c2cd",
	},
	{
		"ARKG-P256.test vectors",
		"b7507a82771776fbac41a18d94e19a7e0457fd1e438280c127dd55a6138d1baf0a35e3e9671f7e42d8345f47374afa83247a078fa2196cd69497aed59ef92c05cb6b03d306ec24f2f4ff2db09cd95d1b11",
		"6228e470290e9d7cc0feff32a74caafa14c608c956337eba23997f5904cff226",
		"04ea7d962c9f44ffe8b18f1058a471f394ef81b674948eefc1865b5c021cf858f577f9632b84220e4a1444a20b9430b86731c37e4dcb285eda38d76bf758918d86",
	},
	{
		"ARKG-P256.test vectors.0",
		"81c4e65b552e52350b49864b98b87d510487fc739dbcdabc293ac5469221da91b220e04c681074ec4692a76ffacb9043dec2847ea9060fd42da267f66852e63589f0c00dc88f290d660c65a65a50c86361",
		"2a97f4232f9abba32fbfc28c6686f8afd2d851c2a95a3ed2f0a384b9ad55068d",
		"04b79b65d6bbb419ff97006a1bd52e3f4ad53042173992423e06e52987a037cb61dd82b126b162e4e7e8dc5c9fd86e82769d402a1968c7c547ef53ae4f96e10b0e",
	},
}

func TestARKGVectors(t *testing.T) {
	k, err := newARKGKey(unhex(t, arkgSeeds))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(k.blinding.PublicKey().Bytes()); got != arkgBlindingPublic {
		t.Errorf("pk_bl %s, want %s", got, arkgBlindingPublic)
	}
	if got := hex.EncodeToString(k.kem.PublicKey().Bytes()); got != arkgKEMPublic {
		t.Errorf("pk_kem %s, want %s", got, arkgKEMPublic)
	}
	if got, err := k.derive(unhex(t, arkgLongContext), make([]byte, 65)); ctap.StatusOf(err) != ctap.StatusInvalidCredential {
		t.Errorf("a context of 65 bytes: got %x, %v", got, err)
	}
	for _, v := range arkgVectors {
		got, err := k.derive(v.handle(t), []byte(v.context))
		if err != nil || hex.EncodeToString(got) != v.private {
			t.Errorf("%s: got %x, %v; want %s", v.context, got, err, v.private)
		}
		if got, err := k.derive(v.handle(t), []byte(v.context+"x")); err == nil {
			t.Errorf("%s: got %x in another context, want an error", v.context, got)
		}
		for i := range v.handle(t) {
			forged := v.handle(t)
			forged[i] ^= 1
			if got, err := k.derive(forged, []byte(v.context)); ctap.StatusOf(err) != ctap.StatusInvalidCredential {
				t.Errorf("%s: byte %d forged: got %x, %v", v.context, i, got, err)
			}
		}
	}
}

// arkgRand gives the seeds of the vectors to who asks for as much at once.
type arkgRand struct{ seeds []byte }

func (r arkgRand) Read(b []byte) (int, error) {
	if len(b) == len(r.seeds) {
		return copy(b, r.seeds), nil
	}
	return rand.Read(b)
}

// A platform that has the vectors gets signatures by their keys.
func TestPreviewSignARKG(t *testing.T) {
	k := newExtKey(t, "full-policy", func(c *Config) { c.Rand = arkgRand{unhex(t, arkgSeeds)} })
	m := k.create(generateKey(nil, esp256SplitARKG).creation("ada"))
	s := signingKeyOf(t, m)
	checkSigningData(t, k, m, s, signNeedsPresence)
	if want := arkgPublicKey(t); s.alg != esp256SplitARKG || !bytes.Equal(s.public, want) {
		t.Errorf("algorithm %d, public key %x; want %d, %x", s.alg, s.public, esp256SplitARKG, want)
	}
	digest := sha256.Sum256([]byte("to be signed"))
	for _, v := range arkgVectors {
		arguments := map[int]any{3: esp256SplitARKG, -1: v.handle(t), -2: []byte(v.context), 42: "unknown"}
		_, data := k.get(signingInput(s.handle, digest[:], arguments).assertion(m.id), m)
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), unhex(t, v.public))
		if err != nil {
			t.Fatal(err)
		}
		if sig := signature(t, data); !ecdsa.VerifyASN1(public, digest[:], sig) {
			t.Errorf("%s: signature %x does not verify", v.context, sig)
		}
		for _, alg := range []any{nil, esp256Split, esp256SplitARKG + 1} {
			if arguments[3] = alg; alg == nil {
				delete(arguments, 3)
			}
			k.assertionRefused(signingInput(s.handle, digest[:], arguments).assertion(m.id), ctap.StatusInvalidCredential)
		}
	}
}

// arkgPublicKey is the COSE_Key of the vectors' public keys.
func arkgPublicKey(t *testing.T) []byte {
	t.Helper()
	ec2 := func(point string, alg int64) pinuv.COSEKey {
		b := unhex(t, point)
		return pinuv.COSEKey{Type: 2, Algorithm: alg, Curve: 1, X: b[1:33], Y: b[33:]}
	}
	return ctap.MustMarshal(map[int]any{
		1: -65537, 3: -65700, -1: ec2(arkgBlindingPublic, -7), -2: ec2(arkgKEMPublic, -25), -3: -9,
	})
}

// A hedged profile hedges signatures of digests as well; without it they repeat.
func TestPreviewSignHedged(t *testing.T) {
	for signatures, repeats := range map[string]bool{SignaturesRFC6979: true, SignaturesHedged: false} {
		k := newExtKey(t, "full-policy", func(c *Config) { c.Profile.Signatures = signatures })
		m := k.create(generateKey(nil, esp256Split).creation("ada"))
		in := signingInput(signingKeyOf(t, m).handle, make([]byte, 32), nil)
		_, one := k.get(in.assertion(m.id), m)
		_, two := k.get(in.assertion(m.id), m)
		if got := bytes.Equal(signature(t, one), signature(t, two)); got != repeats {
			t.Errorf("%s: signatures repeat: %v, want %v", signatures, got, repeats)
		}
	}
}
